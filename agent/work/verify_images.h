// Verifying: may these images run. Without a policy: is what pullers get signed. With one: by everybody who
// must. Each image gets its answer, whatever becomes of the others; what stands behind them is looked at
// once.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/names/image_reference.h"
#include "agent/policy/judge.h"
#include "agent/work/run.h"
#include "tuf/base/warning.h"
#include "tuf/view/tag_view.h"

namespace agent {

/// An image, by tag or digest or both; or a name with the file that must be what is signed.
struct ImageToVerify {
  ImageReference image;
  struct File {
    std::string path;
    tuf::Target content;
  };
  std::optional<File> file = std::nullopt;

  /// "registry.example.com/app:1.0@sha256:…"
  std::string text() const;
};

/// A repository that images are of, as it was found.
struct LookedRepository {
  LookedRepository(tuf::Gun name, std::string at) : gun(std::move(name)), server(std::move(at)) {}

  tuf::Gun gun;
  std::string server;  // empty: nobody was asked, since the policy does not speak of it
  bool is_offline = false;
  std::optional<tuf::TrustedRepository> trusted = std::nullopt;
  std::optional<tuf::Error> failure = std::nullopt;      // why there is nothing of it
  std::optional<tuf::SignedState> state = std::nullopt;  // with a policy
  std::optional<Judge> judge = std::nullopt;             // with a policy
  std::vector<tuf::Warning> warnings = {};               // that nobody was told of yet
};

struct VerifiedImage {
  const ImageToVerify* subject;
  const LookedRepository* repository;
  bool by_policy;
  /// Of a policy; without one only what is asked, whether it is signed, and what to deploy.
  Decision decision;
  /// Why it could not be found out.
  std::optional<tuf::Error> failure = std::nullopt;
  /// What speaks against it besides the decision's reasons: that it is not signed, or no trust data of the
  /// repository is there.
  std::optional<tuf::Error> objection = std::nullopt;
  /// That the file is not what is signed.
  std::optional<tuf::Error> contradiction = std::nullopt;
  /// Without a policy: what pullers get.
  std::optional<tuf::TagView> view = std::nullopt;
  /// Roles that hold what was found.
  std::vector<tuf::RoleName> roles = {};

  /// What is more than a refusal: it could not be found out, or is not signed, or is something else; nullptr
  /// if there is none.
  const tuf::Error* error() const;
};

class ImageVerifier {
 public:
  /// `roles` must hold each image too; the policy, if there is one, and the run outlive the verifier.
  ImageVerifier(std::vector<tuf::RoleName> roles, const Policy* policy, Run& run,
                std::vector<tuf::Warning>& warnings);

  /// Fetches what is going to be verified, several repositories at a time while their servers are waited for.
  /// Throws what `verify` throws.
  void look_ahead(const std::vector<ImageToVerify>& subjects);
  /// Throws what stands in the way of asking anybody (no server is named). What it returns stays as long as
  /// the verifier.
  const VerifiedImage& verify(ImageToVerify subject);

 private:
  void look_up(VerifiedImage& verified);
  void judge(VerifiedImage& verified);
  /// Whether the policy, if there is one, speaks of it: what it does not speak of is not even asked for.
  bool is_asked_for(const ImageReference& image);
  LookedRepository& mention(const tuf::Gun& gun);
  LookedRepository& look(const tuf::Gun& gun);
  LookedRepository& fetch(const tuf::Gun& gun);

  std::vector<tuf::RoleName> roles_;
  const Policy* policy_;
  Run& run_;
  std::vector<tuf::Warning>& warnings_;
  std::map<tuf::Gun, RepositoryRules> rules_;
  std::map<tuf::Gun, LookedRepository> looked_;
  std::map<tuf::Gun, LookedRepository> mentioned_;
  std::deque<ImageToVerify> subjects_;
  std::deque<VerifiedImage> images_;
};

}  // namespace agent
