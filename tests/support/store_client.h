// StoreClient: an administrator of one repository at some trust store, with all its private keys in memory.
// Reads and verifies as a client does and publishes what a change makes of it; no retries, nothing is
// remembered.
#pragma once

#include <functional>
#include <vector>

#include "agent/store/trust_store.h"
#include "tests/support/test_signer.h"
#include "tuf/edit/repository_draft.h"
#include "tuf/trust/trusted_repository.h"

namespace test {

/// Fetches one file.
std::optional<std::string> fetch_newest(agent::TrustStore& store, const std::string& role);
std::optional<std::string> fetch_with_hash(agent::TrustStore& store, const std::string& role,
                                           const tuf::Bytes& sha256);
std::optional<std::string> fetch_with_version(agent::TrustStore& store, const std::string& role,
                                              std::int64_t version);

std::vector<agent::RoleFile> role_files(const tuf::PublishTransaction& transaction);

class StoreClient {
 public:
  using Change = std::function<void(tuf::RepositoryDraft&)>;

  /// Generates root, targets and one delegation key.
  StoreClient(tuf::Gun gun, tuf::Time now);

  const tuf::Gun& gun() const { return gun_; }
  tuf::Time now() const { return now_; }
  /// The key of every delegation that `add_delegation` makes.
  const std::shared_ptr<TestSigner>& delegate() const { return delegate_; }

  /// Root and targets, version 1, with the store's keys for snapshot and timestamp, or with a snapshot key of
  /// our own: then the snapshot comes with them.
  std::vector<agent::RoleFile> new_repository(agent::TrustStore& store, bool own_snapshot = false);

  /// Everything, verified through the chain of hashes.
  tuf::TrustedRepository load(agent::TrustStore& store) const;
  /// The files that a change of the present state makes.
  std::vector<agent::RoleFile> draft(agent::TrustStore& store, const Change& change) const;
  agent::PublishResult publish(agent::TrustStore& store, const Change& change) const {
    return store.publish(draft(store, change));
  }

  /// A root one version higher, signed by the same root key, after `edit`; `also` signs as well.
  agent::RoleFile next_root(agent::TrustStore& store, const std::function<void(tuf::Root&)>& edit,
                            const std::vector<std::shared_ptr<TestSigner>>& also = {}) const;

  /// A change that adds the delegation with the delegate's key, all paths.
  Change add_delegation(const std::string& role) const;
  /// A change that puts a target named `name` with that content into the role.
  static Change set_target(const std::string& role, const std::string& name,
                           const std::string& content = "x");

  tuf::SignerFor signer_for() const;

 private:
  tuf::Gun gun_;
  tuf::Time now_;
  std::shared_ptr<TestSigner> root_;
  std::shared_ptr<TestSigner> targets_;
  std::shared_ptr<TestSigner> snapshot_;
  std::shared_ptr<TestSigner> delegate_;
};

}  // namespace test
