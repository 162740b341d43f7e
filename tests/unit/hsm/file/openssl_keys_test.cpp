// Keys that the openssl tool wrote, in all its forms, and keys that are broken or of no use to Notary.
#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/process.h"
#include "tests/unit/hsm/file/key_files.h"
#include "tuf/base/hex.h"
#include "tuf/keys/pem.h"

using hsm::KeyPem;
using hsm::PrivateKey;
using tuf::ErrorCode;

namespace {

std::string openssl(std::vector<std::string> arguments, const test::TempDir& dir) {
  arguments.insert(arguments.begin(), "openssl");
  return test::run_or_throw(arguments, {}, dir.path());
}

/// The ID that openssl's own idea of the public key gives.
tuf::KeyId id_by_openssl(const test::TempDir& dir, const std::string& file) {
  const std::string pem = openssl({"pkey", "-in", file, "-passin", "pass:secret", "-pubout"}, dir);
  return tuf::PublicKey::from_spki(tuf::parse_pem(pem).at(0).content).canonical_id();
}

}  // namespace

TEST_CASE("EC keys open in every form that openssl writes") {
  const test::TempDir dir;
  const auto curve = GENERATE(as<std::string>(), "secp224r1", "prime256v1", "secp384r1", "secp521r1");
  openssl({"ecparam", "-name", curve, "-genkey", "-out", "sec1.pem"}, dir);  // with EC PARAMETERS before it
  openssl({"pkey", "-in", "sec1.pem", "-out", "pkcs8.pem"}, dir);
  openssl({"ec", "-in", "sec1.pem", "-no_public", "-out", "no-public.pem"}, dir);
  openssl({"ec", "-in", "sec1.pem", "-conv_form", "compressed", "-out", "compressed.pem"}, dir);
  openssl({"pkey", "-in", "no-public.pem", "-out", "no-public-pkcs8.pem"}, dir);
  CHECK_THAT(test::read_file(dir / "sec1.pem"), Catch::StartsWith("-----BEGIN EC PARAMETERS"));
  const tuf::KeyId id = id_by_openssl(dir, "sec1.pem");
  for (const char* file :
       {"sec1.pem", "pkcs8.pem", "no-public.pem", "compressed.pem", "no-public-pkcs8.pem"}) {
    CAPTURE(curve, file);
    PrivateKey key = test::open_only_key(test::read_file(dir / file));
    CHECK(key.public_key().canonical_id() == id);
    CHECK(test::signs(key));
  }
}

TEST_CASE("RSA keys open in every form that openssl writes") {
  const test::TempDir dir;
  openssl({"genrsa", "-out", "pkcs8.pem", "2048"}, dir);
  openssl({"rsa", "-in", "pkcs8.pem", "-traditional", "-out", "pkcs1.pem"}, dir);
  CHECK_THAT(test::read_file(dir / "pkcs1.pem"), Catch::StartsWith("-----BEGIN RSA PRIVATE KEY"));
  const tuf::KeyId id = id_by_openssl(dir, "pkcs8.pem");
  for (const char* file : {"pkcs8.pem", "pkcs1.pem"}) {
    CAPTURE(file);
    PrivateKey key = test::open_only_key(test::read_file(dir / file));
    CHECK(key.public_key().canonical_id() == id);
    CHECK(test::signs(key));
  }
}

TEST_CASE("an Ed25519 key of RFC 8410 opens") {
  const test::TempDir dir;
  openssl({"genpkey", "-algorithm", "ED25519", "-out", "key.pem"}, dir);
  PrivateKey key = test::open_only_key(test::read_file(dir / "key.pem"));
  CHECK(key.public_key().canonical_id() == id_by_openssl(dir, "key.pem"));
  CHECK(test::signs(key));
}

TEST_CASE("keys that openssl encrypted open with their passphrase and with no other") {
  const test::TempDir dir;
  openssl({"ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "plain.pem"}, dir);
  const auto method =
      GENERATE(as<std::vector<std::string>>(), std::vector<std::string>{},
               std::vector<std::string>{"-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1"},
               std::vector<std::string>{"-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA512"},
               std::vector<std::string>{"-v2", "des3"}, std::vector<std::string>{"-v1", "PBE-SHA1-3DES"},
               std::vector<std::string>{"-scrypt"}, std::vector<std::string>{"-iter", "5"});
  std::vector<std::string> arguments = {"pkcs8",    "-topk8",      "-in",  "plain.pem",
                                        "-passout", "pass:secret", "-out", "encrypted.pem"};
  arguments.insert(arguments.end(), method.begin(), method.end());
  openssl(arguments, dir);
  const std::string text = test::read_file(dir / "encrypted.pem");
  CAPTURE(text);
  PrivateKey key = test::open_only_key(text, "secret");
  CHECK(key.public_key().canonical_id() == id_by_openssl(dir, "plain.pem"));
  CHECK(test::signs(key));
  CHECK(test::code_of([&] { test::open_only_key(text, "Secret"); }) == ErrorCode::kWrongPassphrase);
  CHECK(test::code_of([&] { test::open_only_key(text, ""); }) == ErrorCode::kWrongPassphrase);
}

TEST_CASE("keys of the old encrypted form open with their passphrase and with no other") {
  const test::TempDir dir;
  const auto cipher = GENERATE(as<std::string>(), "-aes256", "-aes128", "-des3");
  openssl({"ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ec.pem"}, dir);
  openssl({"genrsa", "-out", "rsa.pem", "2048"}, dir);
  openssl({"ec", "-in", "ec.pem", cipher, "-passout", "pass:secret", "-out", "ec.old.pem"}, dir);
  openssl({"rsa", "-in", "rsa.pem", "-traditional", cipher, "-passout", "pass:secret", "-out", "rsa.old.pem"},
          dir);
  for (const char* file : {"ec.old.pem", "rsa.old.pem"}) {
    const std::string text = test::read_file(dir / file);
    CAPTURE(text);
    CHECK_THAT(text, Catch::Contains("Proc-Type: 4,ENCRYPTED"));
    PrivateKey key = test::open_only_key(text, "secret");
    CHECK(key.public_key().canonical_id() == id_by_openssl(dir, file));
    CHECK(test::signs(key));
    CHECK(test::code_of([&] { test::open_only_key(text, "Secret"); }) == ErrorCode::kWrongPassphrase);
    CHECK(test::code_of([&] { test::open_only_key(text, std::string(5000, 'x')); }) ==
          ErrorCode::kWrongPassphrase);
  }
}

TEST_CASE("a file may hold several keys, and certificates between them") {
  const test::TempDir dir;
  openssl({"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-subj", "/CN=x", "-out",
           "crt.pem"},
          dir);
  const std::string text = test::read_file(dir / "key.pem") + test::read_file(dir / "crt.pem") +
                           test::read_data("vectors/keys/ed25519.key.pem") +
                           test::read_data("vectors/keys/ecdsa-p256.key.pem");
  const std::vector<KeyPem> keys = KeyPem::parse_all(text);
  REQUIRE(keys.size() == 3);
  CHECK(keys[0].open().public_key().description() == "RSA 2048");
  CHECK(keys[1].open().public_key().description() == "Ed25519");
  CHECK(keys[2].open().public_key().description() == "EC P-256");
}

TEST_CASE("keys that Notary cannot use are refused as unsupported, encrypted or not") {
  const test::TempDir dir;
  openssl({"genrsa", "-out", "rsa1024.pem", "1024"}, dir);
  openssl({"ecparam", "-name", "secp256k1", "-genkey", "-noout", "-out", "k256.pem"}, dir);
  openssl({"ecparam", "-name", "prime256v1", "-genkey", "-noout", "-param_enc", "explicit", "-out",
           "explicit.pem"},
          dir);
  openssl({"pkey", "-in", "explicit.pem", "-out", "explicit8.pem"}, dir);
  openssl({"genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "rsapss.pem"},
          dir);
  openssl({"genpkey", "-algorithm", "ED448", "-out", "ed448.pem"}, dir);
  openssl({"genrsa", "-primes", "3", "-out", "primes3.pem", "2048"}, dir);
  for (const std::string file : {"rsa1024.pem", "k256.pem", "explicit.pem", "explicit8.pem", "rsapss.pem",
                                 "ed448.pem", "primes3.pem"}) {
    CAPTURE(file);
    CHECK(test::code_of([&] { test::open_only_key(test::read_file(dir / file)); }) ==
          ErrorCode::kKeyUnsupported);
    openssl({"pkcs8", "-topk8", "-in", file, "-passout", "pass:secret", "-out", "encrypted.pem"}, dir);
    CHECK(test::code_of([&] { test::open_only_key(test::read_file(dir / "encrypted.pem"), "secret"); }) ==
          ErrorCode::kKeyUnsupported);
  }
  const std::string dsa = tuf::format_pem({"DSA PRIVATE KEY", {}, tuf::Bytes(100)});
  CHECK(test::code_of([&] { test::open_only_key(dsa); }) == ErrorCode::kKeyUnsupported);
}

TEST_CASE("an unknown method of encryption is unsupported, not a wrong passphrase") {
  const test::TempDir dir;
  openssl({"ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "plain.pem"}, dir);
  openssl({"pkcs8", "-topk8", "-v2", "aes-256-cbc", "-in", "plain.pem", "-passout", "pass:secret", "-out",
           "e.pem"},
          dir);
  tuf::PemBlock block = tuf::parse_pem(test::read_file(dir / "e.pem")).at(0);
  const tuf::Bytes aes = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a};
  const auto at = std::search(block.content.begin(), block.content.end(), aes.begin(), aes.end());
  REQUIRE(at != block.content.end());
  at[8] = 0x7f;
  CHECK(test::code_of([&] { test::open_only_key(tuf::format_pem(block), "secret"); }) ==
        ErrorCode::kKeyUnsupported);
  const std::string old = tuf::format_pem(
      {"EC PRIVATE KEY", {{"Proc-Type", "4,ENCRYPTED"}, {"DEK-Info", "ROT13,00"}}, tuf::Bytes(64)});
  CHECK(test::code_of([&] { test::open_only_key(old, "secret"); }) == ErrorCode::kKeyUnsupported);
  for (const std::string cipher : {"des-cbc", "rc2-cbc", "bf-cbc"}) {  // OpenSSL 3 knows only their names
    CAPTURE(cipher);
    openssl({"ec", "-provider", "legacy", "-provider", "default", "-in", "plain.pem", "-" + cipher,
             "-passout", "pass:secret", "-out", "old.pem"},
            dir);
    CHECK(test::code_of([&] { test::open_only_key(test::read_file(dir / "old.pem"), "secret"); }) ==
          ErrorCode::kKeyUnsupported);
  }
}

TEST_CASE("a key file cannot demand work without end") {
  const test::TempDir dir;
  openssl({"ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "plain.pem"}, dir);
  using Case =
      std::tuple<std::vector<std::string>, std::string, std::string>;  // method, bytes, put in their place
  const auto [method, modest, excessive] = GENERATE(
      Case{{"-v2", "aes-256-cbc", "-iter", "65536"}, "0203010000", "02037fffff"},
      Case{{"-v1", "PBE-SHA1-3DES", "-iter", "65536"}, "0203010000", "02037fffff"},
      Case{
          {"-scrypt", "-scrypt_N", "2", "-scrypt_r", "1", "-scrypt_p", "1"}, "020101020101", "020101020111"});
  std::vector<std::string> arguments = {"pkcs8",    "-topk8",      "-in",  "plain.pem",
                                        "-passout", "pass:secret", "-out", "encrypted.pem"};
  arguments.insert(arguments.end(), method.begin(), method.end());
  openssl(arguments, dir);
  const std::string text = test::read_file(dir / "encrypted.pem");
  PrivateKey key = test::open_only_key(text, "secret");
  CHECK(test::signs(key));

  tuf::PemBlock block = tuf::parse_pem(text).at(0);
  const tuf::Bytes from = *tuf::from_hex(modest);
  const tuf::Bytes to = *tuf::from_hex(excessive);
  const auto at = std::search(block.content.begin(), block.content.end(), from.begin(), from.end());
  REQUIRE(at != block.content.end());
  std::copy(to.begin(), to.end(), at);
  const auto error = test::error_of([&] { test::open_only_key(tuf::format_pem(block), "secret"); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kKeyUnsupported);
  CHECK_THAT(error->what(), Catch::Contains("takes too long"));
}

TEST_CASE("a damaged key is malformed, wherever it is cut") {
  const auto name = GENERATE(as<std::string>(), "ecdsa-p256", "rsa-2048", "ed25519");
  tuf::PemBlock block = tuf::parse_pem(test::read_data("vectors/keys/" + name + ".key.pem")).at(0);
  const tuf::Bytes whole = block.content;
  for (std::size_t length = 0; length < whole.size(); length += 1 + whole.size() / 40) {
    block.content.assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    CAPTURE(name, length);
    CHECK(test::code_of([&] { test::open_only_key(tuf::format_pem(block)); }) == ErrorCode::kKeyMalformed);
  }
  block.content = whole;
  block.content.push_back(0);
  CHECK(test::code_of([&] { test::open_only_key(tuf::format_pem(block)); }) == ErrorCode::kKeyMalformed);
}

TEST_CASE("an encrypted key that is cut off is malformed, not a wrong passphrase") {
  tuf::PemBlock block =
      tuf::parse_pem(
          test::read_data(
              "vectors/keystore/f093cc9abbe617650acf52a1f18c0957f925181e3a712895b11c4412b45d6523.key"))
          .at(0);
  const tuf::Bytes whole = block.content;
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{40}, whole.size() - 1}) {
    block.content.assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    CHECK(test::code_of([&] { test::open_only_key(tuf::format_pem(block), "delgpass1"); }) ==
          ErrorCode::kKeyMalformed);
  }
}

TEST_CASE("a key whose two halves do not belong together is malformed") {
  const auto [name, at] = GENERATE(table<std::string, std::size_t>({
      {"ecdsa-p256", 7 + 20},  // inside the private scalar
      {"rsa-2048", 20},        // inside the modulus
      {"ed25519", 32 + 5},     // inside the seed
      {"ed25519", 5},          // inside the first copy of the public key
      {"ed25519", 64 + 5},     // inside the second
  }));
  tuf::PemBlock block = tuf::parse_pem(test::read_data("vectors/keys/" + name + ".key.pem")).at(0);
  block.content.at(at) ^= 0x01;
  CAPTURE(name, at);
  CHECK(test::code_of([&] { test::open_only_key(tuf::format_pem(block)); }) == ErrorCode::kKeyMalformed);
}

TEST_CASE("an EC key outside the range of its curve is malformed") {
  tuf::PemBlock block = tuf::parse_pem(test::read_data("vectors/keys/ecdsa-p256.key.pem")).at(0);
  const auto value = GENERATE(as<std::uint8_t>(), 0x00, 0xff);
  std::fill_n(block.content.begin() + 7, 32, value);
  CHECK(test::code_of([&] { test::open_only_key(tuf::format_pem(block)); }) == ErrorCode::kKeyMalformed);
}
