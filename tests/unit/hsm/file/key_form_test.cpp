#include "hsm/file/key_form.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/process.h"
#include "tests/support/test_data.h"
#include "tuf/base/shell_word.h"
#include "tuf/keys/pem.h"

namespace {

using tuf::ErrorCode;

void openssl(std::vector<std::string> arguments, const test::TempDir& dir) {
  arguments.insert(arguments.begin(), "openssl");
  test::run_or_throw(arguments, {}, dir.path());
}

}  // namespace

TEST_CASE("DER is known by its structure: it gets the label that openssl gives it in PEM") {
  const test::TempDir dir;
  openssl({"ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ec.pem"}, dir);
  openssl({"genrsa", "-traditional", "-out", "rsa.pem", "2048"}, dir);
  openssl({"rsa", "-in", "rsa.pem", "-RSAPublicKey_out", "-out", "rsa1.pub"}, dir);
  for (const std::string name : {"ec", "rsa"}) {
    openssl({"pkey", "-in", name + ".pem", "-out", name + ".pkcs8"}, dir);
    openssl({"pkey", "-in", name + ".pem", "-pubout", "-out", name + ".pub"}, dir);
    openssl({"pkcs8", "-topk8", "-in", name + ".pem", "-passout", "pass:secret", "-out", name + ".encrypted"},
            dir);
    openssl({"pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES", "-in", name + ".pem", "-passout", "pass:secret",
             "-out", name + ".triple"},
            dir);
    openssl({"req", "-new", "-key", name + ".pem", "-subj", "/CN=x", "-out", name + ".csr"}, dir);
    openssl({"req", "-new", "-key", name + ".pem", "-subj", "/", "-out", name + ".nameless"}, dir);
    openssl({"req", "-x509", "-key", name + ".pem", "-subj", "/CN=x", "-out", name + ".v3"}, dir);
    openssl({"x509", "-req", "-in", name + ".csr", "-signkey", name + ".pem", "-out", name + ".v1"}, dir);
    openssl({"crl2pkcs7", "-nocrl", "-certfile", name + ".v3", "-out", name + ".p7b"}, dir);
    openssl({"pkcs12", "-export", "-in", name + ".v3", "-inkey", name + ".pem", "-passout", "pass:secret",
             "-out", name + ".p12"},
            dir);
    CHECK(hsm::der_label(tuf::as_bytes(test::read_file(dir / (name + ".p12")))) == "PKCS12");
  }
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    CAPTURE(entry.path());
    for (const tuf::PemBlock& block : tuf::parse_pem(test::read_file(entry.path()))) {
      CHECK(hsm::der_label(block.content) == block.label);
      CHECK(hsm::der_label(tuf::ByteView(block.content).first(block.content.size() - 1)).empty());  // cut
      ++files;
    }
  }
  CHECK(files == 21);
}

TEST_CASE("what is no key is no DER of one") {
  using namespace std::string_literals;
  for (const std::string& text :
       {""s, "0"s, "-----BEGIN"s, "\x30\x00"s, "\x30\x03\x02\x01\x03"s, "\x30\x05\x30\x03\x02\x01\x00"s,
        "\x30\x02\x30\x00"s, "\x30\x80\x00\x00"s, "\x30\x03\x0c\x01x"s}) {
    CHECK(hsm::der_label(tuf::as_bytes(text)).empty());
  }
}

TEST_CASE("the name of a file is put into the hint as a shell takes it") {
  const tuf::Error error(ErrorCode::kKeyUnsupported, "it is odd", "convert FILE with: cp FILE FILE.pem");
  const tuf::Error named = hsm::in_file(error, "/a b/FILE's.p12");
  CHECK(std::string(named.what()) == "/a b/FILE's.p12: it is odd");
  CHECK(named.hint() ==
        "convert '/a b/FILE'\\''s.p12' with: cp '/a b/FILE'\\''s.p12' '/a b/FILE'\\''s.p12.pem'");
  const tuf::Error variable(ErrorCode::kSecretMissing, "no passphrase", "set X_FILE, or PROFILE; see FILE");
  CHECK(hsm::in_file(variable, "/k").hint() == "set X_FILE, or PROFILE; see /k");
  CHECK(tuf::shell_word("/safe/k-1.pem") == "/safe/k-1.pem");
  CHECK(tuf::shell_word("").size() == 2);
  CHECK(tuf::shell_word("$(id)") == "'$(id)'");
  CHECK(tuf::shell_word("a;b") == "'a;b'");
}
