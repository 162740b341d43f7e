#include "tests/support/drafting.h"

namespace test {

tuf::SignerFor only(const std::vector<std::shared_ptr<TestSigner>>& signers) {
  return [signers](const tuf::KeyId& id) -> std::shared_ptr<tuf::Signer> {
    for (const auto& signer : signers) {
      if (signer->public_key().canonical_id() == id) return signer;
    }
    return nullptr;
  };
}

std::shared_ptr<TestSigner> signer_of(const RepositoryMaker& repository, const std::string& role) {
  return repository.signers.at(role).front();
}

tuf::TrustedRepository published(RepositoryMaker repository, const tuf::PublishTransaction& transaction,
                                 const LoadOptions& options) {
  bool own_snapshot = false;
  for (const auto& file : transaction.files()) {
    repository.store(file.role.text(), std::string(file.bytes));
    own_snapshot = own_snapshot || file.role.text() == "snapshot";
  }
  own_snapshot ? repository.publish_timestamp() : repository.publish_snapshot();
  return load(repository, options);
}

RepositoryMaker with_jenkins() {
  RepositoryMaker repository;
  repository.add_delegation("targets/jenkins", TestSigner::generate());
  repository.set_target("targets/jenkins", "1.0", make_target("one"));
  repository.publish();
  return repository;
}

std::vector<std::string> roles_of(const tuf::PublishTransaction& transaction) {
  std::vector<std::string> roles;
  for (const auto& file : transaction.files()) roles.push_back(file.role.text());
  return roles;
}

}  // namespace test
