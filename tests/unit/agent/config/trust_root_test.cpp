#include "agent/config/trust_root.h"

#include "tests/support/catch.h"
#include "tests/support/config_home.h"
#include "tests/support/error_code.h"
#include "tuf/base/base64.h"
#include "tuf/keys/pem.h"

namespace {

using nlohmann::json;
using test::code_of;
using test::ConfigHome;
using tuf::ErrorCode;
using tuf::Gun;
namespace fs = std::filesystem;

const Gun kGun = Gun::of("reg.example.com/team/app");
const std::string kIdA(64, 'a');
const std::string kIdB(64, 'b');
const std::string kIdC(64, 'c');

std::set<tuf::KeyId> ids(const std::vector<std::string>& texts) {
  std::set<tuf::KeyId> ids;
  for (const std::string& text : texts) ids.insert(*tuf::KeyId::parse(text));
  return ids;
}

/// The certificate of a vector as PEM, its TUF ID and its canonical ID.
struct Certificate {
  std::string pem;
  std::string id;
  std::string canonical_id;
};

Certificate vector_certificate(const std::string& name) {
  for (const json& vector : json::parse(test::read_data("vectors/keys/vectors.json"))) {
    if (vector["name"] != name) continue;
    const auto pem = tuf::from_base64(vector["public"].get<std::string>());
    return {std::string(tuf::as_text(*pem)), vector["key_id"], vector["canonical_key_id"]};
  }
  throw std::runtime_error("no vector " + name);
}

std::string authority_pem() {
  return test::read_data("certificates/authority.crt");
}

std::string der_of(const std::string& pem) {
  return std::string(tuf::as_text(tuf::parse_pem(pem).front().content));
}

}  // namespace

TEST_CASE("The exact name pins before the longest prefix*, that before the longest prefix of an authority") {
  ConfigHome home;
  home.write(".notary/team.crt", authority_pem());
  home.write(".notary/all.crt", "no certificate at all");
  json pinning = {
      {"certs",
       {{kGun.text(), {kIdA, kIdB}}, {"reg.example.com/*", {kIdB}}, {"reg.example.com/team/*", {kIdC}}}},
      {"ca", {{"reg.example.com/team", "team.crt"}, {"reg", "all.crt"}}}};
  const auto pin_of = [&](const std::string& gun) {
    home.configure({{"trust_pinning", pinning}});
    return home.load().root_trust_for(Gun::of(gun));
  };
  CHECK(pin_of(kGun.text()).pin->key_ids == ids({kIdA, kIdB}));
  CHECK(pin_of(kGun.text()).origin ==
        "trust_pinning.certs." + kGun.text() + " of " + home.config_path().string());
  CHECK(pin_of("reg.example.com/team/app2").pin->key_ids == ids({kIdC}));
  CHECK(pin_of("reg.example.com/other").pin->key_ids == ids({kIdB}));
  CHECK_FALSE(pin_of("other.example.com/app").pin);
  pinning.erase("certs");
  const auto authority = pin_of(kGun.text());
  CHECK(authority.pin->key_ids.empty());
  CHECK(authority.pin->ca_pem == authority_pem());
  CHECK(code_of([&] { pin_of("reg.example.com/other"); }) == ErrorCode::kFileUnreadable);
  pinning["ca"]["reg"] = "missing.crt";
  CHECK(code_of([&] { pin_of("reg.example.com/other"); }) == ErrorCode::kFileUnreadable);
}

TEST_CASE("Pins of a GUN with capitals match, and only in that spelling") {
  ConfigHome home;
  home.configure({{"trust_pinning", {{"certs", {{"reg.example.com/Team/App", {kIdA}}}}}}});
  CHECK(home.load().root_trust_for(Gun::of("reg.example.com/Team/App")).pin);
  CHECK_FALSE(home.load().root_trust_for(Gun::of("reg.example.com/team/app")).pin);
}

TEST_CASE("the option --trust-root comes before every pin of the file") {
  ConfigHome home;
  home.configure({{"trust_pinning", {{"certs", {{kGun.text(), {kIdA}}}}}}});
  home.options.trust_roots = {kIdB};
  CHECK(home.load().root_trust_for(kGun).pin->key_ids == ids({kIdB}));
  CHECK(home.load().root_trust_for(kGun).origin == "--trust-root");
}

TEST_CASE(
    "A trust root with a repository's name pins that one, one without all others; each place goes first") {
  ConfigHome home;
  const Gun web = Gun::of("reg.example.com/team/web");
  const auto pin_of = [&](const Gun& gun) { return home.load().root_trust_for(gun); };
  home.configure({{"trust_pinning", {{"certs", {{kGun.text(), {kIdA}}}}}},
                  {"countersign", {{"trust_root", {{kGun.text(), {kIdB, kIdC}}}}}}});
  CHECK(pin_of(kGun).pin->key_ids == ids({kIdB, kIdC}));
  CHECK(pin_of(kGun).origin == "countersign.trust_root of " + home.config_path().string());
  CHECK_FALSE(pin_of(web).pin);
  home.environment.trust_roots = {web.text() + "=" + kIdA};
  CHECK(pin_of(kGun).pin->key_ids == ids({kIdB, kIdC}));
  CHECK(pin_of(web).pin->key_ids == ids({kIdA}));
  CHECK(pin_of(web).origin == "COUNTERSIGN_TRUST_ROOT");
  home.options.trust_roots = {kIdC, kGun.text() + "=" + kIdA};
  CHECK(pin_of(kGun).pin->key_ids == ids({kIdA}));
  CHECK(pin_of(web).pin->key_ids == ids({kIdC}));
  CHECK(pin_of(web).origin == "--trust-root");
  home.options.trust_roots = {kIdC, kIdB};
  CHECK(pin_of(web).pin->key_ids == ids({kIdC, kIdB}));
}

TEST_CASE("What the option and the variable pin by name is meant for this run, what the file pins is not") {
  ConfigHome home;
  const Gun web = Gun::of("reg.example.com/team/web");
  const Gun other = Gun::of("reg.example.com/team/other");
  home.configure({{"countersign", {{"trust_root", {{other.text(), kIdA}}}}}});
  CHECK(home.load().pinned_for_run().empty());
  home.environment.trust_roots = {kIdC, web.text() + "=" + kIdA};
  home.options.trust_roots = {kGun.text() + "=" + kIdB, kIdC};
  CHECK(home.load().pinned_for_run() ==
        std::vector<std::pair<std::string, Gun>>{{"--trust-root", kGun}, {"COUNTERSIGN_TRUST_ROOT", web}});
}

TEST_CASE("An ID in the file may have capitals and sha256: in front, as that of the option") {
  ConfigHome home;
  const std::string capitals(64, 'A');
  for (const std::string& written : {capitals, "sha256:" + kIdA, "SHA256:" + capitals}) {
    home.configure({{"trust_pinning", {{"certs", {{kGun.text(), {written}}}}}}});
    CHECK(home.load().root_trust_for(kGun).pin->key_ids == ids({kIdA}));
    home.configure({{"countersign", {{"trust_root", {{kGun.text(), written}}}}}});
    CHECK(home.load().root_trust_for(kGun).pin->key_ids == ids({kIdA}));
  }
}

TEST_CASE("trust_root of the file is a string, a list or a map, and its files are relative to it") {
  ConfigHome home;
  home.write(".notary/ca.crt", authority_pem());
  const auto pin_with = [&](const json& value) {
    home.configure({{"countersign", {{"trust_root", value}}}});
    return home.load().root_trust_for(kGun).pin;
  };
  CHECK(pin_with(kIdA)->key_ids == ids({kIdA}));
  CHECK(pin_with({kIdA, kIdB})->key_ids == ids({kIdA, kIdB}));
  CHECK(pin_with({kIdA, kGun.text() + "=" + kIdB})->key_ids == ids({kIdB}));
  CHECK(pin_with({{kGun.text(), kIdB}})->key_ids == ids({kIdB}));
  CHECK(pin_with("ca.crt")->ca_pem == authority_pem());
  CHECK(pin_with({{kGun.text(), "ca.crt"}})->ca_pem == authority_pem());
  CHECK_FALSE(pin_with({{"reg.example.com/other", kIdB}}));
  CHECK(code_of([&] { pin_with(7); }) == ErrorCode::kConfig);
  CHECK(code_of([&] { pin_with({{"Not A Repository", kIdB}}); }) == ErrorCode::kConfig);
  CHECK(code_of([&] { pin_with("none.crt"); }) == ErrorCode::kConfig);
}

TEST_CASE("A file of the working directory never changes what a trust root with a repository's name means") {
  const test::TempDir work;
  fs::create_directories(work / "reg.example.com/team");
  test::write_file(work / ("reg.example.com/team/app=" + kIdA), authority_pem());
  const fs::path before = fs::current_path();
  fs::current_path(work.path());
  agent::TrustRoots roots;
  roots.add(agent::NamedTrustRoot::parse(kGun.text() + "=" + kIdA));
  roots.add(agent::NamedTrustRoot::parse("./reg.example.com/team/app=" + kIdA));
  fs::current_path(before);
  const auto no_repository = test::error_of([] { agent::NamedTrustRoot::parse("Bad=" + kIdA); });
  CHECK(test::mentions(no_repository, "trust root \"Bad="));
  CHECK(roots.find(kGun)->key_ids == ids({kIdA}));
  CHECK(roots.find(kGun)->ca_pem.empty());
  CHECK(roots.find(Gun::of("reg.example.com/other"))->ca_pem == authority_pem());
}

TEST_CASE("Trust on first use is off unless the option or disable_tofu: false turns it on") {
  ConfigHome home;
  const auto tofu = [&] { return home.load().root_trust_for(kGun).trust_on_first_use; };
  CHECK_FALSE(tofu());
  home.configure({{"trust_pinning", {{"disable_tofu", false}}}});
  CHECK(tofu());
  home.configure({{"trust_pinning", {{"disable_tofu", true}}}});
  CHECK_FALSE(tofu());
  home.options.trust_on_first_use = true;
  CHECK(tofu());
}

TEST_CASE("A trust root is a key ID, a certificate's or public key's IDs, or an authority") {
  const test::TempDir dir;
  const fs::path file = dir / "root.pem";
  const auto pin = [&](const std::string& content) {
    test::write_file(file, content);
    return agent::parse_trust_root(file.string());
  };
  const std::string capitals(64, 'A');
  for (const std::string& written :
       {kIdA, "sha256:" + kIdA, capitals, "sha256:" + capitals, "SHA256:" + capitals})
    CHECK(agent::parse_trust_root(written).key_ids == ids({kIdA}));

  const Certificate leaf = vector_certificate("ecdsa-p256-x509");
  CHECK(pin(leaf.pem).key_ids == ids({leaf.id, leaf.canonical_id}));
  CHECK(pin(leaf.pem).ca_pem.empty());
  CHECK(pin("a comment\n" + leaf.pem).key_ids == ids({leaf.id, leaf.canonical_id}));

  const std::string bare = test::read_data("vectors/docker-repo/alice.pub");
  CHECK(pin(bare).key_ids.size() == 1);

  CHECK(pin(der_of(leaf.pem)).key_ids == pin(leaf.pem).key_ids);
  CHECK(pin(der_of(bare)).key_ids == pin(bare).key_ids);
  CHECK(pin(der_of(authority_pem())).ca_pem == pin(authority_pem()).ca_pem);
  CHECK(agent::read_ca_pin(file).ca_pem == authority_pem());

  CHECK(pin(authority_pem()).ca_pem == authority_pem());
  CHECK(pin(authority_pem()).key_ids.empty());
  CHECK(pin("# CA\n" + authority_pem() + test::read_data("vectors/repo/rel.crt")).ca_pem ==
        authority_pem() + test::read_data("vectors/repo/rel.crt"));
}

TEST_CASE("A trust root in a form of other programs is refused with what converts it") {
  const test::TempDir dir;
  const fs::path file = dir / "root.p7b";
  test::write_file(file, "\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02");
  for (const bool is_ca : {false, true}) {
    const auto error =
        test::error_of([&] { is_ca ? agent::read_ca_pin(file) : agent::parse_trust_root(file.string()); });
    REQUIRE(error);
    CHECK(error->code() == ErrorCode::kFileUnreadable);
    CHECK(error->hint() == "convert it with: openssl pkcs7 -inform DER -in " + file.string() +
                               " -print_certs -out " + file.string() + ".pem; then name " + file.string() +
                               ".pem");
  }
}

TEST_CASE("What cannot be a trust root is refused") {
  const test::TempDir dir;
  const fs::path file = dir / "root.pem";
  const auto code_with = [&](const std::string& content) {
    test::write_file(file, content);
    return code_of([&] { agent::parse_trust_root(file.string()); });
  };
  CHECK(code_of([&] { agent::parse_trust_root((dir / "none").string()); }) == ErrorCode::kUsage);
  CHECK(code_of([&] { agent::parse_trust_root(kIdA.substr(1)); }) == ErrorCode::kUsage);
  CHECK(code_of([&] { agent::parse_trust_root(""); }) == ErrorCode::kUsage);
  CHECK(code_of([&] { agent::parse_trust_root(dir.path().string()); }) == ErrorCode::kFileUnreadable);
  CHECK(code_with("") == ErrorCode::kFileUnreadable);
  CHECK(code_with("no pem") == ErrorCode::kFileUnreadable);
  CHECK(code_with("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n") ==
        ErrorCode::kFileUnreadable);
  CHECK(code_with(authority_pem() + vector_certificate("ecdsa-p256-x509").pem) == ErrorCode::kFileUnreadable);
  // An authority that has not issued it says nothing of the leaf.
  CHECK(code_with(vector_certificate("ecdsa-p256-x509").pem + authority_pem()) == ErrorCode::kFileUnreadable);
  CHECK(code_with(test::read_data("vectors/keys/ecdsa-p256.key.pem")) == ErrorCode::kFileUnreadable);
}
