#include "agent/report/error_table.h"

#include <openssl/pem.h>

#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tuf/base/base64.h"
#include "tuf/base/digest.h"
#include "tuf/base/hex.h"
#include "tuf/base/printable.h"

namespace {

using agent::ExitCode;
using tuf::ErrorCode;

constexpr auto kLast = ErrorCode::kOutcomeUnknown;

}  // namespace

TEST_CASE("Every error code has a name of its own, an exit code and a hint of one line") {
  std::set<std::string> names;
  for (int i = 0; i <= static_cast<int>(kLast); ++i) {
    const agent::ErrorRow row = agent::error_row(static_cast<ErrorCode>(i));
    INFO(row.name);
    CHECK(names.insert(std::string(row.name)).second);
    CHECK(row.name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == std::string::npos);
    CHECK_FALSE(row.name.empty());
    CHECK(row.hint.size() > 10);
    CHECK(row.hint.find('\n') == std::string::npos);
    CHECK(row.exit_code != ExitCode::kOk);
    CHECK(static_cast<int>(row.exit_code) <= 12);
  }
  CHECK(names.size() == static_cast<std::size_t>(kLast) + 1);
}

TEST_CASE("A number outside the list of error codes is not given a row") {
  CHECK_THROWS_AS(agent::error_row(static_cast<ErrorCode>(static_cast<int>(kLast) + 1)), tuf::Error);
}

TEST_CASE("Names and exit codes are those of the public contract") {
  const auto check = [](ErrorCode code, std::string_view name, int exit_code) {
    CHECK(agent::error_row(code).name == name);
    CHECK(static_cast<int>(agent::error_row(code).exit_code) == exit_code);
  };
  check(ErrorCode::kInternal, "INTERNAL", 1);
  check(ErrorCode::kUsage, "USAGE", 2);
  check(ErrorCode::kInvalidKeyRef, "INVALID_KEY_REF", 2);
  check(ErrorCode::kConfig, "CONFIG", 3);
  check(ErrorCode::kSecretMissing, "SECRET_MISSING", 3);
  check(ErrorCode::kMalformedMetadata, "MALFORMED_METADATA", 4);
  check(ErrorCode::kUnpinnedRoot, "UNPINNED_ROOT", 4);
  check(ErrorCode::kRepositoryBroken, "REPOSITORY_BROKEN", 4);
  check(ErrorCode::kTagMoved, "TAG_MOVED", 5);
  check(ErrorCode::kPathNotCovered, "PATH_NOT_COVERED", 5);
  check(ErrorCode::kExpiryDue, "EXPIRY_DUE", 5);
  check(ErrorCode::kNoTrustData, "NO_TRUST_DATA", 6);
  check(ErrorCode::kRoleNotFound, "ROLE_NOT_FOUND", 6);
  check(ErrorCode::kImageNotFound, "IMAGE_NOT_FOUND", 6);
  check(ErrorCode::kSourcesDisagree, "SOURCES_DISAGREE", 2);
  check(ErrorCode::kRegistryMismatch, "REGISTRY_MISMATCH", 4);
  check(ErrorCode::kUnauthorized, "UNAUTHORIZED", 7);
  check(ErrorCode::kForbidden, "FORBIDDEN", 7);
  check(ErrorCode::kServerUnreachable, "SERVER_UNREACHABLE", 8);
  check(ErrorCode::kServerRejected, "SERVER_REJECTED", 8);
  check(ErrorCode::kConflict, "CONFLICT", 9);
  check(ErrorCode::kKeyNotInRole, "KEY_NOT_IN_ROLE", 10);
  check(ErrorCode::kBadTokenSignature, "BAD_TOKEN_SIGNATURE", 10);
  check(ErrorCode::kLocked, "LOCKED", 11);
  check(ErrorCode::kOutcomeUnknown, "OUTCOME_UNKNOWN", 12);
}

TEST_CASE("An error's own hint comes before that of the table") {
  CHECK(agent::hint_of(tuf::Error(ErrorCode::kConflict, "m", "do this")) == "do this");
  CHECK(agent::hint_of(tuf::Error(ErrorCode::kConflict, "m")) == agent::error_row(ErrorCode::kConflict).hint);
}

TEST_CASE("A hint shows the values that are known, each as a word of a shell; the nearest knows best") {
  const tuf::Error error(ErrorCode::kKeyNotInRole, "m",
                         "run: countersign delegation add REPO ROLE --key MY_REPO REPO2");
  CHECK(agent::hint_of(error) == error.hint());
  CHECK(agent::hint_of(error.with_value("REPO", "h/app").with_value("REPO", "h/other")) ==
        "run: countersign delegation add h/app ROLE --key MY_REPO REPO2");
  CHECK(agent::hint_of(error.with_value("ROLE", "a b").with_context("c").with_value("REPO", "REPO ROLE")) ==
        "run: countersign delegation add 'REPO ROLE' 'a b' --key MY_REPO REPO2");
  CHECK(agent::hint_of(tuf::Error(ErrorCode::kNotSigned, "m").with_value("REPO", "h/app")) ==
        "see what is signed with: countersign list h/app");
}

TEST_CASE("Printable text keeps what can be read and escapes what could forge a line or a terminal") {
  using tuf::printable;
  CHECK(tuf::printable("registry.example.com/app:1.0 \"x\" \\n") == "registry.example.com/app:1.0 \"x\" \\n");
  CHECK(tuf::printable("größe ☃ 🐳") == "größe ☃ 🐳");
  CHECK(tuf::printable("a\nb\rc\td") == "a\\nb\\rc\\td");
  CHECK(tuf::printable("\x1b[31m") == "\\x1b[31m");
  CHECK(tuf::printable(std::string_view("\0", 1)) == "\\x00");
  CHECK(tuf::printable("\x7f") == "\\x7f");
  CHECK(tuf::printable("\xc2\x9b") == "\\x9b");                         // C1: CSI in one character
  CHECK(tuf::printable("\xe2\x80\xae") == "\\u{202e}");                 // right-to-left override
  CHECK(tuf::printable("\xe2\x80\xa8") == "\\u{2028}");                 // line separator
  CHECK(tuf::printable("\xff\xfe") == "\\xff\\xfe");                    // not UTF-8
  CHECK(tuf::printable("\xc0\x8a") == "\\xc0\\x8a");                    // newline, overlong
  CHECK(tuf::printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // surrogate
  CHECK(tuf::printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
  CHECK(tuf::printable("a\xe2\x80") == "a\\xe2\\x80");                  // cut off
}

TEST_CASE("Text from outside is shown without the PIN of a token URI and the password of a URL") {
  using tuf::printable;
  CHECK(tuf::printable("key pkcs11:token=ci?pin-value=1234&module-path=/m.so is") ==
        "key pkcs11:token=ci?pin-value=…&module-path=/m.so is");
  CHECK(tuf::printable("'pkcs11:?PIN-VALUE=1234'") == "'pkcs11:?PIN-VALUE=…'");
  CHECK(tuf::printable("pin_value:1234 pinvalue=5678") == "pin_value:… pinvalue=…");
  CHECK(tuf::printable("pkcs11:token=ci:pin-value%3D4321?module-path=/m.so&x=y") ==
        "pkcs11:token=ci:pin-value%3D…&x=y");
  CHECK(tuf::printable("object=jk%23pin-value%3d4321;token=a") == "object=jk%23pin-value%3d…;token=a");
  CHECK(tuf::printable("jk%3Fpin-value%3A4321 jk%2Cpinvalue=4321") == "jk%3Fpin-value%3A… jk%2Cpinvalue=…");
  CHECK(tuf::printable("jk%26pin=4321 jk%26PIN%3D4321 pin=4321;") == "jk%26pin=… jk%26PIN%3D… pin=…;");
  CHECK(tuf::printable("jk,pin%3d4321 so-pin=4321 COUNTERSIGN_PIN=4321") ==
        "jk,pin%3d… so-pin=… COUNTERSIGN_PIN=…");
  for (const std::string harmless :
       {"spin=1", "pin: none", "pin-source=/run/pin", "pin=", "pin%3D", "repo pin=", "%2spin=1", "pin%2F=1"})
    CHECK(tuf::printable(harmless) == harmless);
  CHECK(tuf::printable("pin-value") == "pin-value");
  CHECK(tuf::printable("pin-value=") == "pin-value=");  // the empty PIN, which can be pasted
  CHECK(tuf::printable("proxy 'http://ci:s3cr@t@proxy.example.com:3128/x@y'") ==
        "proxy 'http://…@proxy.example.com:3128/x@y'");
  CHECK(tuf::printable("https://token@a.example.com and https://b.example.com/@c") ==
        "https://…@a.example.com and https://b.example.com/@c");
  CHECK(tuf::printable("https://ci:secret@a.example.com", 12) ==
        "https://…@…");  // 12 bytes, of which 3 are the dots
  const std::string once = tuf::printable("https://u:p@h pin-value=1234 a%26pin%3D1234");
  CHECK(tuf::printable(once) == once);
}

TEST_CASE("What is not seen in a name is shown") {
  using tuf::printable;
  for (const char* invisible : {"\u00ad", "\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2060",
                                "\u2064", "\ufeff", "\u3164", "\U000e0001", "\U000e0041", "\U000e007f"}) {
    CAPTURE(tuf::printable(invisible));
    CHECK_THAT(tuf::printable(invisible), Catch::StartsWith("\\"));
  }
  CHECK(tuf::printable("\u00ad\u200b\U000e0041") == "\\xad\\u{200b}\\u{e0041}");
  CHECK(tuf::printable("\u2065\u3165\U000e0080") == "\u2065\u3165\U000e0080");
}

TEST_CASE("A login in front of a host is not repeated, with or without a scheme") {
  using tuf::printable;
  CHECK(tuf::printable("image \"ci:s3cr@t=@r.example/app:1\" is") == "image \"…@r.example/app:1\" is");
  CHECK(tuf::printable("ci:s3cret@localhost:5000/a and u:p@[::1]/b") == "…@localhost:5000/a and …@[::1]/b");
  CHECK(tuf::printable("REPO=ci:s3cret@r.example") == "…@r.example");
  const std::string digest = "@sha256:" + std::string(64, 'a');
  CHECK(tuf::printable("u:p@r.example:1" + digest) == "…@r.example:1" + digest);
  for (const std::string& harmless :
       {"app:1.0" + digest, "r.example:5000/app:1.0" + digest, digest, std::string("someone@r.example: x"),
        std::string("pkcs11:token=a@b/c"), std::string("https://h.example/?run=1")})
    CHECK(tuf::printable(harmless) == harmless);
  CHECK(tuf::printable("server file:ci:s3cret@r.example is") == "server …@r.example is");
  CHECK(tuf::printable("'file:/srv/ci:s3c/ret@r.example/a'") == "'…@r.example/a'");
  for (const std::string harmless : {"file:/var/jenkins/job@2/trust", "file:/srv/a:b/c"})
    CHECK(tuf::printable(harmless) == harmless);
  const std::string once = tuf::printable("u:p@h https://u:p@h/?t=S file:/u:p@h");
  CHECK(tuf::printable(once) == once);
}

TEST_CASE("A URL is shown without a password whose host was forgotten, and without secrets in its query") {
  using tuf::printable;
  CHECK(printable("URL \"https://user:S3cret\" is") == "URL \"https://user:…\" is");
  CHECK(printable("http://user:12ab/x") == "http://user:…/x");
  CHECK(printable("app:1?token=S3cret is") == "app:1?token=… is");
  CHECK(printable("https://h/x?run=1&access_token=S3cret&page=2#t") ==
        "https://h/x?run=1&access_token=…&page=2#t");
  CHECK(printable("?X-Amz-Signature=abc&sig=def&password=x&client_secret=y") ==
        "?X-Amz-Signature=…&sig=…&password=…&client_secret=…");
  for (const std::string harmless :
       {"https://h:4443", "https://h:4443: no such host", "https://[::1]:4443/x",
        "write https://HOST[:PORT], or", "http_proxy=http://HOST:PORT", "docker://alpine:latest",
        "https://h/?run=1&page=2", "pkcs11:token=ci", "https://h:", "?token="})
    CHECK(printable(harmless) == harmless);
  const std::string once = printable("https://u:S3cret ?token=S3cret");
  CHECK(printable(once) == once);
}

TEST_CASE("A key that was given in the place of its file's name is not shown") {
  using tuf::printable;
  const std::string begin = "-----BEGIN PRIVATE KEY-----";
  const std::string key = begin + "\nS3cret+/=\n-----END PRIVATE KEY-----\n";
  CHECK(printable("\"" + key + "\" names no key") == "\"" + begin + "…\\n\" names no key");
  CHECK(printable("\"" + begin + "\\nS3cret\" names no key") == "\"" + begin + "…\" names no key");
  CHECK(printable("there is no key file " + begin + "\nS3cret=…") == "there is no key file " + begin + "…");
  CHECK(printable(printable(key + key)) == printable(key + key));
  for (const std::string head :
       {"----BEGIN PRIVATE KEY----", "BEGIN RSA PRIVATE KEY", "\u2014BEGIN ENCRYPTED PRIVATE KEY\u2014",
        "--BEGIN EC PRIVATE KEY\u2013\u2013-", "-----BEGIN PRIVATE KEY----",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----"}) {
    CHECK(printable("\"" + head + "\nS3cret+/=\n----END PRIVATE KEY----\" names no key") ==
          "\"" + head + "…\" names no key");
    CHECK(printable("no file " + head + " S3CRET") == "no file " + head + "…");
    CHECK(printable(printable(head + "S3CRET")) == printable(head + "S3CRET"));
  }
  for (const std::string& harmless :
       {"\"" + begin + "\" names no key", std::string("awk '/-----BEGIN/ {n++} n'"),
        std::string("----BEGIN CERTIFICATE---- is none"), std::string("BEGIN with a PRIVATE KEY")})
    CHECK(printable(harmless) == harmless);
}

namespace {

std::string pem_of(EVP_PKEY* key, bool traditional, const char* passphrase) {
  BIO* out = BIO_new(BIO_s_mem());
  if (traditional) {
    PEM_write_bio_PrivateKey_traditional(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  } else {
    PEM_write_bio_PKCS8PrivateKey(out, key, passphrase ? EVP_aes_256_cbc() : nullptr, passphrase,
                                  passphrase ? 6 : 0, nullptr, nullptr);
  }
  char* text = nullptr;
  const long length = BIO_get_mem_data(out, &text);
  std::string pem(text, static_cast<std::size_t>(length));
  BIO_free(out);
  return pem;
}

/// In PEM, in the forms that there are.
std::vector<std::string> private_keys() {
  std::vector<std::string> keys;
  for (EVP_PKEY* key : {EVP_EC_gen("P-256"), EVP_EC_gen("P-521"), EVP_RSA_gen(2048),
                        EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")}) {
    keys.push_back(pem_of(key, false, nullptr));
    keys.push_back(pem_of(key, false, "S3cret"));
    if (!EVP_PKEY_is_a(key, "ED25519")) keys.push_back(pem_of(key, true, nullptr));
    EVP_PKEY_free(key);
  }
  return keys;
}

}  // namespace

TEST_CASE("Nor is one in base64, as the variables of CI systems hold them") {
  using tuf::printable;
  const auto encoded = [](const std::string& bytes) { return tuf::to_base64(tuf::as_bytes(bytes)); };
  for (const std::string& pem : private_keys()) {
    std::string body;  // of the PEM, on one line
    std::istringstream lines(pem);
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("-")) body += line;
    }
    for (const std::string& key : {encoded(pem), encoded(encoded(pem)), body, encoded(body)}) {
      CAPTURE(key);
      CHECK(printable("there is no key file " + key + ", or \"" + key + "\"") ==
            "there is no key file …, or \"…\"");
      CHECK(printable(key.substr(0, 64)) == "…");
    }
  }
  const std::string id = tuf::to_hex(tuf::sha256(tuf::as_bytes("a key")));
  for (const std::string& harmless :
       {id, "sha256:" + id, std::string("/builds/Group1/MIIabcdefghijklmnopqrstuvwxyz/KEY0123456789.pem"),
        std::string("registry.example.com/team/ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop/app")})
    CHECK(printable(harmless) == harmless);
}

TEST_CASE("Making text printable twice changes nothing more") {
  const std::string once = tuf::printable("a\n\x1b\xff\xe2\x80\xae\\x");
  CHECK(tuf::printable(once) == once);
}

TEST_CASE("Printable text is cut between characters") {
  CHECK(tuf::printable("abcdef", 3) == "abc…");
  CHECK(tuf::printable("abc", 3) == "abc");
  CHECK(tuf::printable("abü", 3) == "ab…");
}
