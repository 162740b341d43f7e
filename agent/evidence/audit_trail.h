// AuditTrail: the line that this run leaves in the audit log, if there is one and if it publishes.
#pragma once

#include <optional>

#include "agent/evidence/audit_log.h"
#include "hsm/key_ring.h"

namespace agent {

class AuditTrail {
 public:
  /// No file: nothing is logged.
  AuditTrail(const std::optional<std::filesystem::path>& file, bool checkpoint);

  /// Something is about to be published. Throws what AuditLog::require_writable throws.
  void begin();
  /// Something would be published, and nothing will be: throws the same, and leaves nothing.
  void rehearse() const;
  struct Line {
    AuditLog::Place place;
    bool is_signed;
  };
  /// The run has ended; `keys` are those at hand, if any were looked for. Nothing is written, and nullopt is
  /// what comes back, unless `begin` went well. Throws what AuditLog::append throws.
  std::optional<Line> finish(AuditRecord record, hsm::KeyRing* keys) const;

 private:
  std::optional<AuditLog> log_;
  bool checkpoint_;
  bool begun_ = false;
};

}  // namespace agent
