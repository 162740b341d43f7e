// The links to the keys at hand: their module and token, their files and secrets, and whether they really
// sign.
#pragma once

#include <map>
#include <vector>

#include "agent/doctor/check.h"
#include "agent/doctor/once.h"
#include "agent/doctor/patient.h"

namespace agent {

class KeyChecks {
 public:
  /// `patient` must outlive this object.
  explicit KeyChecks(Patient& patient);

  /// Adds `module` and `token` if a key on a token is named, and `keys`. This object must outlive the chain.
  void add_listing_to(std::vector<Check>& chain);
  /// Adds `secrets` and `signature`: the keys that are wanted are opened, each secret tried once, and each
  /// makes a signature that is checked and thrown away. A PIN is not tried on a token that is close to
  /// locking.
  void add_signing_to(std::vector<Check>& chain);

  /// Every key at hand, opened by nobody yet. Throws as KeyRing does.
  hsm::KeyRing& ring() { return *ring_.get(); }
  /// The keys that `secrets` opens. Without a repository these are the ones that are named in the
  /// configuration.
  void want(const std::vector<tuf::KeyId>& canonical_ids) { wanted_ = canonical_ids; }

 private:
  std::vector<hsm::KeyInfo> list_tokens();
  std::string look_at_module();
  std::string look_at_token();
  std::string look_at_keys();
  std::vector<std::string> misnamed_keys();
  std::string look_at_secrets();
  std::string look_at_signature();
  const hsm::KeyInfo& info_of(const tuf::KeyId& id);

  Patient& patient_;
  std::vector<std::string> uris_;  // of the keys on tokens that are named
  Once<std::vector<hsm::KeyInfo>> on_tokens_;
  Once<hsm::KeyRing*> ring_;
  std::optional<std::vector<tuf::KeyId>> wanted_;
};

}  // namespace agent
