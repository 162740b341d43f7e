// What a verified repository looks like in a report.
#pragma once

#include <string>
#include <vector>

#include "agent/report/report.h"
#include "agent/workflow/tag_view.h"
#include "tuf/trust/trusted_repository.h"

namespace agent {

/// Every role that has a file: top roles, then delegations.
std::vector<RoleReport> describe_roles(const tuf::TrustedRepository& repository);
/// One role; it must have a verified file.
RoleReport describe_role(const tuf::TrustedRepository& repository, const tuf::RoleName& role);
TargetReport describe_target(const TagView& view);
/// What the roles' entries of that name say of their origin, by role; empty if none says anything.
OrderedJson describe_provenance(const tuf::TrustedRepository& repository,
                                const std::vector<tuf::RoleName>& roles, const std::string& name);
/// The pin of what is trusted now: the TUF ID of the first root key.
std::string trust_root_of(const tuf::TrustedRepository& repository);
/// For root, its certificates, targets and delegations that expire within six months, and delegations that
/// readers skip. What the store signs by itself, it also renews by itself.
std::vector<Warning> health_warnings(const tuf::TrustedRepository& repository);

/// "targets/releases, targets/jenkins"
std::string join(const std::vector<std::string>& words, const std::string& separator = ", ");
std::vector<std::string> names_of(const std::vector<tuf::RoleName>& roles);

}  // namespace agent
