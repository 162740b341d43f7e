#include "agent/cli/sign_receipt.h"

#include "agent/report/repository_report.h"
#include "agent/work/signing_keys.h"
#include "hsm/os/atomic_file.h"
#include "tuf/base/printable.h"

namespace agent {
namespace {

constexpr mode_t kEverybodyReads = 0644;

}  // namespace

SignReceipt::SignReceipt(std::optional<std::string> file, Run& run)
    : run_(run), file_(std::move(file)), content_{"sign", run.now(), run.ci().members, {}, {}} {
  if (file_) hsm::require_writable(*file_);
  if (run.dry_run()) file_.reset();
}

void SignReceipt::add(const RepositoryReport& described, const SignedImages& result) {
  if (!file_) return;
  PublishedRepository whole = as_published(described);
  whole.trust_root = tuf::trust_root_of(result.changes.repository);
  whole.roles = tuf::view_roles(result.changes.repository);
  content_.repositories.push_back(std::move(whole));
  for (const auto& signer : signers_of(result.changes.repository, result.roles, run_.keys()))
    keys_.insert(signer->public_key().canonical_id());
}

void SignReceipt::add_verdicts(const RepositoryReport& described) {
  if (!content_.policy) content_.policy = tuf::Json::object();
  for (const TargetReport& target : described.targets)
    (*content_.policy)[described.gun][target.name] = target.more.at("policy");
}

void SignReceipt::write() {
  if (!file_) return;
  try {
    std::vector<std::shared_ptr<tuf::Signer>> signers;
    for (const tuf::KeyId& id : keys_) signers.push_back(run_.keys().signer(id));
    hsm::write_atomically(*file_, write_receipt(content_, signers), kEverybodyReads);
  } catch (const tuf::Error& error) {
    throw error.with_context("signed and read back, but there is no receipt " + tuf::printable(*file_))
        .with_hint("mend that and sign again: nothing is published twice, and the receipt is written");
  }
}

}  // namespace agent
