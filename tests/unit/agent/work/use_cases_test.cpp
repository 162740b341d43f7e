// The use cases as any front door has them: values in, values out, on a host of its own.
#include <catch2/catch.hpp>

#include <spdlog/spdlog.h>

#include <atomic>
#include <map>
#include <thread>

#include "agent/work/change_repository.h"
#include "agent/work/release_signer.h"
#include "agent/work/revoke_tags.h"
#include "agent/work/verify_images.h"
#include "hsm/file/private_key.h"
#include "tests/support/config_home.h"
#include "tests/support/errors.h"
#include "tests/support/policies.h"
#include "tests/support/store_client.h"
#include "tests/unit/agent/work/served_repository.h"

using tuf::ErrorCode;

namespace {

constexpr const char* kPassphrase = "a passphrase of this test";

/// What a run opens: the same store each time.
class Opened final : public agent::TrustStore {
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

/// A process whose repositories are in memory. jenkins' key lies in its trust directory.
struct Process {
  Process() {
    home.options.trust_on_first_use = true;
    host.emplace(
        hsm::SecretSource({{"DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", kPassphrase}}), home.load(),
        [this] { return now.load(); }, std::make_shared<spdlog::logger>("silent"));
    host->open_stores_with([this](const tuf::Gun& gun, agent::Access) {
      return std::make_unique<Opened>(stores.at(gun.text()));
    });
    host->key_store().add(jenkins, "jenkins", "", hsm::Secret(kPassphrase));
    policy = test::read_policy(test::make_policy_json({{"jenkins", {test::pem_of(jenkins.public_key())}}}, {},
                                                      {{{"images", {"**"}}}}));
  }

  tuf::Gun add_repository(const std::string& name) {
    const tuf::Gun gun = tuf::Gun::of(name);
    test::StoreClient admin(gun, test::kNow);
    test::MemoryStore& store = stores.try_emplace(name, gun, [this] { return now.load(); }).first->second;
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
    agent::Run::Repository repository = run.open(gun, agent::Access::kPublish);
    agent::SignedRepository part;
    signer.sign(repository, {{{tag, test::make_target(content)}, "memory", std::nullopt}}, part);
    if (!part.result->changes.published) throw std::runtime_error("nothing was published");
  }

  /// Whether it is allowed; else what stands in the way.
  std::optional<ErrorCode> look_at(const tuf::Gun& gun, const std::string& tag,
                                   std::vector<tuf::Warning>& warnings) {
    agent::Run run(*host, {});
    agent::ImageVerifier verifier({}, &policy, run, warnings);
    const agent::VerifiedImage& image =
        verifier.verify({agent::parse_image(gun.text() + ":" + tag), std::nullopt});
    if (image.decision.allowed) return std::nullopt;
    return image.error() ? image.error()->code() : ErrorCode::kPolicy;
  }

  void revoke(const tuf::Gun& gun, const std::string& tag, std::vector<tuf::Warning>& warnings) {
    agent::Run run(*host, {});
    agent::Run::Repository repository = run.open(gun, agent::Access::kPublish);
    agent::RepositoryChange change;
    agent::ChangeRequest request{[&](const agent::PolicyGuard* guard) {
                                   return agent::revoke_tags({{tag}, {}, guard}, run.keys());
                                 },
                                 &policy};
    request.choices.hide_tags = true;
    agent::change_repository(repository, request, run.keys(), run, warnings, change);
    if (!change.result->published) throw std::runtime_error("nothing was published");
  }

  std::atomic<tuf::Time> now = test::kNow;
  test::ConfigHome home;
  std::map<std::string, test::MemoryStore> stores;
  hsm::PrivateKey jenkins = hsm::PrivateKey::generate(hsm::KeyAlgorithm::kP256);
  agent::Policy policy;
  std::optional<agent::Host> host;
};

}  // namespace

TEST_CASE("One process signs, verifies and revokes, and each run has a time of its own") {
  Process process;
  const tuf::Gun gun = process.add_repository("registry.example.com/team/app");
  std::vector<tuf::Warning> warnings;
  process.sign(gun, "1.0", "a", warnings);
  process.sign(gun, "2.0", "b", warnings);
  CHECK(process.look_at(gun, "1.0", warnings) == std::nullopt);
  CHECK(process.look_at(gun, "3.0", warnings) == ErrorCode::kPolicy);

  process.revoke(gun, "2.0", warnings);
  CHECK(process.look_at(gun, "1.0", warnings) == std::nullopt);
  CHECK(process.look_at(gun, "2.0", warnings) == ErrorCode::kPolicy);

  process.now = test::kNow + tuf::Days{365 * 12};
  CHECK(process.look_at(gun, "1.0", warnings) == ErrorCode::kExpired);
  process.now = test::kNow;
  CHECK(process.look_at(gun, "1.0", warnings) == std::nullopt);
}

TEST_CASE("Runs of one process do not disturb each other") {
  Process process;
  const tuf::Gun guns[] = {process.add_repository("registry.example.com/one"),
                           process.add_repository("registry.example.com/two")};
  std::string failures[2];
  const auto work = [&](std::size_t i) {
    try {
      std::vector<tuf::Warning> warnings;
      for (const std::string tag : {"1.0", "2.0", "3.0"}) {
        process.sign(guns[i], tag, tag, warnings);
        if (process.look_at(guns[i], tag, warnings)) failures[i] += tag + " is not allowed; ";
      }
      process.revoke(guns[i], "2.0", warnings);
      if (!process.look_at(guns[i], "2.0", warnings)) failures[i] += "2.0 is allowed; ";
    } catch (const std::exception& error) {
      failures[i] += error.what();
    }
  };
  std::thread one(work, 0);
  std::thread two(work, 1);
  one.join();
  two.join();
  CHECK(failures[0].empty());
  CHECK(failures[1].empty());
}
