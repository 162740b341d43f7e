#include "tuf/view/tag_view.h"

#include <nlohmann/json.hpp>

#include "agent/report/docker_inspect.h"
#include "tests/support/catch.h"
#include "tests/support/repository_maker.h"

namespace {

using agent::docker_json;
using tuf::TagView;
using tuf::view_tag;
using tuf::view_tags;
using Names = std::vector<std::string>;

Names role_names(const tuf::TagView& view) {
  Names names;
  for (const tuf::RoleName& role : view.roles) names.push_back(role.text());
  return names;
}

/// Releases and jenkins for all tags, ci only for `ci-`.
struct Tags {
  Tags() {
    maker.add_delegation("targets/releases", test::TestSigner::generate());
    maker.add_delegation("targets/jenkins", test::TestSigner::generate());
    maker.add_delegation("targets/ci", test::TestSigner::generate(), {"ci-"});
  }
  void set(const std::string& role, const std::string& tag, const std::string& content) {
    maker.set_target(role, tag, test::make_target(content));
  }
  tuf::TrustedRepository load() {
    maker.publish();
    return test::load(maker);
  }
  test::RepositoryMaker maker;
};

}  // namespace

TEST_CASE("One digest in several roles is one view, with those who signed it by name") {
  Tags tags;
  for (const char* role : {"targets", "targets/releases", "targets/jenkins"}) tags.set(role, "1.0", "a");

  const auto views = tuf::view_tag(tags.load(), "1.0");

  REQUIRE(views.size() == 1);
  CHECK(role_names(views[0]) == Names{"targets", "targets/releases", "targets/jenkins"});
  CHECK(views[0].signers() == Names{"jenkins"});
  CHECK(views[0].released);
  CHECK(views[0].digest() == "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
}

TEST_CASE("Pullers get what releases holds, and what targets holds only where releases has nothing") {
  Tags tags;
  tags.set("targets", "1.0", "old");
  tags.set("targets/releases", "1.0", "new");
  tags.set("targets", "2.0", "admin");
  tags.set("targets/jenkins", "3.0", "unreleased");
  const tuf::TrustedRepository repository = tags.load();

  const auto shadowed = tuf::view_tag(repository, "1.0");
  REQUIRE(shadowed.size() == 2);
  CHECK(shadowed[0].released);
  CHECK(role_names(shadowed[0]) == Names{"targets/releases"});
  CHECK_FALSE(shadowed[1].released);
  CHECK(role_names(shadowed[1]) == Names{"targets"});

  CHECK(tuf::view_tag(repository, "2.0").at(0).released);
  CHECK_FALSE(tuf::view_tag(repository, "3.0").at(0).released);
  CHECK(tuf::view_tag(repository, "4.0").empty());
  CHECK(tuf::view_tags(repository).size() == 4);
}

TEST_CASE("A tag outside the paths of a role is not seen") {
  Tags tags;
  tags.set("targets/ci", "1.0", "a");
  tags.set("targets/ci", "ci-1", "a");

  const auto views = tuf::view_tags(tags.load());

  REQUIRE(views.size() == 1);
  CHECK(views[0].name == "ci-1");
}

TEST_CASE("Docker's JSON lists what is released, signers without releases, and administrative keys") {
  Tags tags;
  tags.set("targets/releases", "1.0", "a");
  tags.set("targets/jenkins", "1.0", "a");
  tags.set("targets", "2.0", "b");
  tags.set("targets/jenkins", "3.0", "unreleased");
  const tuf::TrustedRepository repository = tags.load();

  const auto json = nlohmann::json::parse(docker_json(repository, tuf::view_tags(repository), "app"));

  REQUIRE(json.size() == 1);
  CHECK(json[0]["Name"] == "app");
  REQUIRE(json[0]["SignedTags"].size() == 2);
  CHECK(json[0]["SignedTags"][0]["SignedTag"] == "1.0");
  CHECK(json[0]["SignedTags"][0]["Digest"] ==
        "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
  CHECK(json[0]["SignedTags"][0]["Signers"] == Names{"jenkins"});
  CHECK(json[0]["SignedTags"][1]["Signers"] == Names{"Repo Admin"});
  REQUIRE(json[0]["Signers"].size() == 2);
  CHECK(json[0]["Signers"][0]["Name"] == "jenkins");
  CHECK(json[0]["Signers"][0]["Keys"][0]["ID"] ==
        tags.maker.signer("targets/jenkins").public_key().canonical_id().hex());
  CHECK(json[0]["Signers"][1]["Name"] == "ci");
  CHECK(json[0]["AdministrativeKeys"][0]["Name"] == "Root");
  CHECK(json[0]["AdministrativeKeys"][1]["Name"] == "Repository");
}

TEST_CASE(
    "What one key under two IDs has signed is shown by official clients, so nothing is shown in its place") {
  Tags tags;
  const auto key = test::TestSigner::generate();
  const auto other = test::TestSigner::generate();
  const tuf::PublicKey certified = test::RepositoryMaker::certified(*key, tags.maker.root_certificate());
  tags.maker.remove_delegation("targets/releases");
  tags.maker.add_delegation("targets/releases", {key}, {""}, 2,
                            {key->public_key(), certified, other->public_key()});
  tags.set("targets", "1.0", "a");
  tags.set("targets/releases", "1.0", "evil");

  const tuf::TrustedRepository trusted = tags.load();

  const tuf::Delegation* releases = trusted.find_delegation(tuf::RoleName::of("targets/releases"));
  REQUIRE(releases->state == tuf::Delegation::State::kBelowThreshold);
  CHECK(tuf::hides_releases(trusted));
  for (const tuf::TagView& view : tuf::view_tag(trusted, "1.0")) CHECK_FALSE(view.released);
}
