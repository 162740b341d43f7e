// Keys that the official clients wrote.
#include <filesystem>

#include "hsm/file/key_store.h"
#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/unit/hsm/file/key_files.h"
#include "tuf/base/base64.h"
#include "tuf/json/json.h"

using hsm::KeyInfo;
using hsm::KeyStore;
using hsm::SecretSource;
using tuf::ErrorCode;
using tuf::KeyId;

namespace {

using Variables = std::map<std::string, std::string>;
const std::filesystem::path kVectors = std::filesystem::path(TEST_DATA_DIR) / "vectors";

/// A trust directory with these key files; git does not keep their mode.
void copy_keys(const std::filesystem::path& from, const std::filesystem::path& trust_dir) {
  for (const auto& file : std::filesystem::directory_iterator(from)) {
    std::string name = file.path().filename().string();
    name = name.substr(name.size() - 68);  // keys/store/ has the kind of key before the ID
    test::write_key_file(trust_dir / "private" / name, test::read_file(file.path()));
  }
}

}  // namespace

TEST_CASE("every key in the official client's store opens, has the ID of its name, and signs") {
  const test::TempDir dir;
  copy_keys(kVectors / "keystore", dir.path());
  SecretSource secrets(Variables{{"NOTARY_ROOT_PASSPHRASE", "rootpass1"},
                                 {"NOTARY_TARGETS_PASSPHRASE", "targpass1"},
                                 {"NOTARY_DELEGATION_PASSPHRASE", "delgpass1"}});
  KeyStore store(dir.path(), secrets);
  const std::vector<KeyInfo> keys = store.list();
  REQUIRE(keys.size() == 5);
  for (const KeyInfo& key : keys) {
    CAPTURE(key.location);
    const auto signer = store.open(key.canonical_id);
    REQUIRE(signer);
    CHECK(signer->public_key().canonical_id() == key.canonical_id);
    CHECK(test::signs(*signer));
  }
}

TEST_CASE("every kind of key that the official client stores opens and signs") {
  const test::TempDir dir;
  copy_keys(kVectors / "keys/store", dir.path());
  SecretSource secrets(Variables{{"DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", "delgpass1"}});
  KeyStore store(dir.path(), secrets);
  std::vector<std::string> kinds;
  for (const KeyInfo& key : store.list()) {
    CHECK(key.label == "vector");
    CHECK(key.gun.empty());
    const auto signer = store.open(key.canonical_id);
    REQUIRE(signer);
    CHECK(test::signs(*signer));
    kinds.push_back(signer->public_key().description());
  }
  std::sort(kinds.begin(), kinds.end());
  CHECK(kinds ==
        std::vector<std::string>{"EC P-224", "EC P-256", "EC P-384", "EC P-521", "Ed25519", "RSA 2048"});
}

TEST_CASE("listing tells label and GUN of every key without any passphrase") {
  const test::TempDir dir;
  copy_keys(kVectors / "keystore", dir.path());
  SecretSource none(Variables{});
  std::map<std::string, std::string> found;
  for (const KeyInfo& key : KeyStore(dir.path(), none).list()) {
    found[key.canonical_id.short_form()] = key.label + " " + key.gun;
    CHECK(std::filesystem::exists(key.location));
    CHECK_FALSE(key.public_key);
  }
  CHECK(found == std::map<std::string, std::string>{{"1d50d1f", "root "},
                                                    {"3b36729", "jenkins "},
                                                    {"8137053", "targets registry.example.com/team/app"},
                                                    {"bb1a69a", "root "},
                                                    {"f093cc9", "user "}});
}

TEST_CASE("unencrypted keys as the official client imports them give the IDs of the vectors") {
  const auto vectors = tuf::parse_json(test::read_data("vectors/keys/vectors.json"), "vectors");
  int checked = 0;
  for (const auto& entry : vectors) {
    const std::string name = entry["name"];
    const auto file = kVectors / "keys" / (name + ".key.pem");
    if (!std::filesystem::exists(file)) continue;  // the X.509 forms of the same keys
    CAPTURE(name);
    hsm::PrivateKey key = test::open_only_key(test::read_file(file));
    CHECK(key.public_key().id().hex() == entry["key_id"].get<std::string>());
    CHECK(test::signs(key));
    ++checked;
  }
  CHECK(checked == 6);
}

TEST_CASE("an Ed25519 signature is bit for bit that of the official client") {
  hsm::PrivateKey key = test::open_only_key(test::read_data("vectors/keys/ed25519.key.pem"));
  int checked = 0;
  for (const auto& entry : tuf::parse_json(test::read_data("vectors/keys/vectors.json"), "vectors")) {
    if (entry["name"] != "ed25519") continue;
    const std::string message = entry["message"];
    CHECK(tuf::to_base64(key.sign(tuf::as_bytes(message))) == entry["sig"].get<std::string>());
    ++checked;
  }
  CHECK(checked == 1);
}

TEST_CASE("a wrong, an empty and a missing passphrase are told apart") {
  const test::TempDir dir;
  copy_keys(kVectors / "keystore", dir.path());
  const KeyId root = *KeyId::parse("1d50d1f8e558f31e1e442c416140383a205ee5759903c554de98fdf52bb00e5a");
  const auto open_with = [&](const Variables& variables) {
    return test::error_of([&] {
      SecretSource secrets(variables);
      KeyStore(dir.path(), secrets).open(root);
    });
  };
  const auto wrong = open_with({{"NOTARY_ROOT_PASSPHRASE", "rootpass2"}});
  REQUIRE(wrong);
  CHECK(wrong->code() == ErrorCode::kWrongPassphrase);
  CHECK_THAT(wrong->what(), Catch::Contains("wrong passphrase") && !Catch::Contains("rootpass2"));
  CHECK_THAT(wrong->hint(), Catch::Contains("NOTARY_ROOT_PASSPHRASE"));
  const auto empty = open_with({{"NOTARY_ROOT_PASSPHRASE", ""}});
  REQUIRE(empty);
  CHECK(empty->code() == ErrorCode::kSecretMissing);
  CHECK_THAT(empty->what(), Catch::Contains("NOTARY_ROOT_PASSPHRASE is empty"));
  const auto missing = open_with({{"NOTARY_DELEGATION_PASSPHRASE", "rootpass1"}});
  REQUIRE(missing);
  CHECK(missing->code() == ErrorCode::kSecretMissing);
  CHECK_FALSE(open_with({{"NOTARY_ROOT_PASSPHRASE", "rootpass1"}}));
}

TEST_CASE("a wrong passphrase that decrypts to valid padding is still a wrong passphrase") {
  const std::string text = test::read_file(
      kVectors / "keystore/f093cc9abbe617650acf52a1f18c0957f925181e3a712895b11c4412b45d6523.key");
  for (const char* passphrase : {"wrong 264", "wrong 348", "wrong 465"}) {  // one in 256 does
    CHECK(test::code_of([&] { test::open_only_key(text, passphrase); }) == ErrorCode::kWrongPassphrase);
  }
}
