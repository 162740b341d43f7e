#include "agent/policy/policy_file.h"

#include "agent/policy/repository_rules.h"
#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"
#include "tests/support/policies.h"
#include "tests/support/test_data.h"

using agent::Policy;
using tuf::ErrorCode;

namespace {

const std::string& key(int number) {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> made;
    for (int i = 0; i < 3; ++i) made.push_back(test::pem_of(test::TestSigner::generate()->public_key()));
    return made;
  }();
  return keys.at(static_cast<std::size_t>(number));
}

std::string no_files(const std::string& path) {
  throw tuf::Error(ErrorCode::kFileUnreadable, path + " is not there");
}

/// A policy that is right; tests change it.
tuf::Json good() {
  return test::make_policy_json({{"jenkins", {key(0)}}, {"alice", {key(1)}}},
                                {{"ci", {"jenkins"}}, {"dev", {"alice"}}, {"qa", {"alice", "jenkins"}}},
                                {{{"images", {"registry.example.com/**"}}, {"teams", {"ci", "qa"}}}});
}

Policy read(const tuf::Json& json) {
  return agent::parse_policy(json.dump(1), "policy.json", no_files);
}

/// `good` with the value at the pointer replaced or added.
tuf::Json with(const std::string& pointer, const tuf::Json& value) {
  tuf::Json json = good();
  json[tuf::Json::json_pointer(pointer)] = value;
  return json;
}

}  // namespace

TEST_CASE("A policy is read as it is written") {
  tuf::Json json = good();
  json["$schema"] = "https://example.com/policy.schema.json";
  json["description"] = "who may release";
  json["rules"][0].update({{"description", "everything"},
                           {"signatures", {{"needed", 2}, {"of", {"qa"}}}},
                           {"roles", {"targets/jenkins", "targets"}},
                           {"accept_targets", true},
                           {"immutable_tags", {"v*", "1.?"}},
                           {"movers", {"ci"}},
                           {"provenance", {{"ref", "refs/heads/main"}, {"actor", {"a*", "b"}}}},
                           {"provenance_by", {"ci"}},
                           {"max_age_days", 90}});
  const Policy policy = read(json);
  CHECK(policy.users == std::vector<std::string>{"alice", "jenkins"});
  REQUIRE(policy.rules.size() == 1);
  const agent::Rule& rule = policy.rules[0];
  CHECK(rule.images[0].text() == "registry.example.com/**");
  CHECK(rule.teams.size() == 2);
  CHECK(rule.signatures->needed == 2);
  CHECK(policy.names(rule.signatures->of.members()) == "alice, jenkins");
  CHECK(rule.roles[0].text() == "targets/jenkins");
  CHECK(rule.accept_targets);
  CHECK(rule.is_immutable("v1"));
  CHECK_FALSE(rule.is_immutable("latest"));
  CHECK(policy.names(rule.movers->members()) == "jenkins");
  CHECK(rule.provenance.at("actor").size() == 2);
  CHECK(policy.names(rule.provenance_by.members()) == "jenkins");
  CHECK(rule.max_age->count() == 90);
}

TEST_CASE("A user's key is the same bare, in a certificate and in a file") {
  const auto signer = test::TestSigner::generate();
  test::CertificateSpec spec;
  spec.common_name = "jenkins";
  spec.not_before = tuf::Time{};
  spec.not_after = tuf::Time{} + tuf::Days{1};  // long expired: the key is what counts
  const std::string certificate = test::make_certificate(*signer, spec);
  const tuf::KeyId id = signer->public_key().canonical_id();

  for (const std::string& written : {certificate, test::pem_of(signer->public_key())}) {
    CHECK(read(with("/users/jenkins/keys", {written})).user_of(id));
    std::string asked;
    const Policy policy = agent::parse_policy(with("/users/jenkins/keys", {"keys/j.pub"}).dump(), "p",
                                              [&](const std::string& path) { return asked = path, written; });
    CHECK(policy.user_of(id) == policy.user_of(id));
    CHECK(policy.users.at(*policy.user_of(id)) == "jenkins");
    CHECK(asked == "keys/j.pub");
  }
  CHECK_ERROR(read(with("/users/jenkins/keys", {certificate, test::pem_of(signer->public_key())})),
              ErrorCode::kPolicyMalformed, "already that of jenkins");
}

TEST_CASE("What is wrong with a policy is said with its line and its member") {
  struct Row {
    const char* about;
    tuf::Json json;
    const char* says;
  };
  const std::string pattern = "/rules/0/images";
  const std::vector<Row> rows = {
      {"not an object", tuf::Json::array(), "is not an object"},
      {"no version", tuf::Json::object(), "has no member \"version\""},
      {"another version", with("/version", 2), "\"version\": this program reads version 1"},
      {"unknown member", with("/team", 1), "line 13: \"team\": is not a member"},
      {"unknown member of a rule", with("/rules/0/team", "ci"), "line 7: \"team\": is not a member"},
      {"unknown member of a user", with("/users/jenkins/key", key(2)), "\"key\": is not a member"},
      {"case matters", with("/Rules", tuf::Json::array()), "\"Rules\": is not a member"},
      {"no rules", with("/rules", tuf::Json::array()), "\"rules\": is empty"},
      {"a rule without images", with(pattern, tuf::Json::array()), "\"images\": is empty"},
      {"users that are a list", with("/users", {"jenkins"}), "\"users\": is not an object"},
      {"a name with a line break", with("/users", {{"a\nb", {{"keys", {key(2)}}}}}), "is not a name"},
      {"a user without keys", with("/users/jenkins/keys", tuf::Json::array()), "\"keys\": is empty"},
      {"a key that is none", with("/users/jenkins/keys", {"-----BEGIN PUBLIC KEY-----"}), "\"keys\": "},
      {"a key file that is not there", with("/users/jenkins/keys", {"nowhere.pub"}), "\"keys\": nowhere.pub"},
      {"a key of two users", with("/users/jenkins/keys", {key(1)}), "is already that of alice"},
      {"a key twice", with("/users/jenkins/keys", {key(0), key(0)}), "twice"},
      {"an unknown user", with("/teams/ci", {"nobody"}),
       "\"ci\": names \"nobody\", who is not among the users"},
      {"a user twice", with("/teams/ci", {"alice", "alice"}), "names \"alice\" twice"},
      {"an empty team", with("/teams/ci", tuf::Json::array()), "\"ci\": is empty"},
      {"an unknown team", with("/rules/0/teams", {"ops"}), "\"teams\": names \"ops\""},
      {"no team, but the member", with("/rules/0/teams", tuf::Json::array()), "\"teams\": is empty"},
      {"a regular expression", with(pattern, {"registry.example.com/(a+)+$"}),
       "no pattern is a regular expression"},
      {"too many wildcards", with(pattern, {"*a*a*a*a*a*a*a*a*a"}), "more than 8 wildcards"},
      {"a pattern with a digest", with(pattern, {"a@sha256:0"}), "not digests"},
      {"a pattern without repository", with(pattern, {":v1"}), "an empty pattern"},
      {"a pattern without tag", with(pattern, {"a:"}), "an empty pattern"},
      {"the same pattern twice", with(pattern, {"a", "a"}), "twice"},
      {"the same pattern in two rules", with("/rules/1", {{"images", {"registry.example.com/**"}}}),
       "has a rule already, on line"},
      {"more signatures than people", with("/rules/0/signatures", {{"needed", 3}}),
       "only 2 users count for it"},
      {"no signatures", with("/rules/0/signatures", {{"needed", 0}}), "is not between 1 and"},
      {"half a signature", with("/rules/0/signatures", {{"needed", 1.5}}), "number is not an integer"},
      {"releases as proof", with("/rules/0/roles", {"targets/releases"}), "targets/releases never counts"},
      {"below releases as proof", with("/rules/0/roles", {"targets/releases/a"}),
       "targets/releases never counts"},
      {"a top role as proof", with("/rules/0/roles", {"snapshot"}), "is not targets or a delegation"},
      {"yes as a word", with("/rules/0/accept_targets", "yes"), "is not true or false"},
      {"nothing to move",
       with("/rules/0", {{"images", {"**"}}, {"immutable_tags", {"*"}}, {"movers", {"ci"}}}),
       "may move nothing: every tag is immutable"},
      {"movers whose signature does not count",
       with("/rules/0", {{"images", {"**"}}, {"teams", {"ci"}}, {"movers", {"dev"}}}),
       "\"movers\": may move nothing: only alice may, and this rule counts only the signatures of jenkins"},
      {"an age of nothing", with("/rules/0/max_age_days", 0), "is not between 1 and"},
      {"provenance of nothing", with("/rules/0/provenance", tuf::Json::object()), "\"provenance\": is empty"},
      {"provenance that is a number", with("/rules/0/provenance", {{"ref", 1}}), "\"ref\": is not an array"},
      {"provenance by somebody, of nothing", with("/rules/0/provenance_by", {"ci"}),
       "neither provenance nor"},
      {"provenance by somebody who does not count",
       with("/rules/0",
            {{"images", {"**"}}, {"teams", {"ci"}}, {"max_age_days", 1}, {"provenance_by", {"qa"}}}),
       "whose signature this rule does not count"},
      {"nobody at all",
       {{"version", 1}, {"users", tuf::Json::object()}, {"rules", {{{"images", {"**"}}}}}},
       "can never be met"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.about);
    const ErrorCode code = std::string(row.about) == "a key file that is not there"
                               ? ErrorCode::kFileUnreadable
                               : ErrorCode::kPolicyMalformed;
    CHECK_ERROR(read(row.json), code, row.says);
    CHECK_ERROR(read(row.json), code, "policy.json line ");
  }
}

TEST_CASE("A pattern that can match no image is refused, with the one that is meant") {
  struct Row {
    const char* written;
    const char* meant;
  };
  for (const Row& row : {Row{"alpine", "docker.io/library/alpine"},
                         Row{"alpine:*", "docker.io/library/alpine:*"},
                         Row{"alp?ne*:3.?", "docker.io/library/alp?ne*:3.?"},
                         Row{"team/app", "docker.io/team/app"},
                         Row{"team/**:v*", "docker.io/team/**:v*"},
                         Row{"docker.io/alpine", "docker.io/library/alpine"},
                         Row{"docker.io/alp*:3", "docker.io/library/alp*:3"},
                         Row{"docker.io/*", "docker.io/**"},
                         Row{"*", "**"},
                         Row{"*:v1", "**:v1"},
                         Row{"index.docker.io/alpine", "docker.io/library/alpine"},
                         Row{"index.docker.io/library/alpine:*", "docker.io/library/alpine:*"},
                         Row{"index.docker.io/**", "docker.io/**"},
                         Row{"Reg.example.com/team/app", "reg.example.com/team/app"},
                         Row{"reg.example.com/Team/app:V1", "reg.example.com/team/app:V1"},
                         Row{"*.example.com/Team/*", "*.example.com/team/*"},
                         Row{"Alpine:3", "docker.io/library/alpine:3"},
                         Row{"reg.example.com", "reg.example.com/**"},
                         Row{"reg.example.com:v1", "reg.example.com/**:v1"},
                         Row{"reg.example.com:5000", "reg.example.com:5000/**"},
                         Row{"localhost:5000", "localhost:5000/**"},
                         Row{"docker.io/*:5", "docker.io/**:5"},
                         Row{"https://reg.example.com:5000", "reg.example.com:5000/**"},
                         Row{"https://reg.example.com/app:1", "reg.example.com/app:1"}}) {
    CAPTURE(row.written);
    const auto error = test::error_of([&] { read(with("/rules/0/images", {row.written})); });
    REQUIRE(error);
    CHECK(error->code() == ErrorCode::kPolicyMalformed);
    CHECK_THAT(error->what(), Catch::Contains("policy.json line ") && Catch::Contains("\"images\": \""));
    CHECK(error->hint() == "write " + std::string(row.meant) + " in the policy file, at the named line");
    CHECK_NOTHROW(read(with("/rules/0/images", {row.meant})));
  }
  for (const char* none : {"reg.example.com/", "/app", "reg.example.com//app", "reg_x.example.com/app",
                           "reg.example.com:/app", "-reg.example.com/**", "**/"}) {
    CAPTURE(none);
    CHECK_ERROR(read(with("/rules/0/images", {none})), ErrorCode::kPolicyMalformed,
                "can match no repository: its name is HOST");
  }
}

TEST_CASE("A pattern that can match an image is taken") {
  struct Row {
    const char* pattern;
    const char* image;
  };
  for (const Row& row :
       {Row{"**", "docker.io/library/alpine"}, Row{"**alpine", "docker.io/library/alpine"},
        Row{"docker**", "docker.io/library/alpine"}, Row{"docker.io/**", "docker.io/library/alpine"},
        Row{"docker.io/a**", "docker.io/a/b"}, Row{"docker.io/?/b", "docker.io/a/b"},
        Row{"*/team/app", "localhost/team/app"}, Row{"reg?example.com/*", "reg.example.com/app"},
        Row{"localhost/*", "localhost/app"}, Row{"localhost:5000/app", "localhost:5000/app"},
        Row{"registry:5000/*", "registry:5000/app"}, Row{"reg.example.com/app", "reg.example.com/app"},
        Row{"reg.example.com/?eam/app", "reg.example.com/Team/app"}}) {
    CAPTURE(row.pattern);
    const Policy policy = read(with("/rules/0/images", {row.pattern}));
    CHECK(agent::RepositoryRules(policy, tuf::Gun::of(row.image)).find("1.0"));
  }
}

TEST_CASE("Movers need not count where the administrator may sign in targets") {
  CHECK_NOTHROW(read(with("/rules/0", {{"images", {"**"}}, {"teams", {"ci"}}, {"movers", {"qa"}}})));
  CHECK_NOTHROW(read(with(
      "/rules/0", {{"images", {"**"}}, {"teams", {"ci"}}, {"movers", {"dev"}}, {"accept_targets", true}})));
}

TEST_CASE("Text that is no strict JSON is refused with its line") {
  struct Row {
    std::string text;
    const char* says;
  };
  const std::string huge(agent::kMaxPolicyLength + 1, ' ');
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "[";
  std::string many = "{\"version\": [";
  for (int i = 0; i < 300'000; ++i) many += "1,";
  const std::vector<Row> rows = {
      {"", "line 1: not valid JSON"},
      {"{\n\"version\": 1,\n", "line 2: not valid JSON"},
      {"{\n\"version\": 1\n} x", "line 3: not valid JSON"},
      {"{\"version\": 1,\n \"users\": 1,\n \"users\": 2}", "line 3: member \"users\" stands twice"},
      {"{\"a\": {\n\"b\": 1, \"\\u0062\": 2}}", "line 2: member \"b\" stands twice"},
      {"{\"version\":\n\n 1.5}", "line 3: number is not an integer"},
      {"{\"version\":\n 99999999999999999999}", "line 2: number is not an integer"},
      {"{\"version\":\n 99999999999999999}", "line 2: number out of range"},
      {"\xef\xbb\xbf{}", "byte order mark"},
      {std::string("{}\0", 3), "zero byte"},
      {"{\"a\": \"\xff\"}", "not valid JSON"},
      {"// comment\n{}", "not valid JSON"},
      {deep, "nested too deeply"},
      {many, "too many values"},
      {huge, "longer than"}};
  for (const Row& row : rows) {
    CAPTURE(row.text.substr(0, 60));
    CHECK_ERROR(agent::parse_policy(row.text, "policy.json", no_files), ErrorCode::kPolicyMalformed,
                row.says);
  }
}

TEST_CASE("The longest match decides, by characters that are no wildcards; then the first in the file") {
  const Policy policy = read(with("/rules", {{{"images", {"**"}}},
                                             {{"images", {"registry.example.com/**"}}},
                                             {{"images", {"registry.example.com/team/*"}}},
                                             {{"images", {"registry.example.com/team/app:v*"}}},
                                             {{"images", {"registry.example.com/team/app"}}},
                                             {{"images", {"registry.example.com/team/?pp"}}},
                                             {{"images", {"registry.example.com/team/a?p"}}},
                                             {{"images", {"registry.example.com:5000/**"}}},
                                             {{"images", {"registry.example.com:5000/team/app:v1"}}},
                                             {{"images", {"registry.example.com/team/app:v*-rc"}}},
                                             {{"images", {"registry.example.com/team/app:*-2*-rc"}}}}));
  struct Row {
    const char* gun;
    const char* tag;
    std::size_t rule;
  };
  for (const Row& row :
       {Row{"docker.io/library/alpine", "3", 0}, Row{"registry.example.com/x", "1", 1},
        Row{"registry.example.com/team/x", "1", 2}, Row{"registry.example.com/team/app", "v1", 3},
        Row{"registry.example.com/team/app", "1", 4}, Row{"registry.example.com/team/app", "v1-rc", 9},
        Row{"registry.example.com/team/app", "v1-2-rc", 10}, Row{"registry.example.com/team/app", "1-rc", 4},
        Row{"registry.example.com/team/opp", "v1", 5}, Row{"registry.example.com/team/app/x", "1", 1},
        Row{"registry.example.com:5000/team/app", "v1", 8},
        Row{"registry.example.com:5000/team/app", "v2", 7},
        // The same registry, spelt otherwise, has no weaker rule.
        Row{"Registry.Example.COM/team/app", "v1", 3}, Row{"registry.example.com:443/team/app", "v1", 3},
        Row{"REGISTRY.example.com:443/team/x", "1", 2}, Row{"registry.example.com:4430/team/app", "v1", 0},
        Row{"registry.example.com/Team/app", "1", 1}, Row{"REGISTRY.example.com:5000/team/app", "v1", 8}}) {
    CAPTURE(row.gun, row.tag);
    const agent::RepositoryRules rules(policy, tuf::Gun::of(row.gun));
    REQUIRE(rules.find(row.tag));
    CHECK(rules.find(row.tag)->rule == &policy.rules[row.rule]);
  }
}
