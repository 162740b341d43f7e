// PolicyGuard: what a policy has to say while images are signed, and while anything else signs releases anew.
// Asked anew for every attempt to publish, since each starts from what others have published meanwhile.
//
//   before    may this identity sign these tags, and may those move that stand for another image
//   after     does signing adopt entries that nobody vouches for, and does the result satisfy the policy
//   guarding  the question about entries alone, for changes that sign no image
//
// None needs an open key: all come before anything is signed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/policy/foreign_entries.h"
#include "agent/workflow/sign_images.h"
#include "hsm/key_ring.h"

namespace agent {

class PolicyGuard {
 public:
  struct Options {
    bool allow_move = false;   // where the policy does not say who moves tags
    bool quarantine = false;   // drop foreign entries of releases instead of stopping
    bool resign_guard = true;  // look for them at all
    /// The releases file that a guarded run on this machine has signed last. It is believed if one of the
    /// keys at hand that releases lists has signed it.
    std::optional<std::string> last_releases = std::nullopt;
  };
  /// The policy and the keys must outlive the guard.
  PolicyGuard(const Policy& policy, hsm::KeyRing& keys, Options options);

  /// Throws kPolicy, kTagMoved, kTagImmutable. With quarantine it takes foreign entries out of the draft.
  void before(const tuf::TrustedRepository& repository, const std::vector<tuf::RoleName>& roles,
              const std::vector<ImageToSign>& images, tuf::RepositoryDraft& draft);
  /// Throws kForeignEntry, and kPolicy if the images would be released against the policy.
  void after(const tuf::TrustedRepository& repository, const std::vector<tuf::RoleName>& roles,
             const std::vector<ImageToSign>& images, const tuf::RepositoryDraft& draft);

  /// The change, which throws kForeignEntry if it would sign releases with a foreign entry in it; with
  /// quarantine it drops that. What the change takes out itself is no hindrance. The guard must outlive it.
  ChangeRepository guarding(ChangeRepository change);

  /// What stands in the way of signing releases.
  const std::vector<ForeignEntry>& foreign() const { return foreign_; }
  /// What the attempt that was published last dropped, with quarantine.
  const std::vector<ForeignEntry>& quarantined() const { return quarantined_; }
  /// What becomes of the images, in their order.
  const std::vector<Decision>& decisions() const { return decisions_; }

 private:
  std::vector<UserId> signing_users(const tuf::TrustedRepository& repository,
                                    const std::vector<tuf::RoleName>& roles) const;
  void check_identity(const ImageToSign& image, const Judge& judge, const std::vector<UserId>& users,
                      const tuf::TrustedRepository& repository,
                      const std::vector<tuf::RoleName>& roles) const;
  void check_move(const ImageToSign& image, const SignedState& state, const Judge& judge,
                  const std::vector<UserId>& users, const std::vector<tuf::RoleName>& roles) const;
  std::optional<tuf::Targets> checked_releases(const tuf::TrustedRepository& repository) const;
  void look_for_foreign(const SignedState& state, const Judge& judge, const std::vector<ImageToSign>& images);
  void drop_foreign(tuf::RepositoryDraft& draft);
  [[noreturn]] void refuse_foreign(const tuf::TrustedRepository& repository) const;
  bool is_foreign(const std::string& name) const;

  const Policy& policy_;
  hsm::KeyRing& keys_;
  Options options_;
  std::vector<ForeignEntry> foreign_;  // of this attempt
  std::vector<ForeignEntry> quarantined_;
  std::vector<Decision> decisions_;
  bool let_through_ = false;
};

}  // namespace agent
