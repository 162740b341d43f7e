#include "agent/work/sign_receipt.h"

#include "agent/work/signing_keys.h"
#include "hsm/os/atomic_file.h"
#include "tuf/base/printable.h"
#include "tuf/view/trust_root.h"

namespace agent {
namespace {

constexpr mode_t kEverybodyReads = 0644;

}  // namespace

SignReceipt::SignReceipt(std::optional<std::string> file, Run& run)
    : run_(run), file_(std::move(file)), content_{"sign", run.now(), run.ci().members, {}, {}} {
  if (file_) hsm::require_writable(*file_);
  if (run.dry_run()) file_.reset();
}

void SignReceipt::add(const PublishedRepository& told, const SignedImages& result) {
  if (!file_) return;
  PublishedRepository& whole = content_.repositories.emplace_back(told);
  whole.trust_root = tuf::trust_root_of(result.changes.repository);
  whole.roles = tuf::view_roles(result.changes.repository);
  for (const PublishedTarget& target : told.targets) {
    // There for every target, or for none.
    const auto verdict = target.more.find("policy");
    if (verdict == target.more.end()) continue;
    if (!content_.policy) content_.policy = tuf::Json::object();
    (*content_.policy)[told.gun][target.name] = *verdict;
  }
  for (const auto& signer : signers_of(result.changes.repository, result.roles, run_.keys()))
    keys_.insert(signer->public_key().canonical_id());
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
