// PolicyGuard: what a policy has to say while a repository is changed. Asked anew for every attempt to
// publish, since each starts from what others have published meanwhile.
//
//   before  may this identity sign these tags, and may those move that stand for another image
//   after   does the result satisfy the policy
//   check   is anything signed along that this run was not asked for and the policy does not allow, or taken
//           from others that it allows by their signature: part of the gate that every signature passes
//           (signing_gate.h)
//
// None needs an open key: all come before anything is signed.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/policy/foreign_entries.h"
#include "agent/work/sign_images.h"
#include "agent/work/stored_state.h"
#include "hsm/key_ring.h"

namespace agent {

class PolicyGuard {
 public:
  struct Options {
    bool allow_move = false;   // where the policy does not say who moves tags
    bool quarantine = false;   // drop foreign entries instead of stopping
    bool resign_guard = true;  // look for them at all
    /// The releases file that a guarded run on this machine has signed last. While it is the one that is
    /// stored, its entries pass for the keys that have signed it: somebody who vouched may have left since.
    std::optional<std::string> last_releases = std::nullopt;
    /// Tags may go that the policy allows: since this run takes them out, or those who have signed them.
    bool hide_tags = false;
  };
  /// The policy and the keys must outlive the guard.
  PolicyGuard(const Policy& policy, hsm::KeyRing& keys, Options options);

  /// Throws kPolicy, kTagMoved, kTagImmutable. With quarantine it takes foreign entries out of the draft.
  void before(const tuf::TrustedRepository& repository, const std::vector<tuf::RoleName>& roles,
              const std::vector<ImageToSign>& images, tuf::RepositoryDraft& draft);
  /// Throws kPolicy if the images would be released against the policy.
  void after(const tuf::TrustedRepository& repository, const std::vector<tuf::RoleName>& roles,
             const std::vector<ImageToSign>& images, const tuf::RepositoryDraft& draft);

  /// Throws kForeignEntry if the draft would sign anything foreign, in any role; with quarantine it takes
  /// that out of the draft. `binds_anew`: what passes will be bound to its role, whatever it is bound to now.
  /// Throws kPolicy if it would replace the signature of somebody else that the policy asks for; kUsage,
  /// naming the tags, if others are to sign and the policy would allow some no longer, without consent.
  void check(const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft, bool binds_anew = false);

  /// Whether it looks for foreign entries at all.
  bool looks() const { return options_.resign_guard; }

  /// Whether what the role says of the tag may be signed anew with the keys at hand, as it stands. Only
  /// between `before` and `after`.
  bool may_stay(const tuf::TrustedRepository& repository, const tuf::RoleName& role, const std::string& tag,
                const tuf::Target& entry) const;

  /// Whether the role's stored file may be signed anew with the keys at hand, as it stands but for what the
  /// draft sets in it. Only between `before` and `after`.
  bool may_renew(const tuf::TrustedRepository& repository, const tuf::RoleName& role,
                 const tuf::RepositoryDraft& draft) const;

  /// Whether signing the role's file anew would replace the signature of somebody else, without which the
  /// policy no longer allows some tag that it allows now.
  bool silences_others(const tuf::TrustedRepository& repository, const tuf::RoleName& role) const;

  /// Throws kTagImmutable for a tag that never moves, and so must not make room for another image either.
  void before_revoking(const tuf::TrustedRepository& repository, const std::vector<std::string>& tags) const;

  /// What stands in the way of signing.
  const std::vector<ForeignEntry>& foreign() const { return foreign_; }
  /// What the attempt that was published last dropped, with quarantine, or replaced since the tag moves.
  const std::vector<ForeignEntry>& quarantined() const { return quarantined_; }
  /// The tags of the last attempt that the policy allows no longer since others sign.
  const std::vector<std::string>& hidden() const { return hidden_; }
  /// Tags of the last attempt that the policy allows no longer until `targets/releases` says of them what the
  /// identity says now.
  const std::vector<std::string>& half_moved() const { return half_moved_; }
  /// What becomes of the images, in their order.
  const std::vector<Decision>& decisions() const { return decisions_; }

 private:
  std::vector<UserId> signing_users(const tuf::TrustedRepository& repository,
                                    const std::vector<tuf::RoleName>& roles) const;
  void check_identity(const ImageToSign& image, const Judge& judge, const std::vector<UserId>& users,
                      const tuf::TrustedRepository& repository,
                      const std::vector<tuf::RoleName>& roles) const;
  void check_move(const ImageToSign& image, const tuf::SignedState& state, const Judge& judge,
                  const std::vector<UserId>& users, const std::vector<tuf::RoleName>& roles) const;
  bool is_checked_file(const tuf::TrustedRepository& repository, const tuf::RoleName& role,
                       const std::set<tuf::KeyId>& keys) const;
  void look_at_releases(const tuf::TrustedRepository& repository, const std::vector<ImageToSign>& images,
                        const std::vector<UserId>& users, tuf::RepositoryDraft& draft);
  bool is_being_moved(const std::string& tag, const tuf::Target& image,
                      const std::vector<UserId>& users) const;
  std::vector<ForeignEntry> find_foreign(const tuf::TrustedRepository& repository,
                                         const tuf::RepositoryDraft& draft, const StoredState& stored,
                                         bool binds_anew) const;
  void drop(const std::vector<ForeignEntry>& foreign, tuf::RepositoryDraft& draft) const;
  /// Users of the policy who have signed the identity's stored file and would not sign it now.
  std::set<UserId> others_in(const tuf::TrustedRepository& repository, const tuf::RoleName& role) const;
  /// Tags that the policy allows now, and not once the draft is signed, though it leaves them as they are.
  std::vector<std::string> silenced_tags(const tuf::TrustedRepository& repository,
                                         const tuf::RepositoryDraft& draft) const;
  /// Those that the draft itself takes out of a role, but for what --quarantine drops.
  std::vector<std::string> taken_tags(const tuf::TrustedRepository& repository,
                                      const tuf::RepositoryDraft& draft) const;
  std::vector<std::string> allowed_no_longer(const tuf::TrustedRepository& repository,
                                             const tuf::RepositoryDraft& draft,
                                             const std::set<std::string>& names) const;
  void check_others(const tuf::TrustedRepository& repository, const tuf::RepositoryDraft& draft);
  std::string way_to_release(const tuf::TrustedRepository& repository,
                             const std::vector<tuf::RoleName>& roles,
                             const std::vector<ImageToSign>& images) const;

  const Policy& policy_;
  hsm::KeyRing& keys_;
  Options options_;
  std::unique_ptr<StoredState> stored_;    // of this attempt; none between attempts
  std::vector<ForeignEntry> foreign_;      // of this attempt
  std::vector<ForeignEntry> overwritten_;  // those that make room for an image of this run
  std::vector<ForeignEntry> dropped_;      // by this attempt, so far
  std::vector<ForeignEntry> quarantined_;  // by the last attempt that was signed
  std::vector<std::string> hidden_;        // of the last attempt
  std::vector<std::string> half_moved_;    // of the last attempt
  std::vector<Decision> decisions_;
  bool let_through_ = false;
};

}  // namespace agent
