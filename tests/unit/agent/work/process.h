// The use cases as any front door has them: values in, values out, on a host of its own.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <spdlog/spdlog.h>

#include "agent/work/change_repository.h"
#include "agent/work/release_signer.h"
#include "agent/work/revoke_tags.h"
#include "agent/work/verify_images.h"
#include "hsm/file/private_key.h"
#include "tests/support/config_home.h"
#include "tests/support/policies.h"
#include "tests/support/store_client.h"
#include "tests/unit/agent/work/served_repository.h"

namespace test {

inline constexpr const char* kPassphrase = "a passphrase of this test";

/// What a run opens: the same store each time.
class Opened : public agent::TrustStore {
 public:
  explicit Opened(agent::TrustStore& store) : store_(store) {}
  const std::string& name() const override { return store_.name(); }
  std::vector<std::optional<std::string>> fetch(const std::vector<agent::FileRequest>& requests) override {
    return store_.fetch(requests);
  }
  tuf::KeyObject server_key(const tuf::RoleName& role) override { return store_.server_key(role); }
  tuf::KeyObject make_server_key(const tuf::RoleName& role) override { return store_.make_server_key(role); }
  void require_publishing() override { store_.require_publishing(); }
  void remove() override { store_.remove(); }
  agent::PublishResult publish(const std::vector<agent::RoleFile>& files) override {
    return store_.publish(files);
  }

 private:
  agent::TrustStore& store_;
};

/// A run with --dry-run.
inline agent::RunRequest rehearsal(bool dry_run = true) {
  agent::RunRequest request;
  request.dry_run = dry_run;
  return request;
}

/// A process whose repositories are in memory. jenkins' key lies in its trust directory.
struct Process {
  Process() {
    home.options.trust_on_first_use = true;
    host.emplace(
        hsm::SecretSource(
            std::map<std::string, std::string>{{"DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", kPassphrase},
                                               {"DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE", kPassphrase}}),
        home.load(), [this] { return now.load(); }, std::make_shared<spdlog::logger>("silent"));
    host->open_stores_with([this](const tuf::Gun& gun, agent::Access) {
      return std::make_unique<Opened>(stores.at(gun.text()));
    });
    host->key_store().add(jenkins, "jenkins", "", hsm::Secret(kPassphrase));
    policy = read_policy(
        make_policy_json({{"jenkins", {pem_of(jenkins.public_key())}}}, {}, {{{"images", {"**"}}}}));
  }

  /// A store that has nothing of the repository yet.
  MemoryStore& add_store(const tuf::Gun& gun) {
    return stores.try_emplace(gun.text(), gun, [this] { return now.load(); }).first->second;
  }

  tuf::Gun add_repository(const std::string& name) {
    const tuf::Gun gun = tuf::Gun::of(name);
    StoreClient admin(gun, kNow);
    MemoryStore& store = add_store(gun);
    store.publish(admin.new_repository(store));
    admin.publish(store, [&](tuf::RepositoryDraft& draft) {
      for (const char* role : {"targets/releases", "targets/jenkins"})
        draft.add_delegation(tuf::RoleName::of(role), {jenkins.public_key()}, {""});
    });
    return gun;
  }

  void sign(const tuf::Gun& gun, const std::string& tag, const std::string& content,
            std::vector<tuf::Warning>& warnings) {
    agent::Run run(*host, {});
    agent::ReleaseSigner signer({}, &policy, run, warnings);
    const agent::ImagesToSign wanted{{gun, {{{tag, make_target(content)}, "memory", std::nullopt}}}};
    signer.sign(wanted, agent::AfterFailure::kStop, [](const agent::ReleasePart& part) {
      if (part.failure) throw tuf::Error(*part.failure);
      if (!part.signing.result->changes.published) throw std::runtime_error("nothing was published");
    });
  }

  /// Whether it is allowed; else what stands in the way.
  std::optional<tuf::ErrorCode> look_at(const tuf::Gun& gun, const std::string& tag,
                                        std::vector<tuf::Warning>& warnings) {
    agent::Run run(*host, {});
    agent::ImageVerifier verifier({}, &policy, run, warnings);
    const agent::VerifiedImage& image =
        verifier.verify({agent::parse_image(gun.text() + ":" + tag), std::nullopt});
    if (image.decision.allowed) return std::nullopt;
    return image.error() ? image.error()->code() : tuf::ErrorCode::kPolicy;
  }

  void revoke(const tuf::Gun& gun, const std::string& tag, std::vector<tuf::Warning>& warnings) {
    agent::Run run(*host, {});
    agent::Run::Repository repository = run.open(gun, agent::Access::kPublish);
    agent::RepositoryChange change;
    agent::ChangeRequest request{[&](const agent::PolicyGuard* guard) {
                                   return agent::revoke_tags({{tag}, {}, guard}, run.keys());
                                 },
                                 run.keys(), &policy};
    request.choices.hide_tags = true;
    agent::change_repository(repository, request, run, warnings, change);
    if (!change.result->published) throw std::runtime_error("nothing was published");
  }

  std::atomic<tuf::Time> now = kNow;
  ConfigHome home;
  std::map<std::string, MemoryStore> stores;
  hsm::PrivateKey jenkins = hsm::PrivateKey::generate(hsm::KeyAlgorithm::kP256);
  agent::Policy policy;
  std::optional<agent::Host> host;
};

}  // namespace test
