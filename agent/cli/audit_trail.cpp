#include "agent/cli/audit_trail.h"

#include "agent/report/repository_report.h"

namespace agent {

AuditTrail::AuditTrail(const Settings& settings) : checkpoint_(settings.audit_checkpoint()) {
  if (settings.audit_log()) log_.emplace(*settings.audit_log());
}

void AuditTrail::begin() {
  if (!log_ || begun_) return;
  log_->require_writable();
  begun_ = true;
}

void AuditTrail::finish(AuditRecord record, hsm::KeyRing* keys, Report& report) const {
  if (!begun_) return;
  record.command = report.command;
  for (const RepositoryReport& repository : report.repositories)
    record.repositories.push_back(as_published(repository));
  if (keys != nullptr) record.used_keys.assign(keys->used().begin(), keys->used().end());
  std::vector<std::shared_ptr<tuf::Signer>> signers;
  if (checkpoint_) {
    for (const tuf::KeyId& id : record.used_keys) signers.push_back(keys->signer(id));
  }
  const AuditLog::Place place = log_->append(record, signers);
  report.more["audit"] = {
      {"sequence", place.sequence}, {"sha256", place.sha256}, {"signed", !signers.empty()}};
}

}  // namespace agent
