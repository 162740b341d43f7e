// Foreign entries: what stands in a file that is about to be signed though neither this run was asked for it,
// nor the policy allows it without the signature that would be made.
//
// A signature is over a whole file, and a file says neither which role nor, but for bound entries, which
// repository it is of. So it does not matter in which role an entry stands: whoever signs the file has signed
// the entry, and can be shown to have signed it wherever their key is listed.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "agent/policy/judge.h"

namespace agent {

struct ForeignEntry {
  enum class Kind {
    kTarget,
    kDelegation,  // somebody below this role may sign, whom nobody asked for
  };
  tuf::RoleName in;                       // the role whose file would be signed
  std::string name;                       // of the tag, or of the delegation
  std::string digest;                     // `sha256:…`; may be empty
  std::vector<std::string> signers = {};  // who signed the file in which it stands: users, or keys with roles
  std::vector<tuf::RoleName> roles = {};  // identities in which it stands as well
  Kind kind = Kind::kTarget;

  /// "evil (sha256:…) in a file signed by key 1a2b3c4 of targets/mallory, and in targets/mallory"
  std::string text() const;
};

/// A file that is about to be signed.
struct FileToSign {
  const tuf::RoleName& role;
  const tuf::Targets& body;
  /// By these keys, canonical IDs.
  std::set<tuf::KeyId> keys;
  /// Whether this run was asked for the entry, or delegation, as it stands in `body`.
  std::function<bool(const std::string& name, const tuf::Target& entry)> asked;
  std::function<bool(const tuf::RoleName& delegation)> asked_to_delegate;
  /// Whether what passes will be bound to the role, whatever it is bound to now.
  bool binds_anew = false;
};

/// In order of their names, entries before delegations. What has expired is looked at too: signing would
/// revive it.
///
/// An entry passes if the run was asked for it; if the policy allows it already (Judge::is_approved); and in
/// the file of an identity if every user whose key signs has signed it in an identity before, as it is. So no
/// signature is ever added to an entry but by somebody who asked for it, or where it changes nothing. What is
/// bound elsewhere (bound.h) passes only where it was asked for, or will be bound anew.
/// In `targets`, which is the administrator's, what stands there passes; but a key that belongs to a user of
/// the policy makes it a file like every other. A delegation passes if it was asked for, in `targets`,
/// and in the file of an identity that every user whose key signs has signed.
std::vector<ForeignEntry> foreign_entries(const Policy& policy, const tuf::SignedState& state,
                                          const Judge& judge, const FileToSign& file);

}  // namespace agent
