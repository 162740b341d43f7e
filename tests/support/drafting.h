// Helpers to sign drafts with some keys only, and to see what becomes of the result.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/support/repository_maker.h"
#include "tuf/edit/publish_transaction.h"

namespace test {

/// Only these private keys are at hand.
tuf::SignerFor only(const std::vector<std::shared_ptr<TestSigner>>& signers);

/// The first signer of a role.
std::shared_ptr<TestSigner> signer_of(const RepositoryMaker& repository, const std::string& role);

/// The repository as a client loads it after the transaction was published: with a snapshot of its own if the
/// transaction has none. The bodies in `repository` are not moved.
tuf::TrustedRepository published(RepositoryMaker repository, const tuf::PublishTransaction& transaction,
                                 const LoadOptions& options = {});

/// The delegation `targets/jenkins` with the tag 1.0, published.
RepositoryMaker with_jenkins();

/// The roles that the transaction publishes, in its order.
std::vector<std::string> roles_of(const tuf::PublishTransaction& transaction);

}  // namespace test
