// What a verified repository looks like in a report.
#pragma once

#include <string>
#include <vector>

#include "agent/report/report.h"
#include "tuf/trust/trusted_repository.h"
#include "tuf/view/role_view.h"
#include "tuf/view/tag_view.h"
#include "tuf/view/trust_root.h"

namespace agent {

TargetReport describe_target(const tuf::TagView& view);
/// Who has signed what a view shows: `identity` (its signers), `administrator` (it stands in `targets`), or
/// `unknown`: every signer's key signs `targets/releases`, so that alone does not tell whose entry it is.
const char* signer_kind(const tuf::TagView& view);
/// "signed by jenkins", "signed by the repository's administrator", or that it is released, and by which keys
/// the file was signed in which it stands.
std::string signed_by(const tuf::TrustedRepository& repository, const tuf::TagView& view);
/// The same in a cell of a table: "jenkins", "(administrator)", "(key 639830a)"; empty for what is not
/// released and no signer's.
std::string shown_signers(const tuf::TrustedRepository& repository, const tuf::TagView& view);
/// "639830a, 5b6530a": as errors name keys.
std::string short_forms(const std::vector<tuf::KeyId>& keys);
std::vector<tuf::KeyId> canonical_ids(const std::vector<tuf::PublicKey>& keys);
/// What the roles' entries of that name say of their origin, by role; empty if none says anything.
OrderedJson describe_provenance(const tuf::TrustedRepository& repository,
                                const std::vector<tuf::RoleName>& roles, const std::string& name);
/// Its root's two names, for a report.
void describe_trust_root(const tuf::TrustedRepository& repository, RepositoryReport& report);
/// The other name of the pinned key, by which its owner finds the file. Not beside the pin on stdout, which
/// scripts take as it is.
void note_root_key(const RepositoryReport& described, Report& report);

}  // namespace agent
