#include "agent/evidence/receipt.h"

#include "tests/support/catch.h"
#include "tests/support/drafting.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"
#include "tuf/json/json.h"
#include "tuf/view/tag_view.h"

namespace {

using agent::Receipt;
using agent::TagFinding;
using test::TestSigner;
using tuf::ErrorCode;
using tuf::Json;
using tuf::RoleName;

constexpr std::string_view kTag = "1.0";
const RoleName kJenkins = RoleName::of("targets/jenkins");

/// The tag 1.0 in targets/jenkins, and what the run tells that put it there.
struct Published {
  Published() : maker(test::with_jenkins()), signer(test::signer_of(maker, "targets/jenkins")) {}

  agent::PublishedRepository report() const {
    const tuf::TrustedRepository trusted = test::load(maker);
    agent::PublishedRepository report;
    report.gun = maker.gun.text();
    report.server = "trust.example.com";
    report.published = true;
    report.roles = tuf::view_roles(trusted);
    agent::PublishedTarget target;
    target.name = kTag;
    const auto entry = trusted.find_target(kJenkins, target.name);
    target.digest = tuf::TagView{target.name, *entry, {}, false}.digest();
    target.length = entry->length;
    target.roles = {"targets/jenkins"};
    target.status = "signed";
    report.targets.push_back(target);
    return report;
  }
  std::string receipt() const { return receipt({signer}); }
  std::string receipt(const std::vector<std::shared_ptr<tuf::Signer>>& signers) const {
    return agent::write_receipt(
        {"sign", test::kNow, {{"ci", "github"}}, Json{{"decision", "yes"}}, {report()}}, signers);
  }
  std::vector<TagFinding> compare(const std::string& text) const {
    const Receipt receipt = Receipt::read(text, "receipt");
    return agent::compare_with_repository(receipt, receipt.repositories.at(0), test::load(maker));
  }

  test::RepositoryMaker maker;
  std::shared_ptr<TestSigner> signer;
};

}  // namespace

TEST_CASE("A receipt tells what was published, by which keys, and is read back as it was written") {
  const Published published;
  const std::string text = published.receipt();
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  const Receipt receipt = Receipt::read(text, "receipt");
  CHECK(receipt.time == test::kNow);
  CHECK(receipt.statement.is_signed_by(published.signer->public_key()));
  CHECK_FALSE(receipt.statement.is_signed_by(TestSigner::generate()->public_key()));
  REQUIRE(receipt.repositories.size() == 1);
  CHECK(receipt.repositories[0].gun == published.maker.gun);
  REQUIRE(receipt.repositories[0].targets.size() == 1);
  CHECK(receipt.repositories[0].targets[0].name == kTag);
  CHECK(receipt.repositories[0].roles.size() == 5);
  const Json& body = receipt.statement.body;
  CHECK(body["_type"] == "countersign-receipt/v1");
  CHECK(body["policy"] == Json{{"decision", "yes"}});
  CHECK(body["ci"] == Json{{"ci", "github"}});
  CHECK(body["keys"][0]["id"] == published.signer->public_key().canonical_id().hex());
  CHECK(body["keys"][0]["origin"]["kind"] == "file");
  for (const Json& role : body["repositories"][0]["roles"]) {
    CHECK(role["length"].get<int>() > 0);
    CHECK(role["expires"].get<std::string>().ends_with("Z"));
    CHECK(role["sha256"].get<std::string>().size() == 64);
  }
}

TEST_CASE("A receipt with any byte changed, left out or added is refused") {
  const Published published;
  agent::PublishedRepository report = published.report();
  report.roles.erase(report.roles.begin(), report.roles.end() - 1);  // the others are like it
  const std::string text =
      agent::write_receipt({"sign", test::kNow, {}, std::nullopt, {report}}, {published.signer});
  const auto refused = [](const std::string& changed) {
    return test::code_of([&] { Receipt::read(changed, "receipt"); }) == ErrorCode::kReceiptInvalid;
  };
  std::size_t taken = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ (1 << i % 8));
    taken += refused(changed) ? 0 : 1;
    if (i % 9 != 0) continue;
    taken += refused(std::string(text).erase(i, 1)) ? 0 : 1;
    taken += refused(text.substr(0, i)) ? 0 : 1;
    taken += refused(std::string(text).insert(i, " ")) ? 0 : 1;
  }
  CHECK(taken == 0);
  CHECK(refused(text + "\n"));
}

TEST_CASE("Every key signs, in whatever order and however often it is named") {
  const Published published;
  const auto other = TestSigner::generate(TestSigner::Kind::kEd25519);
  const std::string text = published.receipt({other, published.signer, other});
  const Receipt receipt = Receipt::read(text, "receipt");
  CHECK(receipt.statement.signers.size() == 2);
  CHECK(receipt.statement.is_signed_by(other->public_key()));
  CHECK(receipt.statement.is_signed_by(published.signer->public_key()));
}

TEST_CASE("What nobody has signed, or what is signed as something else, is no receipt") {
  const Published published;
  CHECK_ERROR(Receipt::read(published.receipt({}), "receipt"), ErrorCode::kReceiptInvalid, "nobody");
  const std::string other =
      agent::write_statement("countersign-audit/v1", Json::object(), {published.signer}) + "\n";
  CHECK_ERROR(Receipt::read(other, "receipt"), ErrorCode::kReceiptInvalid, "countersign-receipt/v1");
  CHECK_ERROR(Receipt::read(*published.maker.newest("targets/jenkins") + "\n", "receipt"),
              ErrorCode::kReceiptInvalid, "countersign-receipt/v1");
  for (const Json& body : {Json::object(), Json{{"time", "then"}, {"repositories", Json::array()}},
                           Json{{"time", "2026-11-21T22:00:00Z"}, {"repositories", Json::array()}},
                           Json{{"time", "2026-11-21T22:00:00Z"}, {"repositories", {{{"gun", "../x"}}}}},
                           Json{{"time", 1}, {"repositories", "x"}}}) {
    const std::string text =
        agent::write_statement("countersign-receipt/v1", body, {published.signer}) + "\n";
    CHECK(test::code_of([&] { Receipt::read(text, "receipt"); }) == ErrorCode::kReceiptInvalid);
  }
}

TEST_CASE("A receipt that tells of nothing a repository could contradict is refused") {
  Published published;
  agent::PublishedRepository report = published.report();
  const auto read = [&](std::vector<agent::PublishedRepository> reports) {
    const std::string text =
        agent::write_receipt({"sign", test::kNow, {}, std::nullopt, std::move(reports)}, {published.signer});
    return Receipt::read(text, "receipt");
  };
  REQUIRE(read({report}).repositories.size() == 1);
  agent::PublishedRepository other = report;
  SECTION("no tag") {
    other.targets.clear();
    CHECK_ERROR(read({other}), ErrorCode::kReceiptInvalid, "names no tag");
    CHECK_ERROR(read({report, other}), ErrorCode::kReceiptInvalid, "names no tag");
  }
  SECTION("a tag in no role") {
    other.targets[0].roles.clear();
    CHECK_ERROR(read({other}), ErrorCode::kReceiptInvalid, "names no role");
  }
  SECTION("no version of the role that holds the tag") {
    other.roles.pop_back();
    CHECK_ERROR(read({other}), ErrorCode::kReceiptInvalid, "tells no version of targets/jenkins");
  }
  SECTION("no digest") {
    other.targets[0].digest = "sha256:";
    CHECK_ERROR(read({other}), ErrorCode::kReceiptInvalid, "digest");
    other.targets[0].digest = "";  // null
    CHECK_ERROR(read({other}), ErrorCode::kReceiptInvalid, "lacks what a receipt tells");
  }
  SECTION("no repository") {
    CHECK_ERROR(read({}), ErrorCode::kReceiptInvalid, "names no repository");
  }
}

TEST_CASE("No reader of metadata takes a receipt") {
  const std::string text = Published().receipt();
  CHECK_ERROR(tuf::decode<tuf::Targets>(text, "targets"), ErrorCode::kMalformedMetadata, "targets");
  CHECK_ERROR(tuf::decode<tuf::Root>(text, "root"), ErrorCode::kMalformedMetadata, "root");
}

TEST_CASE("A repository bears its receipt out, and says what has become of the tag") {
  Published published;
  const std::string text = published.receipt();
  const auto state = [&] { return published.compare(text).at(0).state; };
  CHECK(state() == TagFinding::State::kUnchanged);

  published.maker.set_target("targets/jenkins", "2.0", test::make_target("another"));
  published.maker.publish();
  CHECK(state() == TagFinding::State::kUnchanged);

  published.maker.set_target("targets/jenkins", std::string(kTag), test::make_target("moved"));
  published.maker.publish();
  CHECK(state() == TagFinding::State::kMoved);
  CHECK(published.compare(text).at(0).digest.starts_with("sha256:"));

  published.maker.remove_target("targets/jenkins", std::string(kTag));
  published.maker.publish();
  CHECK(state() == TagFinding::State::kGone);
}

TEST_CASE("A receipt that the repository does not bear out is refused") {
  Published published;
  const auto refused = [](const Published& repository, const std::string& text, const std::string& reason) {
    CHECK_ERROR(repository.compare(text), ErrorCode::kReceiptInvalid, reason);
  };
  SECTION("signed by a key that the role does not list") {
    refused(published, published.receipt({TestSigner::generate()}), "targets/jenkins");
  }
  SECTION("another file of the same version") {
    Published other = published;
    other.maker.touch("targets/jenkins");
    published.maker.set_target("targets/jenkins", "2.0", test::make_target("x"));
    published.maker.publish();
    other.maker.publish();
    refused(published, other.receipt(), "another file");
  }
  SECTION("versions that the repository has not come to") {
    Published later = published;
    later.maker.touch("targets/jenkins");
    later.maker.publish();
    refused(published, later.receipt(), "only come to");
  }
  SECTION("a role that is no longer there") {
    const std::string text = published.receipt();
    published.maker.remove_delegation("targets/jenkins");
    published.maker.publish();
    refused(published, text, "has no role");
  }
}
