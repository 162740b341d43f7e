// Faults that a real token shows only on a bad day: on the scripted module.
#include <unistd.h>

#include "hsm/key_ring.h"
#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/fake_module.h"
#include "tests/support/forked.h"
#include "tests/unit/hsm/pkcs11/token_fixture.h"

namespace {

using hsm::TokenUri;
using test::FakeModule;
using test::TokenBench;
using tuf::ErrorCode;

constexpr const char* kPin = "1234";

bool is_token_error(const tuf::Error& error) {
  return error.code() == ErrorCode::kTokenFailed || error.code() == ErrorCode::kModuleFailed ||
         error.code() == ErrorCode::kKeyUnsupported;
}

/// Opens the key and signs twice.
std::optional<tuf::Error> open_and_sign(const FakeModule& fake, const std::string& pin = kPin) {
  TokenBench bench(fake.dir().path(), pin);
  return test::error_of([&] {
    const auto key = bench.open(fake.uri(";object=key"));
    const bool one = test::signs(*key, "one");  // not inside CHECK, which keeps exceptions to itself
    const bool two = test::signs(*key, "two");
    CHECK(one);
    CHECK(two);
  });
}

std::optional<ErrorCode> outcome(const std::string& script, const std::string& pin = kPin) {
  const FakeModule fake(script);
  const auto error = open_and_sign(fake, pin);
  if (error) UNSCOPED_INFO(script << ": " << error->what());
  CHECK(fake.calls("C_Initialize") == 1);
  CHECK(fake.calls("C_Finalize") == 1);
  return error ? std::optional(error->code()) : std::nullopt;
}

}  // namespace

TEST_CASE("a run on a good token initializes, logs in and finalizes once") {
  const FakeModule fake;
  CHECK_FALSE(open_and_sign(fake));
  CHECK(fake.calls("C_Initialize") == 1);
  CHECK(fake.calls("C_Login") == 1);
  CHECK(fake.calls("C_Sign") == 2);
  CHECK(fake.calls("C_Finalize") == 1);
}

TEST_CASE("no log-in is tried when the PIN is locked or at its last try") {
  const auto [script, code] = GENERATE(table<std::string, ErrorCode>({
      {"flags=0x40000", ErrorCode::kPinLocked},
      {"flags=0x20000", ErrorCode::kPinFinalTry},
      {"flags=0x60000", ErrorCode::kPinLocked},
  }));
  const FakeModule fake(script);
  const auto error = open_and_sign(fake);
  REQUIRE(error);
  CHECK(error->code() == code);
  CHECK(fake.calls("C_Login") == 0);
  CHECK(fake.calls("C_Finalize") == 1);
}

TEST_CASE("a wrong PIN means one C_Login, and the message tells what the token reports") {
  const auto [flags, report] = GENERATE(table<std::string, std::string>({
      {"0x10000", "tries are running out"},
      {"0x20000", "one try is left"},
      {"0x40000", "locked now"},
      {"0", "no number of tries"},
  }));
  const FakeModule fake("after-wrong-pin=" + flags);
  TokenBench bench(fake.dir().path(), "9999");
  for (int i = 0; i < 3; ++i) {
    const auto error = test::error_of([&] { bench.open(fake.uri(";object=key")); });
    REQUIRE(error);
    CHECK(error->code() == ErrorCode::kWrongPin);
    CHECK(std::string(error->what()).find(report) != std::string::npos);
  }
  CHECK(fake.calls("C_Login") == 1);
}

TEST_CASE("no failure of C_Login is answered with another") {
  for (const auto& [rv, code] :
       std::vector<std::pair<std::string, ErrorCode>>{{"0xa4", ErrorCode::kPinLocked},
                                                      {"0xa1", ErrorCode::kWrongPin},
                                                      {"0xa2", ErrorCode::kWrongPin},
                                                      {"0xa3", ErrorCode::kTokenFailed},
                                                      {"0x102", ErrorCode::kTokenFailed},
                                                      {"0x5", ErrorCode::kTokenFailed},
                                                      {"0x6", ErrorCode::kTokenFailed},
                                                      {"0xb3", ErrorCode::kTokenFailed}}) {
    const FakeModule fake("fail=C_Login@*:" + rv);
    const auto error = open_and_sign(fake);
    INFO(rv);
    REQUIRE(error);
    CHECK(error->code() == code);
    CHECK(fake.calls("C_Login") == 1);
  }
}

TEST_CASE("a lost session is opened again once, and the log-in with it") {
  const auto rv = GENERATE("0xb3", "0xb0");
  const auto function = GENERATE("C_SignInit@1", "C_SignInit@2", "C_Sign@1", "C_Sign@2");
  const FakeModule fake(std::string("lose=") + function + ":" + rv);
  const auto error = open_and_sign(fake);
  INFO(function << (error ? error->what() : ""));
  CHECK_FALSE(error);
  CHECK(fake.calls("C_Login") == 2);
}

TEST_CASE("a session that is lost again and again is given up") {
  const FakeModule fake("lose=C_Sign@*:0xb3");
  const auto error = open_and_sign(fake);
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kTokenFailed);
  CHECK(fake.calls("C_Sign") == 2);
  CHECK(fake.calls("C_Login") == 2);
}

TEST_CASE("a session that is lost before the log-in succeeded costs no second log-in") {
  const FakeModule fake("lose=C_Login@1:0xb3");
  const auto error = open_and_sign(fake);
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kTokenFailed);
  CHECK(fake.calls("C_Login") == 1);
}

TEST_CASE("a user who is logged out in mid-run is logged in again once in the whole run") {
  {
    const FakeModule fake("logout=C_SignInit@2");
    CHECK_FALSE(open_and_sign(fake));
    CHECK(fake.calls("C_Login") == 2);
  }
  const FakeModule fake("logout=C_SignInit@1;logout=C_SignInit@3");
  const auto error = open_and_sign(fake);
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kTokenFailed);
  CHECK(std::string(error->what()).find("CKR_USER_NOT_LOGGED_IN") != std::string::npos);
  CHECK(fake.calls("C_Login") == 2);
}

TEST_CASE("no second log-in is tried against a lock that appeared in mid-run") {
  const FakeModule fake("logout=C_SignInit@1;fail=C_Login@2:0xa0");
  const auto error = open_and_sign(fake);
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kWrongPin);
  CHECK(fake.calls("C_Login") == 2);
}

TEST_CASE("an operation in progress or a failed function gets a new session once") {
  const auto rv = GENERATE("0x90", "0x6");
  {
    const FakeModule fake(std::string("fail=C_SignInit@1:") + rv);
    CHECK_FALSE(open_and_sign(fake));
    CHECK(fake.calls("C_Login") == 1);
  }
  const FakeModule fake(std::string("fail=C_SignInit@*:") + rv);
  const auto error = open_and_sign(fake);
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kTokenFailed);
  CHECK(fake.calls("C_SignInit") == 2);
}

TEST_CASE("a token that is pulled or breaks while signing is given up at once") {
  const auto rv = GENERATE("0x32", "0xe0", "0x30", "0x31", "0x2", "0x5");
  const FakeModule fake(std::string("fail=C_Sign@1:") + rv);
  const auto error = open_and_sign(fake);
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kTokenFailed);
  CHECK(std::string(error->what()).find("C_Sign failed: CKR_") != std::string::npos);
  CHECK(fake.calls("C_Sign") == 1);
  CHECK(fake.calls("C_Finalize") == 1);
}

TEST_CASE("a signature that the public key does not verify never comes out") {
  for (const std::string kind : {"flip", "short", "other"}) {
    INFO(kind);
    CHECK(outcome("signature=" + kind) == ErrorCode::kBadTokenSignature);
  }
}

TEST_CASE("a key that wants its PIN for every signature is logged in to between C_SignInit and C_Sign") {
  {
    const FakeModule fake("always-authenticate");
    CHECK_FALSE(open_and_sign(fake));
    CHECK(fake.calls("C_Login") == 3);
  }
  // A refusal there is as final as anywhere.
  const FakeModule fake("always-authenticate;fail=C_Login@2:0xa0");
  const auto error = open_and_sign(fake);
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kWrongPin);
  CHECK(fake.calls("C_Login") == 2);
}

TEST_CASE("a token with room for one session only is logged in to and signs") {
  const FakeModule fake("max-sessions=1");
  CHECK_FALSE(open_and_sign(fake));
  CHECK(fake.calls("C_Login") == 1);
  // Even when that session is lost.
  const FakeModule again("max-sessions=1;lose=C_Sign@1:0xb3");
  CHECK_FALSE(open_and_sign(again));
}

TEST_CASE("libp11 is not asked for a session that it would wait for") {
  const FakeModule fake("max-sessions=1");
  TokenBench bench(fake.dir().path(), kPin);
  const auto key = bench.open(fake.uri(";object=key"));
  const auto error = test::error_of([&] { key->openssl_key(); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kTokenFailed);
  CHECK(std::string(error->what()).find("CKR_SESSION_COUNT") != std::string::npos);
}

TEST_CASE("a token without log-in is used without a PIN") {
  CHECK(outcome("unprotected", "") == std::nullopt);
}

TEST_CASE("a public point that is not wrapped is read all the same") {
  CHECK(outcome("point=raw") == std::nullopt);
}

TEST_CASE("an EC key without any public half is refused before it signs") {
  const FakeModule fake("no-public");
  const auto error = open_and_sign(fake);
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kKeyMalformed);
  CHECK(fake.calls("C_SignInit") == 0);
}

TEST_CASE("whichever call fails, the error is one of KEY and the module is closed") {
  // How often each function is called when nothing fails.
  std::map<std::string, int> calls;
  {
    const FakeModule fake;
    REQUIRE_FALSE(open_and_sign(fake));
    for (const char* function :
         {"C_Initialize", "C_GetInfo", "C_GetSlotList", "C_GetSlotInfo", "C_GetTokenInfo", "C_OpenSession",
          "C_Login", "C_FindObjectsInit", "C_FindObjects", "C_FindObjectsFinal", "C_GetAttributeValue",
          "C_SignInit", "C_Sign"}) {
      calls[function] = fake.calls(function);
      CHECK(calls[function] > 0);
    }
  }
  // libp11 waits forever when its own session is refused; the watchdog has a test for it below.
  --calls["C_OpenSession"];
  for (const auto& [function, count] : calls) {
    for (int n = 1; n <= count; ++n) {
      for (const std::string rv : {"0x30", "0x2", "0x6", "0x80000001"}) {
        const FakeModule fake("fail=" + function + "@" + std::to_string(n) + ":" + rv);
        const auto outcome_here = [&] {
          const auto error = open_and_sign(fake);
          return !error || is_token_error(*error) ? 0 : 1;
        };
        INFO(function << "@" << n << " " << rv);
        // libp11 loses some memory when it cannot list the slots; a process of its own keeps that from being
        // ours.
        const bool lists_slots = function == "C_GetSlotInfo" || function == "C_GetTokenInfo";
        CHECK((lists_slots ? test::forked(outcome_here).exit_code : outcome_here()) == 0);
        // libp11 finalizes whatever it initialized, and nothing else.
        CHECK(fake.calls("C_Finalize") == (function == "C_Initialize" ? 0 : 1));
        CHECK(fake.calls("C_Login") <= 1);
      }
    }
  }
}

namespace {

/// As a front door may decide.
void end_process(const tuf::Error& error) {
  const std::string text = std::string(error.what()) + "\nhint: " + error.hint();
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, text.data(), text.size());
  ::_exit(10);
}

}  // namespace

TEST_CASE("of a call that never returns whoever runs the process is told") {
  const std::string where = GENERATE("C_Initialize@1", "C_GetSlotList@1", "C_Login@1", "C_FindObjects@1",
                                     "C_Sign@2", "C_CloseSession@2", "C_Finalize@1");
  const FakeModule fake("hang=" + where);
  const auto child = test::forked([&]() -> int {
    TokenBench bench(fake.dir().path(), kPin);
    bench.settings.deadline = std::chrono::milliseconds(300);
    bench.settings.on_deadline = end_process;
    const auto key = bench.open(fake.uri(";object=key"));
    key->sign(tuf::as_bytes("one"));
    key->sign(tuf::as_bytes("two"));
    return 0;
  });
  INFO(where << ": " << child.errors);
  CHECK(child.exit_code == 10);
  CHECK(child.errors.find("no answer within 0.3 s\nhint: ") != std::string::npos);
}

TEST_CASE("libp11 waiting for a session that it cannot have is told, too") {
  // Ours opens, the probe opens, libp11's does not.
  const FakeModule fake("fail=C_OpenSession@3:0x30");
  const auto child = test::forked([&]() -> int {
    TokenBench bench(fake.dir().path(), kPin);
    bench.settings.deadline = std::chrono::milliseconds(300);
    bench.settings.on_deadline = end_process;
    bench.open(fake.uri(";object=key"));
    return 0;
  });
  CHECK(child.exit_code == 10);
}

TEST_CASE("listing the keys of a token needs no PIN and no log-in") {
  const FakeModule fake;
  {
    TokenBench bench(fake.dir().path(), "");
    hsm::KeyRing ring;
    ring.add(bench.tokens().key_source(TokenUri::parse(fake.uri())));
    CHECK(ring.keys().size() == 1);
    CHECK(test::code_of([&] { ring.signer(ring.keys().front().canonical_id); }) == ErrorCode::kSecretMissing);
  }
  CHECK(fake.calls("C_Login") == 0);
}

TEST_CASE("a token that does not fit is never logged in to") {
  const FakeModule fake;
  {
    TokenBench bench(fake.dir().path(), kPin);
    CHECK(test::code_of([&] { bench.open("pkcs11:token=other?module-path=" + FakeModule::path()); }) ==
          ErrorCode::kTokenNotFound);
  }
  CHECK(fake.calls("C_Login") == 0);
  CHECK(fake.calls("C_OpenSession") == 0);
}
