#include "agent/policy/judge.h"

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/support/policies.h"
#include "tests/support/repository_maker.h"
#include "tuf/base/hex.h"
#include "tuf/view/bound.h"
#include "tuf/view/provenance.h"

using agent::Decision;
using agent::Judge;
using agent::Policy;
using tuf::SignedState;
using Names = std::vector<std::string>;

namespace {

const std::string kGun = "registry.example.com/team/app";

tuf::Json rule(const tuf::Json& members = tuf::Json::object()) {
  tuf::Json json = {{"images", {"registry.example.com/**"}}};
  json.update(members);
  return json;
}

/// Five people, each with a key and a delegation of their own, and releases, which all of them sign.
struct People {
  People() {
    test::RepositoryMaker::Signers all;
    for (const char* name : {"jenkins", "alice", "bob", "dave", "mallory"}) {
      const auto signer = test::TestSigner::generate();
      signers[name] = signer;
      users[name] = {test::pem_of(signer->public_key())};
      maker.add_delegation(std::string("targets/") + name, signer);
      all.push_back(signer);
    }
    maker.add_delegation("targets/releases", all);
  }

  /// The tag with that content in releases and the roles of these people.
  void sign(const std::string& tag, const Names& by, const std::string& content = "image") {
    maker.set_target("targets/releases", tag, test::make_target(content));
    for (const std::string& name : by) maker.set_target("targets/" + name, tag, test::make_target(content));
  }

  Policy policy(const std::vector<tuf::Json>& rules) const {
    return test::read_policy(test::make_policy_json(users, teams, rules));
  }

  Decision decide(const tuf::Json& rule, const agent::Question& question) {
    maker.publish();
    const tuf::TrustedRepository trusted = test::load(maker);
    const tuf::SignedState state(trusted);
    const Policy read = policy({rule});
    return Judge(read, state).decide(question);
  }

  test::RepositoryMaker maker{kGun};
  std::map<std::string, std::shared_ptr<test::TestSigner>> signers;
  std::map<std::string, Names> users;
  std::map<std::string, Names> teams = {
      {"ci", {"jenkins", "dave"}}, {"qa", {"alice", "bob", "dave"}}, {"security", {"bob", "dave"}}};
};

Names codes(const Decision& decision) {
  Names codes;
  for (const Decision::Reason& reason : decision.reasons) codes.push_back(reason.code);
  return codes;
}

std::string digest_of(const std::string& content) {
  const tuf::Target target = test::make_target(content);
  return target.digest();
}

tuf::Target claiming(const std::string& content, const tuf::Json& provenance) {
  tuf::Target target = test::make_target(content);
  target.custom = tuf::Json{{std::string(tuf::kProvenanceMember), provenance}};
  return target;
}

}  // namespace

TEST_CASE("Three teams and five people: every combination of signers and of teams that are required") {
  People people;
  const Names names = {"jenkins", "alice", "bob", "dave", "mallory"};
  const Names team_names = {"ci", "qa", "security"};
  // Each has signed nothing, this image, or another image under the same tag.
  enum { kNothing, kThis, kOther, kStates };
  const auto did = [](int combination, std::size_t person) {
    for (; person > 0; --person) combination /= kStates;
    return combination % kStates;
  };
  constexpr int kCombinations = 243;  // 3^5
  for (int combination = 0; combination < kCombinations; ++combination) {
    const std::string tag = std::to_string(combination);
    people.sign(tag, {}, "this");
    for (std::size_t person = 0; person < names.size(); ++person) {
      if (did(combination, person) == kNothing) continue;
      const std::string content = did(combination, person) == kThis ? "this" : "other";
      people.maker.set_target("targets/" + names[person], tag, test::make_target(content));
    }
  }
  people.maker.publish();
  const tuf::TrustedRepository trusted = test::load(people.maker);
  const tuf::SignedState state(trusted);

  int allowed = 0;
  for (int required = 0; required < 8; ++required) {
    Names teams;
    for (std::size_t team = 0; team < team_names.size(); ++team) {
      if (required >> team & 1) teams.push_back(team_names[team]);
    }
    const Policy policy = people.policy({teams.empty() ? rule() : rule({{"teams", teams}})});
    const Judge judge(policy, state);
    for (int combination = 0; combination < kCombinations; ++combination) {
      // The rule in its own words: a member of each listed team has signed this image; nobody is listed: any
      // user has.
      Names missing;
      for (const std::string& team : teams) {
        const Names& members = people.teams.at(team);
        bool signed_by_member = false;
        for (std::size_t person = 0; person < names.size(); ++person) {
          signed_by_member |= did(combination, person) == kThis &&
                              std::find(members.begin(), members.end(), names[person]) != members.end();
        }
        if (!signed_by_member) missing.push_back("TEAM_MISSING");
      }
      bool anybody = false;
      for (std::size_t person = 0; person < names.size(); ++person)
        anybody |= did(combination, person) == kThis;
      if (teams.empty() && !anybody) missing.push_back("SIGNATURES_MISSING");

      const Decision decision = judge.decide({std::to_string(combination), std::nullopt});
      INFO("required " << required << ", combination " << combination);
      REQUIRE(decision.allowed == missing.empty());
      REQUIRE(codes(decision) == missing);
      REQUIRE(decision.deploy == (decision.allowed ? kGun + "@" + digest_of("this") : ""));
      allowed += decision.allowed ? 1 : 0;
    }
  }
  CHECK(allowed > 0);
  CHECK(allowed < 8 * kCombinations);
}

TEST_CASE("Releases never counts, whoever has signed it") {
  People people;
  people.sign("1.0", {});
  const Decision decision = people.decide(rule({{"teams", {"ci"}}}), {"1.0", std::nullopt});
  CHECK(codes(decision) == Names{"TEAM_MISSING"});
  CHECK(decision.signatures.empty());
  CHECK(decision.reasons[0].message.find("no member of ci has signed " + kGun + ":1.0 as sha256:") == 0);
  CHECK(decision.reasons[0].mend.find("jenkins (targets/jenkins) or dave (targets/dave) signs it") !=
        std::string::npos);
}

TEST_CASE(
    "Whoever is asked to sign gets what somebody who counts has signed, and never what a stranger has") {
  People people;
  const std::string digest = "sha256:" + tuf::to_hex(*test::make_target("image").sha256());
  const tuf::Json both = rule({{"teams", {"ci", "qa"}}});
  people.maker.set_target("targets/mallory", "1.0", test::make_target("image"));  // not released
  for (const std::string& asked : {digest, "sha256:" + std::string(64, 'a')}) {
    const Decision unknown = people.decide(both, {"1.0", asked});
    REQUIRE(codes(unknown) == Names{"NOT_RELEASED", "TEAM_MISSING", "TEAM_MISSING"});
    for (const Decision::Reason& reason : unknown.reasons)
      CHECK_THAT(reason.mend, Catch::EndsWith("countersign sign " + kGun + ":1.0"));
  }
  people.maker.set_target("targets/alice", "1.0", test::make_target("image"));
  const Decision known = people.decide(both, {"1.0", digest});
  REQUIRE(codes(known) == Names{"NOT_RELEASED", "TEAM_MISSING"});
  for (const Decision::Reason& reason : known.reasons)
    CHECK_THAT(reason.mend, Catch::EndsWith("countersign sign " + kGun + ":1.0@" + digest + " --size 5"));
}

TEST_CASE("A tag that somebody has begun to move is moved on by whoever must sign it too") {
  People people;
  people.sign("1.0", {"jenkins", "alice"});
  people.maker.set_target("targets/alice", "1.0", test::make_target("other"));
  const Decision decision = people.decide(rule({{"teams", {"ci", "qa"}}}), {"1.0", std::nullopt});
  REQUIRE(codes(decision) == Names{"TEAM_MISSING"});
  const std::string digest = "sha256:" + tuf::to_hex(*test::make_target("other").sha256());
  CHECK(decision.reasons[0].mend ==
        "it is being moved; whoever must sign it too moves it as well: countersign sign " + kGun + ":1.0@" +
            digest + " --size 5 --allow-move");
}

TEST_CASE("Whoever is asked to sign gets a command that signs that name, and does nothing else") {
  People people;
  const auto [name, word] = GENERATE(table<std::string, std::string>({
      {"a:$(touch x).tgz", "'" + kGun + ":a:$(touch x).tgz'"},
      {"it's `id`;id.tgz", "'" + kGun + ":it'\\''s `id`;id.tgz'"},
      {"two words", "'" + kGun + ":two words'"},
      {"lib/app-1.0.tgz", kGun + ":lib/app-1.0.tgz"},
      {"-x", kGun + ":-x"},
  }));
  people.maker.set_target("targets/mallory", name, test::make_target("file"));  // not released
  const std::string sign = ": countersign sign " + word + " --file PATH";
  const Decision decision =
      people.decide(rule({{"teams", {"ci"}}, {"roles", {"targets/alice"}}}), {name, std::nullopt});
  REQUIRE(codes(decision) == Names{"NOT_RELEASED", "TEAM_MISSING", "ROLE_MISSING"});
  CHECK(decision.reasons[0].mend == "whoever releases it signs it" + sign);
  CHECK(decision.reasons[1].mend == "jenkins (targets/jenkins) or dave (targets/dave) signs it" + sign);
  CHECK(decision.reasons[2].mend == "whoever holds its key signs it" + sign + " --role targets/alice");
}

TEST_CASE("Who only looks like having signed has not") {
  People people;
  const auto& jenkins = people.signers.at("jenkins");
  const auto& alice = people.signers.at("alice");
  const tuf::Target image = test::make_target("image");
  people.sign("1.0", {});
  const tuf::Json wants_ci = rule({{"teams", {"ci"}}});

  SECTION("a key that the delegation lists, and that has not signed its file") {
    people.maker.add_delegation("targets/both", test::RepositoryMaker::Signers{alice}, {""}, 1,
                                {alice->public_key(), jenkins->public_key()});
    people.maker.set_target("targets/both", "1.0", image);
    CHECK(codes(people.decide(wants_ci, {"1.0", std::nullopt})) == Names{"TEAM_MISSING"});
    CHECK(people.decide(rule({{"teams", {"qa"}}}), {"1.0", std::nullopt}).allowed);
  }
  SECTION("below another delegation, which is for its signer to say") {
    people.maker.add_delegation("targets/mallory/ci", jenkins);
    people.maker.touch("targets/mallory");
    people.maker.set_target("targets/mallory/ci", "1.0", image);
    CHECK(codes(people.decide(wants_ci, {"1.0", std::nullopt})) == Names{"TEAM_MISSING"});
  }
  SECTION("below releases") {
    people.maker.add_delegation("targets/releases/ci", jenkins);
    people.maker.touch("targets/releases");
    people.maker.set_target("targets/releases/ci", "1.0", image);
    CHECK(codes(people.decide(wants_ci, {"1.0", std::nullopt})) == Names{"TEAM_MISSING"});
  }
  SECTION("in a delegation whose paths do not admit the tag") {
    people.maker.add_delegation("targets/narrow", jenkins, {"2."});
    people.maker.set_target("targets/narrow", "1.0", image);
    CHECK(codes(people.decide(wants_ci, {"1.0", std::nullopt})) == Names{"TEAM_MISSING"});
  }
  SECTION("in a delegation that has expired") {
    people.maker.set_target("targets/jenkins", "1.0", image);
    people.maker.targets["targets/jenkins"].expires = test::kNow - tuf::Days{1};
    const Decision decision = people.decide(wants_ci, {"1.0", std::nullopt});
    CHECK(codes(decision) == Names{"TEAM_MISSING"});
    CHECK(decision.reasons[0].mend.find("jenkins (targets/jenkins, expired)") != std::string::npos);
  }
  SECTION("under another tag") {
    people.maker.set_target("targets/jenkins", "1.1", image);
    CHECK(codes(people.decide(wants_ci, {"1.0", std::nullopt})) == Names{"TEAM_MISSING"});
  }
  SECTION("in targets, with the administrator's key") {
    people.maker.set_target("targets", "1.0", image);
    CHECK(codes(people.decide(wants_ci, {"1.0", std::nullopt})) == Names{"TEAM_MISSING"});
  }
}

TEST_CASE("A signature by a certificate is the user's whose bare key the policy has") {
  People people;
  const auto& jenkins = people.signers.at("jenkins");
  people.maker.add_delegation("targets/certified", test::RepositoryMaker::Signers{jenkins}, {""}, 1,
                              {test::RepositoryMaker::certified(*jenkins, people.maker.root_certificate())});
  people.maker.set_target("targets/certified", "1.0", test::make_target("image"));
  people.sign("1.0", {});
  const Decision decision = people.decide(rule({{"teams", {"ci"}}}), {"1.0", std::nullopt});
  CHECK(decision.allowed);
  CHECK(decision.signatures.at(0).user == "jenkins");
  CHECK(decision.signatures.at(0).role == "targets/certified");
}

TEST_CASE("m of n counts people, not keys and not roles") {
  People people;
  const auto second = test::TestSigner::generate();
  people.users["alice"].push_back(test::pem_of(second->public_key()));
  people.maker.add_delegation("targets/alice2", second);
  people.maker.set_target("targets/alice2", "1.0", test::make_target("image"));
  people.sign("1.0", {"alice"});
  const tuf::Json two_of_qa = rule({{"teams", {"qa"}}, {"signatures", {{"needed", 2}}}});
  const Decision one = people.decide(two_of_qa, {"1.0", std::nullopt});
  CHECK(codes(one) == Names{"SIGNATURES_MISSING"});
  CHECK(one.reasons[0].message.find("has 1 of 2 signatures that this rule demands (alice)") !=
        std::string::npos);
  CHECK(one.reasons[0].mend.find("bob (targets/bob) or dave (targets/dave) signs it") == 0);
  CHECK(one.signatures.size() == 2);

  people.sign("1.0", {"alice", "mallory"});
  CHECK_FALSE(people.decide(two_of_qa, {"1.0", std::nullopt}).allowed);
  people.sign("1.0", {"alice", "bob"});
  CHECK(people.decide(two_of_qa, {"1.0", std::nullopt}).allowed);

  SECTION("one file that two have signed is signed by two") {
    people.maker.add_delegation(
        "targets/pair", test::RepositoryMaker::Signers{people.signers.at("alice"), people.signers.at("bob")},
        {""}, 2);
    people.maker.set_target("targets/pair", "2.0", test::make_target("image"));
    people.sign("2.0", {});
    CHECK(people.decide(two_of_qa, {"2.0", std::nullopt}).allowed);
  }
}

TEST_CASE("Every reason is told, not only the first") {
  People people;
  people.sign("1.0", {"mallory"});
  people.maker.set_target("targets/alice", "1.0", test::make_target("another"));
  const Decision decision = people.decide(rule({{"teams", {"ci", "qa"}},
                                                {"signatures", {{"needed", 2}}},
                                                {"roles", {"targets/jenkins", "targets/nobody"}},
                                                {"provenance", {{"ref", "refs/heads/main"}}},
                                                {"max_age_days", 1}}),
                                          {"1.0", digest_of("else")});
  CHECK(codes(decision) == Names{"OTHER_DIGEST", "TEAM_MISSING", "TEAM_MISSING", "SIGNATURES_MISSING",
                                 "ROLE_MISSING", "ROLE_MISSING", "PROVENANCE_MISSING", "DATE_MISSING"});
  CHECK(decision.reasons[2].message.find("; alice has signed it as " + digest_of("another")) !=
        std::string::npos);
  for (const Decision::Reason& reason : decision.reasons) CHECK_FALSE(reason.mend.empty());
}

TEST_CASE("What is not released is refused, and what is missing beside is told") {
  People people;
  people.maker.set_target("targets/jenkins", "1.0", test::make_target("image"));
  CHECK(codes(people.decide(rule({{"teams", {"ci"}}}), {"1.0", std::nullopt})) == Names{"NOT_RELEASED"});
  CHECK(codes(people.decide(rule({{"teams", {"qa"}}}), {"1.0", std::nullopt})) ==
        Names{"NOT_RELEASED", "TEAM_MISSING"});
  CHECK(codes(people.decide(rule(), {"9.9", std::nullopt})) == Names{"NOT_RELEASED", "SIGNATURES_MISSING"});
}

TEST_CASE("What is released without a SHA-256 says nothing of an image, and how it is mended") {
  People people;
  tuf::Target target = test::make_target("image");
  target.hashes = {{"sha512", tuf::Bytes(64, 0)}};
  people.maker.set_target("targets/releases", "1.0", target);
  const Decision decision = people.decide(rule(), {"1.0", std::nullopt});
  REQUIRE_FALSE(decision.reasons.empty());
  CHECK(decision.reasons[0].code == "NO_DIGEST");
  CHECK(decision.reasons[0].mend == "whoever releases it signs it anew: countersign sign " + kGun + ":1.0");
}

TEST_CASE("Where readers skip the releases, whoever signs them signs them anew") {
  People people;
  people.sign("1.0", {"jenkins"});
  people.maker.targets["targets/releases"].expires = test::kNow - tuf::Days{1};
  const Decision decision = people.decide(rule(), {"1.0", std::nullopt});
  REQUIRE_FALSE(decision.reasons.empty());
  CHECK(decision.reasons[0].mend ==
        "whoever holds a key of targets/releases signs it anew: countersign witness " + kGun +
            " targets/releases");
}

TEST_CASE("Only those are told as having signed whom the rule counts") {
  People people;
  people.sign("1.0", {"jenkins", "alice"});
  const Decision decision = people.decide(rule({{"teams", {"ci"}}}), {"1.0", std::nullopt});
  CHECK(decision.allowed);
  REQUIRE(decision.signatures.size() == 1);
  CHECK(decision.signatures[0].user == "jenkins");
}

TEST_CASE("A role that must hold the tag does not hold it with an entry that was signed for another role") {
  People people;
  people.sign("1.0", {"jenkins"});
  tuf::Target entry = test::make_target("image");
  people.maker.set_target("targets/alice", "1.0", entry);
  const tuf::Json demand = rule({{"teams", {"ci"}}, {"roles", {"targets/alice"}}});
  CHECK(people.decide(demand, {"1.0", std::nullopt}).allowed);
  entry.custom =
      tuf::with_bound(std::nullopt, tuf::bound_to(tuf::Gun::of(kGun), tuf::RoleName::of("targets/jenkins")));
  people.maker.set_target("targets/alice", "1.0", entry);
  CHECK(codes(people.decide(demand, {"1.0", std::nullopt})) == Names{"ROLE_MISSING"});
}

TEST_CASE("A claim is worth what its entry is: nothing where it was signed for another role or image") {
  People people;
  people.sign("1.0", {"jenkins"});
  const tuf::Json demand = rule({{"provenance", {{"ref", "main"}}}, {"provenance_by", {"qa"}}});
  const agent::Question question{"1.0", std::nullopt};
  tuf::Target entry = claiming("image", {{"ref", "main"}});
  people.maker.set_target("targets/alice", "1.0", entry);
  CHECK(people.decide(demand, question).allowed);
  entry.custom =
      tuf::with_bound(entry.custom, tuf::bound_to(tuf::Gun::of(kGun), tuf::RoleName::of("targets/other")));
  people.maker.set_target("targets/alice", "1.0", entry);
  CHECK(codes(people.decide(demand, question)) == Names{"PROVENANCE_MISSING"});
  people.maker.set_target("targets/alice", "1.0", claiming("other", {{"ref", "main"}}));
  CHECK(codes(people.decide(demand, question)) == Names{"PROVENANCE_MISSING"});
}

TEST_CASE("What targets claims counts where the rule accepts targets, and nowhere else") {
  People people;
  people.sign("1.0", {"jenkins"});
  people.maker.set_target("targets", "1.0", claiming("image", {{"ref", "main"}}));
  tuf::Json demand = rule({{"teams", {"ci"}}, {"provenance", {{"ref", "main"}}}});
  CHECK(codes(people.decide(demand, {"1.0", std::nullopt})) == Names{"PROVENANCE_MISSING"});
  demand["accept_targets"] = true;
  CHECK(people.decide(demand, {"1.0", std::nullopt}).allowed);
}

TEST_CASE("An image without a rule is refused") {
  People people;
  people.sign("1.0", {"jenkins", "alice", "bob", "dave"});
  CHECK(codes(people.decide({{"images", {"registry.example.com/other"}}}, {"1.0", std::nullopt})) ==
        Names{"NO_RULE"});
  CHECK(codes(people.decide({{"images", {kGun + ":v*"}}}, {"1.0", std::nullopt})) == Names{"NO_RULE"});
  CHECK(codes(people.decide({{"images", {"registry.example.com/x"}}}, {std::nullopt, digest_of("image")})) ==
        Names{"NO_RULE"});
}

TEST_CASE("A digest is allowed if a tag is that is released with it") {
  People people;
  people.sign("1.0", {});
  people.sign("1.1", {"jenkins"});
  people.sign("2.0", {}, "unsigned");
  const tuf::Json wants_ci = rule({{"teams", {"ci"}}});
  const Decision decision = people.decide(wants_ci, {std::nullopt, digest_of("image")});
  CHECK(decision.allowed);
  CHECK(decision.tag == "1.1");
  CHECK(decision.image == kGun + "@" + digest_of("image"));
  CHECK(codes(people.decide(wants_ci, {std::nullopt, digest_of("unsigned")})) == Names{"TEAM_MISSING"});
  CHECK(codes(people.decide(wants_ci, {std::nullopt, digest_of("nothing")})) == Names{"NOT_RELEASED"});
  CHECK(people.decide(wants_ci, {"1.1", digest_of("image")}).allowed);
  CHECK(codes(people.decide(wants_ci, {"1.1", digest_of("unsigned")})) == Names{"OTHER_DIGEST"});
}

TEST_CASE("A tag that only targets has is accepted if the rule says so") {
  People people;
  people.maker.set_target("targets", "1.0", test::make_target("image"));
  people.sign("2.0", {});  // not in targets
  const tuf::Json strict = rule({{"teams", {"ci"}}});
  const tuf::Json lenient = rule({{"teams", {"ci"}}, {"accept_targets", true}});
  CHECK(codes(people.decide(strict, {"1.0", std::nullopt})) == Names{"ONLY_TARGETS", "TEAM_MISSING"});
  CHECK(people.decide(lenient, {"1.0", std::nullopt}).allowed);
  CHECK(codes(people.decide(lenient, {"2.0", std::nullopt})) == Names{"TEAM_MISSING"});
  // What pullers get is what releases says; another image in targets does not vouch for it.
  people.sign("1.0", {}, "other");
  CHECK(codes(people.decide(lenient, {"1.0", std::nullopt})) == Names{"TEAM_MISSING"});
}

TEST_CASE("Roles that are required must hold the same digest") {
  People people;
  people.sign("1.0", {"jenkins", "alice"});
  people.maker.set_target("targets/bob", "1.0", test::make_target("other"));
  CHECK(
      people.decide(rule({{"roles", {"targets/jenkins", "targets/alice"}}}), {"1.0", std::nullopt}).allowed);
  CHECK(codes(people.decide(rule({{"roles", {"targets/bob"}}}), {"1.0", std::nullopt})) ==
        Names{"ROLE_MISSING"});
  const agent::Question asked{"1.0", std::nullopt, {tuf::RoleName::of("targets/dave")}};
  CHECK(codes(people.decide(rule(), asked)) == Names{"ROLE_MISSING"});
}

TEST_CASE("Provenance: one signature that counts must say it, and none may say otherwise") {
  People people;
  people.sign("1.0", {"jenkins", "alice"});
  const auto says = [&](const std::string& who, const tuf::Json& provenance) {
    people.maker.set_target("targets/" + who, "1.0", claiming("image", provenance));
  };
  const tuf::Json on_main =
      rule({{"teams", {"ci", "qa"}}, {"provenance", {{"ref", {"refs/heads/main", "refs/tags/**"}}}}});
  const agent::Question question{"1.0", std::nullopt};

  CHECK(codes(people.decide(on_main, question)) == Names{"PROVENANCE_MISSING"});
  says("jenkins", {{"ref", "refs/tags/v1/final"}});
  CHECK(people.decide(on_main, question).allowed);
  says("jenkins", {{"ref", "refs/heads/feature"}});
  CHECK(codes(people.decide(on_main, question)) == Names{"PROVENANCE_REFUSED"});
  // Somebody else who counts cannot talk it right, whoever is looked at first.
  says("alice", {{"ref", "refs/heads/main"}});
  CHECK(codes(people.decide(on_main, question)) == Names{"PROVENANCE_REFUSED"});
  says("alice", {{"ref", "refs/heads/feature"}});
  says("jenkins", {{"ref", "refs/heads/main"}});
  CHECK(codes(people.decide(on_main, question)) == Names{"PROVENANCE_REFUSED"});
  says("alice", {{"ref", "refs/heads/main"}});
  says("jenkins", {{"repository", "x"}});
  CHECK(people.decide(on_main, question).allowed);
  // …and where the rule says whose word counts, not even then.
  tuf::Json by_ci = on_main;
  by_ci["provenance_by"] = {"ci"};
  CHECK(codes(people.decide(by_ci, question)) == Names{"PROVENANCE_MISSING"});

  SECTION("by somebody who does not count, or in releases, it says nothing") {
    people.sign("1.0", {"jenkins", "alice"});
    says("mallory", {{"ref", "refs/heads/main"}});
    says("releases", {{"ref", "refs/heads/main"}});
    CHECK(codes(people.decide(on_main, question)) == Names{"PROVENANCE_MISSING"});
  }
  SECTION("what is not an object of strings says nothing, not even with the member that is asked for") {
    const tuf::Json broken = GENERATE(tuf::Json("refs/heads/main"), tuf::Json{{"ref", 1}}, tuf::Json(nullptr),
                                      tuf::Json{{"ref", {"refs/heads/main"}}},
                                      tuf::Json{{"ref", "refs/heads/main"}, {"stage", 1}});
    says("jenkins", broken);
    says("alice", broken);
    CHECK(codes(people.decide(on_main, question)) == Names{"PROVENANCE_MISSING"});
  }
}

TEST_CASE("Age is that of the date that the signer claims; a file has none of its own") {
  People people;
  people.sign("1.0", {"jenkins"});
  const tuf::Json young = rule({{"teams", {"ci"}}, {"max_age_days", 30}});
  const auto created = [&](const std::string& date) {
    people.maker.set_target("targets/jenkins", "1.0", claiming("image", {{"created", date}}));
    return codes(people.decide(young, {"1.0", std::nullopt}));
  };
  CHECK(codes(people.decide(young, {"1.0", std::nullopt})) == Names{"DATE_MISSING"});
  CHECK(created(tuf::format_time(test::kNow - tuf::Days{29})).empty());
  CHECK(created(tuf::format_time(test::kNow - tuf::Days{30})).empty());
  CHECK(created(tuf::format_time(test::kNow - tuf::Days{30} - std::chrono::seconds{1})) == Names{"TOO_OLD"});
  CHECK(created(tuf::format_time(test::kNow + std::chrono::minutes{5})).empty());
  CHECK(created(tuf::format_time(test::kNow + tuf::Days{1})) == Names{"DATE_REFUSED"});
  CHECK(created("yesterday") == Names{"DATE_REFUSED"});
}
