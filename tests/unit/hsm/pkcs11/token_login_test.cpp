// Which token, which PIN: on SoftHSM.
#include <sys/stat.h>

#include <cstdlib>

#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/process.h"
#include "tests/support/soft_hsm.h"
#include "tests/unit/hsm/pkcs11/token_fixture.h"

namespace {

using test::SoftHsm;
using test::TokenBench;
using tuf::ErrorCode;

constexpr const char* kWrongPin = "55512399";

std::string message(const std::optional<tuf::Error>& error) {
  return error ? error->what() + std::string(" / ") + error->hint() : "";
}
bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a token that is not there is an error that lists those that are") {
  const SoftHsm hsm;
  hsm.add_token("prod");
  hsm.add_token("stage");
  TokenBench bench(hsm.dir().path());
  const auto error = test::error_of([&] { bench.open(SoftHsm::uri("token=ci;object=k")); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kTokenNotFound);
  CHECK(contains(error->what(), "pkcs11:token=ci"));
  CHECK(contains(error->what(), "'prod' (serial "));
  CHECK(contains(error->what(), "label is 'stage'"));
}

TEST_CASE("an error tells which attribute of the token does not fit") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  TokenBench bench(hsm.dir().path());
  const auto error = test::error_of([&] { bench.open(SoftHsm::uri("token=ci;serial=00")); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kTokenNotFound);
  CHECK(contains(error->what(), "serial is '"));
  CHECK_FALSE(contains(error->what(), "label is"));
}

TEST_CASE("two tokens with one label are told apart by serial, and never guessed") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_token("ci");
  TokenBench bench(hsm.dir().path());
  const auto error = test::error_of([&] { bench.open(SoftHsm::uri("token=ci;object=k")); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kTokenAmbiguous);
  CHECK(contains(error->what(), "2 tokens fit"));
  const auto tokens = bench.tokens().list(hsm::TokenUri::parse(SoftHsm::uri("token=ci")));
  REQUIRE(tokens.size() == 2);
  CHECK(tokens[0].serial != tokens[1].serial);
  bench.tokens().generate_key(hsm::TokenUri::parse(tokens[0].uri), "k", hsm::KeyAlgorithm::kP256);
  CHECK(test::signs(*bench.open(SoftHsm::uri("serial=" + tokens[0].serial + ";object=k"))));
  CHECK(test::code_of([&] { bench.open(SoftHsm::uri("serial=" + tokens[1].serial + ";object=k")); }) ==
        ErrorCode::kKeyNotFound);
}

TEST_CASE("without any initialised token nothing hangs") {
  const SoftHsm hsm;
  TokenBench bench(hsm.dir().path());
  const auto error = test::error_of([&] { bench.open(SoftHsm::uri("token=ci")); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kTokenNotFound);
  CHECK(contains(error->what(), "no initialised token"));
  const auto tokens = bench.tokens().list(hsm::TokenUri::parse(SoftHsm::uri("")));
  REQUIRE(tokens.size() == 1);
  CHECK_FALSE(tokens[0].initialised);
  CHECK(tokens[0].uri.empty());
}

TEST_CASE("a wrong PIN is tried once, and the message says so and what the token reports") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "EC:prime256v1", "k", "01");
  TokenBench bench(hsm.dir().path(), kWrongPin);
  const std::string uri = SoftHsm::uri("token=ci;object=k");
  const auto error = test::error_of([&] { bench.open(uri); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kWrongPin);
  CHECK(contains(error->what(), "COUNTERSIGN_PIN"));
  CHECK(contains(error->what(), "tried once"));
  CHECK(contains(error->what(), "tries are running out"));
  CHECK_FALSE(contains(message(error), kWrongPin));
  // The right PIN by another way makes no difference in this run.
  const auto again = test::error_of([&] { bench.open(uri + "&pin-value=" + SoftHsm::kPin); });
  REQUIRE(again);
  CHECK(again->code() == ErrorCode::kWrongPin);
  CHECK(contains(again->what(), "not tried again"));
}

TEST_CASE("after a wrong PIN the next run still signs with the right one, and is told to be careful") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "EC:prime256v1", "k", "01");
  {
    TokenBench wrong(hsm.dir().path(), kWrongPin);
    CHECK(test::code_of([&] { wrong.open(SoftHsm::uri("token=ci;object=k")); }) == ErrorCode::kWrongPin);
  }
  TokenBench bench(hsm.dir().path());
  CHECK(test::signs(*bench.open(SoftHsm::uri("token=ci;object=k"))));
  CHECK(bench.warnings == std::vector<std::string>{"PIN_COUNT_LOW"});
}

TEST_CASE("the PIN is looked for in pin-source, then in COUNTERSIGN_PIN, then in pin-value") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "EC:prime256v1", "k", "01");
  const std::string uri = SoftHsm::uri("token=ci;object=k");
  const std::string file = (hsm.dir() / "pin").string();
  test::write_file(file, std::string(SoftHsm::kPin) + "\nsecond line\n");
  ::chmod(file.c_str(), 0600);

  SECTION("pin-source before the variable") {
    TokenBench bench(hsm.dir().path(), kWrongPin);
    const auto key = bench.open(uri + "&pin-source=" + file);
    CHECK(test::signs(*key));
    CHECK(bench.warnings.empty());
  }
  SECTION("the variable before pin-value") {
    TokenBench bench(hsm.dir().path());
    CHECK(test::signs(*bench.open(uri + "&pin-value=" + kWrongPin)));
    CHECK(bench.warnings.empty());
  }
  SECTION("pin-value last, with a warning that does not repeat it") {
    TokenBench bench(hsm.dir().path(), "");
    CHECK(test::signs(*bench.open(uri + "&pin-value=" + SoftHsm::kPin)));
    CHECK(bench.warnings == std::vector<std::string>{"PIN_IN_URI"});
    CHECK_FALSE(contains(bench.warning_text, SoftHsm::kPin));
  }
  SECTION("a pin-source that cannot be read does not fall through to another PIN") {
    TokenBench bench(hsm.dir().path());
    const auto error = test::error_of([&] { bench.open(uri + "&pin-source=/nonexistent/pin"); });
    REQUIRE(error);
    CHECK(error->code() == ErrorCode::kFileUnreadable);
    CHECK(contains(error->what(), "/nonexistent/pin"));
  }
  SECTION("an empty PIN is a missing one and is not tried") {
    TokenBench bench(hsm.dir().path());
    bench.secrets = hsm::SecretSource(std::map<std::string, std::string>{{"COUNTERSIGN_PIN", ""}});
    CHECK(test::code_of([&] { bench.open(uri); }) == ErrorCode::kSecretMissing);
  }
  SECTION("the file twin of the variable") {
    TokenBench bench(hsm.dir().path());
    bench.secrets = hsm::SecretSource(std::map<std::string, std::string>{{"COUNTERSIGN_PIN_FILE", file}});
    CHECK(test::signs(*bench.open(uri)));
  }
}

TEST_CASE("a module that cannot be used is an error that names it, and nothing is printed") {
  const test::TempDir dir;
  TokenBench bench(dir.path());
  test::write_file(dir / "text.so", "no library");
  const auto attempt = [&](const std::string& path) {
    return test::error_of([&] { bench.open("pkcs11:token=ci?module-path=" + path); });
  };
  for (const auto& [path, part] : std::vector<std::pair<std::string, std::string>>{
           {"/nonexistent/module.so", "No such file"},
           {(dir / "text.so").string(), "text.so"},
           {dir.path().string(), "not a file"},
           {"/usr/lib/x86_64-linux-gnu/libcrypto.so.3", "C_GetFunctionList"}}) {
    INFO(path);
    if (path.find("libcrypto") != std::string::npos && !std::filesystem::exists(path)) continue;
    const auto error = attempt(path);
    REQUIRE(error);
    CHECK(error->code() == ErrorCode::kModuleFailed);
    CHECK(contains(error->what(), path));
    CHECK(contains(error->what(), part));
  }
  bench.settings.module_path = "relative.so";
  bench.made.reset();
  CHECK(test::code_of([&] { bench.open("pkcs11:token=ci"); }) == ErrorCode::kModuleFailed);
}

TEST_CASE("the module is the URI's, else the configured one, else what p11-kit knows") {
  const SoftHsm hsm;
  hsm.add_token("countersign-p11-kit");
  hsm.add_key("countersign-p11-kit", "EC:prime256v1", "k", "01");
  SECTION("configured") {
    TokenBench bench(hsm.dir().path());
    bench.settings.module_path = SoftHsm::module();
    const auto key = bench.open("pkcs11:token=countersign-p11-kit;object=k");
    CHECK(test::signs(*key));
    CHECK(contains(key->uri(), "module-path=" + SoftHsm::module()));
  }
  SECTION("p11-kit's") {
    // As root p11-kit reads the system's configuration only, which Debian's softhsm2 extends.
    if (!std::filesystem::exists("/usr/share/p11-kit/modules/softhsm2.module")) return;
    TokenBench bench(hsm.dir().path());
    CHECK(test::signs(*bench.open("pkcs11:token=countersign-p11-kit;object=k")));
  }
}

TEST_CASE("one module is loaded once, however it is named") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "EC:prime256v1", "k", "01");
  TokenBench bench(hsm.dir().path());
  const auto key = bench.open(SoftHsm::uri("token=ci;object=k"));
  std::filesystem::create_symlink(SoftHsm::module(), hsm.dir() / "alias.so");
  const auto same = bench.open("pkcs11:token=ci;object=k?module-path=" + (hsm.dir() / "alias.so").string());
  CHECK(same->public_key().id() == key->public_key().id());
  // A second user in the same process would finalize the module under the first.
  TokenBench other(hsm.dir().path());
  CHECK(test::code_of([&] { other.open(SoftHsm::uri("token=ci;object=k")); }) == ErrorCode::kModuleFailed);
  CHECK(test::signs(*key));
}

TEST_CASE("a key outlives the object it was opened by") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "EC:prime256v1", "k", "01");
  std::shared_ptr<hsm::TokenKey> key;
  std::shared_ptr<evp_pkey_st> for_openssl;
  {
    TokenBench bench(hsm.dir().path());
    key = bench.open(SoftHsm::uri("token=ci;object=k"));
    for_openssl = key->openssl_key();
  }
  CHECK(test::signs(*key));
  key.reset();
  CHECK(for_openssl.use_count() == 1);
}
