// sign: puts images into the releases role and the signer's own delegations of one repository.
#pragma once

#include <string>
#include <vector>

#include "agent/work/publish_changes.h"
#include "agent/work/signing_gate.h"
#include "hsm/key_ring.h"
#include "tuf/base/warning.h"
#include "tuf/view/provenance.h"

namespace agent {

/// A tag (or any target name) with what it shall point to.
struct ImageToSign {
  std::string name;
  tuf::Target target;
};

struct SignRequest {
  std::vector<ImageToSign> images;
  /// Exactly these roles; empty: `targets/releases` and every delegation directly below `targets` that lists
  /// a key at hand. The role `targets` itself is only ever signed when it is named here.
  std::vector<tuf::RoleName> roles;
  bool allow_move = false;
  /// Written into every entry that is made or changed; an entry that says what is asked for already keeps
  /// the provenance of the run that made it.
  tuf::Provenance provenance = {};
  /// Those of `provenance` that were given in so many words: an entry that has not got them is changed.
  tuf::Provenance annotations = {};
  /// Whether entries say for which repository and role they are signed (bound.h). An entry of the same image
  /// that does not is left as it is, but with a guard.
  bool bind = true;
  /// With a guard, it says which tags may move.
  PolicyGuard* guard = nullptr;
};

enum class SignStatus { kSigned, kUnchanged, kMoved };

struct SignedImages {
  PublishedChanges changes;
  std::vector<tuf::RoleName> roles;
  std::vector<SignStatus> statuses;  // one per image
  std::vector<SigningGate::SignedAnew> signed_anew;
  /// Roles in which nothing changes, signed anew since the keys at hand had not signed them.
  std::vector<tuf::RoleName> renewed;
};

/// Throws kTagMoved (before anything is signed) if a tag stands there with another digest and may not move,
/// kUsage if annotations can not stand beside what the entry says already, and what the guard, roles_to_sign
/// and publish_changes throw.
SignedImages sign_images(const OpenRepository& open, const SignRequest& request, hsm::KeyRing& keys,
                         const PublishOptions& options, std::vector<tuf::Warning>& warnings);

}  // namespace agent
