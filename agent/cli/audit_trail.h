// AuditTrail: the line that this run leaves in the audit log, if there is one and if it publishes.
#pragma once

#include <optional>

#include "agent/config/settings.h"
#include "agent/evidence/audit_log.h"
#include "agent/report/report.h"
#include "hsm/key_ring.h"

namespace agent {

class AuditTrail {
 public:
  explicit AuditTrail(const Settings& settings);

  /// Something is about to be published. Throws what AuditLog::require_writable throws.
  void begin();
  /// The run has ended; `keys` are those at hand, if any were looked for. What was published, and by which
  /// command, the report tells. Nothing is written unless `begin` went well. The place of the line goes into
  /// the report. Throws what AuditLog::append throws.
  void finish(AuditRecord record, hsm::KeyRing* keys, Report& report) const;

 private:
  std::optional<AuditLog> log_;
  bool checkpoint_;
  bool begun_ = false;
};

}  // namespace agent
