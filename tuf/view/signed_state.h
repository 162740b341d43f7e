// SignedState: what each role of a repository says of its tags, and whose keys have signed that: as it is
// stored, or as a draft will make it.
//
// A signature is attributed to the keys that really made one over the role's file, never to keys that the
// role merely lists: of two keys of which one signed, one counts.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tuf/edit/repository_draft.h"
#include "tuf/trust/trusted_repository.h"
#include "tuf/view/bound.h"

namespace tuf {

class SignedState {
 public:
  struct Role {
    RoleName name;
    const Targets* body;
    std::vector<KeyId> signers;           // canonical IDs; not filled for `targets`
    std::vector<std::string> paths = {};  // those that count
  };
  struct Entry {
    const Role* role;
    Target target;
    Bound bound = Bound::kNot;

    /// `sha256:…`; empty without a SHA-256.
    std::string digest() const { return target.digest(); }
  };

  /// As verified. The repository must outlive the state. Readers skip what has expired; its signer renews it.
  enum class Expired { kSkip, kTake };
  /// Entries, by role and name.
  using Names = std::set<std::pair<RoleName, std::string>>;
  /// `without`: as if these did not stand there.
  explicit SignedState(const TrustedRepository& repository, Expired expired = Expired::kSkip,
                       const Names& without = {});
  /// As it will be when the draft is signed with the keys at hand, by canonical ID; roles that come anew are
  /// not told. The draft stays as it is while the state is in use.
  SignedState(const TrustedRepository& repository, const RepositoryDraft& draft,
              const std::function<bool(const KeyId&)>& at_hand);
  SignedState(const SignedState&) = delete;  // points into itself

  const TrustedRepository& repository() const { return *repository_; }
  const std::deque<Role>& roles() const { return roles_; }
  /// nullptr for a role whose file is not read.
  const Role* find_role(const RoleName& name) const;
  /// What readers see of a name: `targets` first, then in order of priority.
  std::vector<Entry> entries(const std::string& name) const;
  /// Which of all the entries of a name pullers get; nullptr if none.
  const Entry* released(const std::vector<Entry>& entries) const;
  /// The released names that stand for this digest.
  std::vector<std::string> released_as(const std::string& digest) const;

 private:
  void add_stored(const Delegation& delegation, const std::vector<PublicKey>& keys,
                  const std::vector<std::string>& paths, Expired expired);
  /// What the role says of the name to readers; nullopt if nothing.
  std::optional<TargetMap::Entry> find(const Role& role, const std::string& name) const;
  void list_names();

  const TrustedRepository* repository_;
  bool hides_releases_;
  Names without_;
  std::deque<Role> roles_;
  /// By name, the roles that hold it: only if there are so many that asking each takes long.
  std::unordered_map<std::string, std::vector<const Role*>> holders_;
};

}  // namespace tuf
