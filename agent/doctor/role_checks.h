// The links between the keys at hand and the repository: which roles they may sign, for which tags, and who
// signs the snapshot.
#pragma once

#include <vector>

#include "agent/doctor/check.h"
#include "agent/doctor/key_checks.h"
#include "agent/doctor/repository_checks.h"
#include "agent/report/report.h"

namespace agent {

class RoleChecks {
 public:
  /// All of them must outlive this object.
  RoleChecks(Patient& patient, ServerChecks& server, RepositoryChecks& repository, KeyChecks& keys);

  /// Adds `roles`, `paths` and `snapshot`, and tells KeyChecks which keys are wanted. This object must
  /// outlive the chain.
  void add_to(std::vector<Check>& chain);

  /// Each key at hand with the roles that list it; empty until `roles` was looked at.
  const OrderedJson& keys_with_roles() const { return keys_with_roles_; }

 private:
  std::string look_at_roles();
  std::string look_at_paths();
  std::string look_at_snapshot();

  void require_releases();
  void require_administrator_key();
  void require_readable(const tuf::Delegation& delegation);
  void require_readable_roles();
  void tell_roles_of_keys();
  std::vector<std::string> roles_listing(const tuf::KeyId& canonical_id);

  Patient& patient_;
  ServerChecks& server_;
  RepositoryChecks& repository_;
  KeyChecks& keys_;
  std::vector<tuf::RoleName> roles_;  // that `sign` would sign
  OrderedJson keys_with_roles_ = OrderedJson::array();
};

/// Adds `administrator-keys`: those of root and targets are of no use to a CI system, and a prize for whoever
/// breaks into it. Found ones are a warning.
void add_administrator_key_check(Patient& patient, std::vector<Check>& chain);

}  // namespace agent
