// KeyRotation: one change that gives a top role another key, which is found, or made here or by the server.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/work/change_repository.h"
#include "agent/work/new_keys.h"
#include "agent/work/stand_in_key.h"

namespace agent {

struct RotationRequest {
  tuf::RoleName role;                             // root, targets, snapshot or timestamp
  std::optional<std::string> key = std::nullopt;  // as for --key; none: one is made
  bool by_server = false;                         // the server makes it, and signs with it
  bool cuts_signers_off = false;                  // it is agreed to that signers can no longer publish
};

class KeyRotation {
 public:
  /// In a repository that was opened to publish, or for the server to administer. From here on the key is
  /// there; one that the server makes stays with it, whatever becomes of the change. Throws kUsage if signers
  /// could no longer publish and that is not agreed to, the KEY errors, kSecretMissing, kLocal, and what the
  /// store throws. Repository, run and warnings outlive the rotation.
  KeyRotation(Run::Repository& repository, const RotationRequest& request, Run& run,
              std::vector<tuf::Warning>& warnings);

  /// Keys that a rehearsal has made up.
  const std::vector<StandIn>& stand_ins() const { return stand_ins_; }
  /// In a rehearsal: the run would be refused, since it is not agreed to that signers can no longer publish.
  bool takes_consent() const { return takes_consent_; }

  /// What to publish. No policy is asked where the server signs: the root alone is signed.
  ChangeRequest change(const Policy* policy = nullptr, const PolicyChoices& choices = {});
  /// Calls `publish`, which is to publish that, and keeps a key that was made here unless nothing was
  /// published. Throws what it throws, and what NewKeys::store throws.
  void publish(const std::function<void()>& publish);

 private:
  void let_server_sign(Run::Repository& repository, const tuf::RoleName& role);
  void sign_here(Run::Repository& repository, const RotationRequest& request);

  Run& run_;
  NewKeys new_keys_;
  ChangeRepository how_;
  std::vector<StandIn> stand_ins_;
  bool takes_consent_ = false;
};

}  // namespace agent
