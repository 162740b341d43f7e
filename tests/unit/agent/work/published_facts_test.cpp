#include "agent/work/published_facts.h"

#include "agent/work/sign_receipt.h"
#include "tests/support/catch.h"
#include "tests/unit/agent/work/process.h"

using test::Process;

TEST_CASE("What was signed is told of the results of the run, with what the policy says") {
  Process process;
  const tuf::Gun gun = process.add_repository("registry.example.com/team/app");
  std::vector<tuf::Warning> warnings;
  agent::Run run(*process.host, {});
  agent::ReleaseSigner signer({}, &process.policy, run, warnings);
  const agent::ImagesToSign wanted{{gun, {{{"1.0", test::make_target("a")}, "memory", std::nullopt}}}};
  std::optional<agent::SignedImages> result;
  signer.sign(wanted, agent::AfterFailure::kStop,
              [&](agent::ReleasePart& part) { result = std::move(part.signing.result); });

  REQUIRE(run.told().size() == 1);
  const tuf::Json told = agent::to_evidence(run.told().front());
  CHECK(told.at("gun") == gun.text());
  CHECK(told.at("published") == true);
  CHECK(told.at("attempts") == 1);
  REQUIRE(told.at("targets").size() == 1);
  const tuf::Json& tag = told.at("targets").at(0);
  CHECK(tag.at("name") == "1.0");
  CHECK(tag.at("status") == "signed");
  CHECK(tag.at("source") == "memory");
  CHECK(tag.at("policy").at("verdict") == "allowed");
  CHECK(tag.at("policy").at("signatures").at(0).at("user") == "jenkins");

  const std::filesystem::path file = process.home.path("receipt.json");
  agent::SignReceipt receipt(file.string(), run);
  receipt.add(run.told().front(), *result);
  receipt.write();
  const agent::Receipt read = agent::Receipt::read(test::read_file(file), "the receipt");
  REQUIRE(read.repositories.size() == 1);
  CHECK(read.repositories.front().targets.front().status == "signed");
  // All roles, where the audit log names those that were signed.
  CHECK(read.repositories.front().roles.size() > told.at("roles").size());
  CHECK(read.statement.body.at("policy").at(gun.text()).at("1.0") == tag.at("policy"));
}

TEST_CASE("A refusal tells which repository was not changed") {
  Process process;
  const tuf::Gun gun = process.add_repository("registry.example.com/team/app");
  std::vector<tuf::Warning> warnings;
  agent::Run run(*process.host, {});
  agent::Run::Repository repository = run.open(gun, agent::Access::kPublish);
  agent::RepositoryChange change;
  const agent::ChangeRequest request{[](const agent::PolicyGuard*) -> agent::ChangeRepository {
                                       return [](const tuf::TrustedRepository&, tuf::RepositoryDraft&) {
                                         throw tuf::Error(tuf::ErrorCode::kUsage, "refused");
                                       };
                                     },
                                     run.keys()};
  CHECK_THROWS_AS(agent::change_repository(repository, request, run, warnings, change), tuf::Error);
  REQUIRE(run.told().size() == 1);
  CHECK(run.told().front().published == false);
  CHECK(run.told().front().roles.empty());
}

TEST_CASE("A rehearsal of signing has nothing to tell") {
  Process process;
  const tuf::Gun gun = process.add_repository("registry.example.com/team/app");
  std::vector<tuf::Warning> warnings;
  agent::Run run(*process.host, test::rehearsal());
  agent::ReleaseSigner signer({}, nullptr, run, warnings);
  const agent::ImagesToSign wanted{{gun, {{{"1.0", test::make_target("a")}, "memory", std::nullopt}}}};
  signer.sign(wanted, agent::AfterFailure::kStop, [](const agent::ReleasePart& part) {
    CHECK(part.signing.result->statuses.front() == agent::SignStatus::kSigned);
  });
  REQUIRE(run.told().size() == 1);
  CHECK(run.told().front().targets.empty());
}
