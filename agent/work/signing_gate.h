// SigningGate: what every file passes before it is signed, by whatever command.
//
// A command changes a draft; the gate looks at what the draft would have signed with it. Everything that this
// run was not asked for, in any role that changes, is carried along from what others have published:
//
//   always         an entry that is bound to another role or repository is not signed as that; nor is a role
//                  below another delegation that was not named, since whoever signs that one says who signs
//                  it
//   with a policy  nothing foreign is signed (PolicyGuard::check)
//   without one    (or where it does not look) what a key that is not at hand has put into an identity's
//                  role is told, and is not bound to that role: it will not count as this identity's where a
//                  policy demands bound entries
#pragma once

#include <set>
#include <string>
#include <vector>

#include "agent/work/publish_changes.h"
#include "hsm/key_ring.h"

namespace agent {

class PolicyGuard;

class SigningGate {
 public:
  struct Options {
    /// Roles that the user named: these may lie below another delegation.
    std::set<tuf::RoleName> named = {};
    PolicyGuard* guard = nullptr;
    /// Entries that the policy lets pass are bound to their role, whatever they were bound to.
    bool bind = false;
  };
  /// The keys and the guard must outlive the gate.
  explicit SigningGate(hsm::KeyRing& keys) : SigningGate(keys, Options{}) {}
  SigningGate(hsm::KeyRing& keys, Options options) : keys_(keys), options_(std::move(options)) {}

  /// Throws kForeignEntry, and kPolicy for a role that was not named; then nothing may be signed.
  void pass(const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft);
  /// The gate as publish_changes asks it. It must outlive the result.
  PassGate as_function() {
    return [this](const auto& repository, auto& draft) { pass(repository, draft); };
  }

  /// A role that is signed with entries that stood in it before.
  struct SignedAnew {
    tuf::RoleName role;
    std::vector<std::string> entries;
    std::vector<std::string> delegations;  // below the role; not told of `targets`
    bool adopted = false;  // an identity whose file not every key that signs it now has signed before
  };
  /// Of the attempt that passed last.
  const std::vector<SignedAnew>& signed_anew() const { return signed_anew_; }
  /// PolicyGuard::hidden; without a policy none.
  std::vector<std::string> hidden() const;

 private:
  void check_role(const tuf::TrustedRepository& repository, const tuf::RepositoryDraft& draft,
                  const tuf::RoleName& role) const;
  void check_bound(const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft,
                   const tuf::RoleName& role) const;
  void look_at_carried(const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft,
                       const tuf::RepositoryDraft::Pending& file);

  hsm::KeyRing& keys_;
  Options options_;
  std::vector<SignedAnew> signed_anew_;
};

}  // namespace agent
