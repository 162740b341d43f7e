// Keys that we write: read back by us, by openssl and by the official client.
#include "hsm/file/key_store.h"
#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/process.h"
#include "tests/unit/hsm/file/key_files.h"
#include "tuf/base/hex.h"
#include "tuf/keys/pem.h"

using hsm::KeyAlgorithm;
using hsm::KeyStore;
using hsm::PrivateKey;
using hsm::Secret;
using hsm::SecretSource;

namespace {

/// Every kind of key there is, P-224 and Ed25519 included.
PrivateKey vector_key(const std::string& name) {
  return test::open_only_key(test::read_data("vectors/keys/" + name + ".key.pem"));
}

}  // namespace

TEST_CASE("generated keys are of the kind that was asked for, sign, and differ") {
  const auto [name, description] = GENERATE(table<std::string, std::string>({{"p256", "EC P-256"},
                                                                             {"p384", "EC P-384"},
                                                                             {"rsa2048", "RSA 2048"},
                                                                             {"rsa3072", "RSA 3072"},
                                                                             {"rsa4096", "RSA 4096"}}));
  const auto algorithm = hsm::parse_key_algorithm(name);
  REQUIRE(algorithm);
  PrivateKey key = PrivateKey::generate(*algorithm);
  CHECK(key.public_key().description() == description);
  CHECK(test::signs(key));
}

TEST_CASE("two generated keys differ, and unknown kinds are none") {
  CHECK(PrivateKey::generate(KeyAlgorithm::kP256).public_key().id() !=
        PrivateKey::generate(KeyAlgorithm::kP256).public_key().id());
  for (const char* name : {"", "P256", "p224", "rsa1024", "ed25519"})
    CHECK_FALSE(hsm::parse_key_algorithm(name));
}

TEST_CASE("a written key is read back, encrypted or not") {
  const auto name = GENERATE(as<std::string>(), "ecdsa-p224", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521",
                             "rsa-2048", "ed25519");
  const auto passphrase = GENERATE(as<std::string>(), "", "delgpass1", "p\xc3\xa4ss w\xc3\xb6rd");
  const PrivateKey key = vector_key(name);
  const std::string text =
      format_key_pem(key, {"targets", "registry.example.com/app", {}}, Secret(passphrase));
  CAPTURE(text);
  PrivateKey again = test::open_only_key(text, passphrase);
  CHECK(again.public_key().id() == key.public_key().id());
  CHECK(test::signs(again));
  CHECK_THAT(text, Catch::StartsWith(passphrase.empty() ? "-----BEGIN PRIVATE KEY-----\n"
                                                        : "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
  const hsm::KeyPemHeaders headers = hsm::KeyPem::parse_all(text).at(0).headers();
  CHECK(headers.role == "targets");
  CHECK(headers.gun == "registry.example.com/app");
}

TEST_CASE("a written file has the official client's shape: headers, columns, and encryption without a PRF") {
  const std::string text = format_key_pem(vector_key("ecdsa-p256"),
                                          {"targets", "registry.example.com/app", "abcd"}, Secret("secret"));
  CHECK_THAT(text, Catch::StartsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                                     "gun: registry.example.com/app\npath: abcd\nrole: targets\n\n"));
  CHECK_THAT(text, Catch::EndsWith("\n-----END ENCRYPTED PRIVATE KEY-----\n"));
  const std::string der = tuf::to_hex(tuf::parse_pem(text).at(0).content);
  // PBES2, PBKDF2 with a salt of 8 bytes and an iteration count and nothing else, AES-256-CBC.
  CHECK_THAT(der, Catch::Matches(
                      "3081..304906092a864886f70d01050d303c301b06092a864886f70d01050c300e0408.{16}0202...."
                      "301d060960864801650304012a0410.{32}0481.*"));
}

TEST_CASE("every write has its own salt and its own vector") {
  const PrivateKey key = vector_key("ecdsa-p256");
  const tuf::Bytes first = tuf::parse_pem(format_key_pem(key, {}, Secret("secret"))).at(0).content;
  const tuf::Bytes second = tuf::parse_pem(format_key_pem(key, {}, Secret("secret"))).at(0).content;
  const auto salt = [](const tuf::Bytes& der) { return tuf::Bytes(der.begin() + 34, der.begin() + 42); };
  CHECK(salt(first) != salt(second));
  CHECK(tuf::Bytes(first.end() - 16, first.end()) != tuf::Bytes(second.end() - 16, second.end()));
}

TEST_CASE("a header that would start another line is refused") {
  const PrivateKey key = vector_key("ecdsa-p256");
  CHECK(test::code_of([&] {
          format_key_pem(key, {"user\ngun: x", {}, {}}, Secret(""));
        }) == tuf::ErrorCode::kInvalidRole);
  CHECK(test::code_of([&] { hsm::format_public_key_pem(key.public_key(), "a\nb"); }) ==
        tuf::ErrorCode::kInvalidRole);
}

TEST_CASE("openssl reads the keys that we write once their headers are gone") {
  const test::TempDir dir;
  const auto name = GENERATE(as<std::string>(), "ecdsa-p256", "ecdsa-p521", "rsa-2048");
  const PrivateKey key = vector_key(name);
  test::write_file(dir / "key.pem", format_key_pem(key, {}, Secret("secret")));
  const std::string pem = test::run_or_throw(
      {"openssl", "pkey", "-in", "key.pem", "-passin", "pass:secret", "-pubout"}, {}, dir.path());
  CHECK(tuf::parse_pem(pem).at(0).content == key.public_key().spki());
}

TEST_CASE("the official client lists, decrypts and re-encrypts the keys that we store") {
  const test::TempDir dir;
  const auto [name, role, gun] = GENERATE(table<std::string, std::string, std::string>({
      {"ecdsa-p256", "root", ""},
      {"ecdsa-p256", "targets", "registry.example.com/team/app"},
      {"ecdsa-p384", "alice", ""},
      {"rsa-2048", "delegation", ""},
      {"ed25519", "delegation", ""},
  }));
  CAPTURE(name, role);
  const PrivateKey key = vector_key(name);
  const std::string id = key.public_key().canonical_id().hex();
  SecretSource secrets({{"NOTARY_ROOT_PASSPHRASE", "root secret"},
                        {"NOTARY_TARGETS_PASSPHRASE", "targets secret"},
                        {"NOTARY_DELEGATION_PASSPHRASE", "other secret"}});
  KeyStore store(dir.path(), secrets);
  const auto path = store.add(key, role, gun, secrets.passphrase(role));
  const std::map<std::string, std::string> environment = {{"HOME", dir.path().string()},
                                                          {"NOTARY_ROOT_PASSPHRASE", "root secret"},
                                                          {"NOTARY_TARGETS_PASSPHRASE", "targets secret"},
                                                          {"NOTARY_DELEGATION_PASSPHRASE", "other secret"}};
  const std::string list =
      test::run_or_throw({"notary", "-d", dir.path().string(), "key", "list"}, environment);
  CHECK_THAT(list, Catch::Contains(id) && Catch::Contains(role));

  const std::string ours = test::read_file(path);
  // It must decrypt the key to encrypt it anew.
  const test::ProcessResult passwd =
      test::run({"notary", "-d", dir.path().string(), "key", "passwd", id}, environment);
  CAPTURE(passwd.errors);
  REQUIRE(passwd.exit_code == 0);
  CHECK(test::read_file(path) != ours);
  const auto signer = store.open(key.public_key().canonical_id());
  REQUIRE(signer);
  CHECK(test::signs(*signer));
}

TEST_CASE("a public key file is that of docker trust key generate") {
  const auto alice = tuf::PublicKey::from_pem(test::read_data("vectors/docker-repo/alice.pub"));
  CHECK(hsm::format_public_key_pem(alice, "alice") == test::read_data("vectors/docker-repo/alice.pub"));
}
