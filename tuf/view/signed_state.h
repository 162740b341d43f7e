// SignedState: what each role of a repository says of its tags, and whose keys have signed that: as it is
// stored, or as a draft will make it.
//
// A signature is attributed to the keys that really made one over the role's file, never to keys that the
// role merely lists: of two keys of which one signed, one counts.
#pragma once

#include <deque>
#include <functional>
#include <set>
#include <string>
#include <string_view>
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
    std::vector<KeyId> signers;  // canonical IDs; not filled for `targets`
  };
  struct Entry {
    const Role* role;
    const Target* target;
    Bound bound = Bound::kNot;

    /// `sha256:…`; empty without a SHA-256.
    std::string digest() const;
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
  const std::vector<Entry>& entries(std::string_view name) const;
  /// What pullers get for it; nullptr if nothing.
  const Entry* released(std::string_view name) const;
  /// The released names that stand for this digest.
  std::vector<std::string> released_as(const std::string& digest) const;

 private:
  void add_stored(const Delegation& delegation, const std::vector<PublicKey>& keys,
                  const std::vector<std::string>& paths, Expired expired, const Names& without = {});
  /// `paths` are those that count.
  void add(Role role, const std::vector<std::string>& paths, const Names& without = {});

  const TrustedRepository* repository_;
  bool hides_releases_;
  std::deque<Role> roles_;
  std::unordered_map<std::string_view, std::vector<Entry>> entries_;
};

}  // namespace tuf
