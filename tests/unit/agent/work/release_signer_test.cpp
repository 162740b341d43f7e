// A release of several repositories: what becomes of the others when one fails.
#include "agent/work/release_signer.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/work/process.h"

using agent::AfterFailure;
using test::Process;

namespace {

/// Refuses what is published.
class FullStore final : public test::Opened {
 public:
  using Opened::Opened;
  agent::PublishResult publish(const std::vector<agent::RoleFile>&) override {
    throw tuf::Error(tuf::ErrorCode::kServerError, "no room");
  }
};

struct Release {
  Release() {
    for (const char* name : {"r.example/a", "r.example/b", "r.example/c", "r.example/d"}) {
      guns.push_back(process.add_repository(name));
      wanted[guns.back()] = {{{"1.0", test::make_target("a")}, "memory", std::nullopt}};
    }
    process.host->open_stores_with(
        [this](const tuf::Gun& gun, agent::Access) -> std::unique_ptr<agent::TrustStore> {
          agent::TrustStore& store = process.stores.at(gun.text());
          if (full.contains(gun.text())) return std::make_unique<FullStore>(store);
          return std::make_unique<test::Opened>(store);
        });
  }

  /// Of each repository that was told of: its last letter, and a mark of what has become of it.
  std::string sign(AfterFailure after_failure, agent::RunRequest request = {}) {
    agent::Run run(*process.host, std::move(request));
    std::vector<tuf::Warning> warnings;
    agent::ReleaseSigner signer({}, nullptr, run, warnings);
    std::string told;
    signer.sign(wanted, after_failure, [&](const agent::ReleasePart& part) {
      told += part.gun.text().back();
      told += part.failure ? '-' : part.signing.result->changes.published ? '+' : '=';
    });
    gone_through.clear();
    for (const agent::PublishedRepository& each : run.told()) gone_through += each.gun.back();
    return told;
  }

  Process process;
  std::vector<tuf::Gun> guns;
  agent::ImagesToSign wanted;
  std::set<std::string> full;
  std::string gone_through;
};

}  // namespace

TEST_CASE("A release is told in the order of its repositories, and running it again changes nothing") {
  Release release;
  agent::RunRequest request;
  request.parallel = GENERATE(1, 3);
  CHECK(release.sign(AfterFailure::kStop, request) == "a+b+c+d+");
  CHECK(release.gone_through == "abcd");
  CHECK(release.sign(AfterFailure::kStop, request) == "a=b=c=d=");
}

TEST_CASE("Where a repository fails, no other is begun, and the next run does the rest") {
  Release release;
  release.full = {"r.example/b"};
  agent::RunRequest one_at_a_time;
  one_at_a_time.parallel = 1;
  CHECK(release.sign(AfterFailure::kStop, one_at_a_time) == "a+b-");
  release.full.clear();
  CHECK(release.sign(AfterFailure::kStop) == "a=b+c+d+");
}

TEST_CASE("With --keep-going the others are signed") {
  Release release;
  release.full = {"r.example/b", "r.example/c"};
  CHECK(release.sign(AfterFailure::kGoOn) == "a+b-c-d+");
  CHECK(release.gone_through == "abcd");
}

TEST_CASE("Nothing of a release is published where one repository cannot be, unless it is to go on") {
  Release release;
  const tuf::Gun gun = tuf::Gun::of("r.example/empty");
  release.process.add_store(gun);
  release.wanted[gun] = {{{"1.0", test::make_target("a")}, "memory", std::nullopt}};
  CHECK_ERROR(release.sign(AfterFailure::kStop), tuf::ErrorCode::kNoTrustData);
  CHECK(release.sign(AfterFailure::kGoOn) == "a+b+c+d+y-");
}
