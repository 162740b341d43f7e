#include "agent/evidence/audit_trail.h"

namespace agent {

AuditTrail::AuditTrail(const std::optional<std::filesystem::path>& file, bool checkpoint)
    : checkpoint_(checkpoint) {
  if (file) log_.emplace(*file);
}

void AuditTrail::begin() {
  if (!log_ || begun_) return;
  log_->require_writable();
  begun_ = true;
}

void AuditTrail::rehearse() const {
  if (log_) log_->require_writable_later();
}

std::optional<AuditTrail::Line> AuditTrail::finish(AuditRecord record, hsm::KeyRing* keys) const {
  if (!begun_) return std::nullopt;
  if (keys != nullptr) record.used_keys.assign(keys->used().begin(), keys->used().end());
  std::vector<std::shared_ptr<tuf::Signer>> signers;
  if (checkpoint_) {
    for (const tuf::KeyId& id : record.used_keys) signers.push_back(keys->signer(id));
  }
  const AuditLog::Place place = log_->append(record, signers);
  return Line{place, !signers.empty()};
}

}  // namespace agent
