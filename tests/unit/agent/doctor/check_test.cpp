#include "agent/doctor/check.h"

#include "agent/doctor/once.h"
#include "tests/support/catch.h"

using agent::Ailment;
using agent::Check;
using agent::CheckResult;
using agent::Diagnosis;
using agent::Once;
using tuf::Error;
using tuf::ErrorCode;

namespace {

/// A chain that writes down what was looked at.
struct Chain {
  std::vector<Check> checks;
  std::vector<std::string> looked_at;

  void add(const std::string& name, const std::function<std::string()>& look) {
    checks.push_back({name, [this, name, look] {
                        looked_at.push_back(name);
                        return look();
                      }});
  }
};

}  // namespace

TEST_CASE("a chain that holds is looked at from its beginning to its end") {
  Chain chain;
  for (const char* name : {"first", "second", "third"})
    chain.add(name, [name] { return std::string(name) + "!"; });
  const Diagnosis diagnosis = agent::diagnose(chain.checks);
  CHECK(chain.looked_at == std::vector<std::string>{"first", "second", "third"});
  CHECK_FALSE(diagnosis.ailment);
  REQUIRE(diagnosis.checks.size() == 3);
  CHECK(diagnosis.checks[1].name == "second");
  CHECK(diagnosis.checks[1].ok);
  CHECK(diagnosis.checks[1].detail == "second!");
}

TEST_CASE("nothing is looked at below the first broken link") {
  Chain chain;
  chain.add("first", [] { return std::string(); });
  chain.add("second", []() -> std::string { throw Error(ErrorCode::kWrongPin, "wrong", "mend it"); });
  chain.add("third", []() -> std::string { throw Error(ErrorCode::kExpired, "never seen"); });
  const Diagnosis diagnosis = agent::diagnose(chain.checks);
  CHECK(chain.looked_at == std::vector<std::string>{"first", "second"});
  REQUIRE(diagnosis.checks.size() == 2);
  CHECK_FALSE(diagnosis.checks[1].ok);
  CHECK(diagnosis.checks[1].detail == "wrong");
  REQUIRE(diagnosis.ailment);
  CHECK(diagnosis.ailment->diagnosis() == "wrong-pin");
  CHECK(diagnosis.ailment->code() == ErrorCode::kWrongPin);
  CHECK(diagnosis.ailment->hint() == "mend it");
}

TEST_CASE("a diagnosis keeps the name that was given to it") {
  const std::vector<Check> chain = {
      {"only",
       []() -> std::string { throw Ailment("pin-missing", Error(ErrorCode::kSecretMissing, "no PIN")); }}};
  const Diagnosis diagnosis = agent::diagnose(chain);
  REQUIRE(diagnosis.ailment);
  CHECK(diagnosis.ailment->diagnosis() == "pin-missing");
}

TEST_CASE("a bug is no diagnosis") {
  const std::vector<Check> chain = {{"only", []() -> std::string { throw std::logic_error("bug"); }}};
  CHECK_THROWS_AS(agent::diagnose(chain), std::logic_error);
}

TEST_CASE("what was found out once is not asked for again") {
  int asked = 0;
  Once<int> value([&] { return ++asked; });
  CHECK_FALSE(value.is_known());
  CHECK(value.get() == 1);
  CHECK(value.get() == 1);
  CHECK(value.is_known());
}

TEST_CASE("what failed once is not tried again, and fails in the same way") {
  int asked = 0;
  Once<int> value([&]() -> int {
    ++asked;
    throw Ailment("wrong-pin", Error(ErrorCode::kWrongPin, "wrong"));
  });
  CHECK_THROWS_AS(value.get(), Ailment);
  CHECK_THROWS_AS(value.get(), Ailment);
  CHECK_FALSE(value.is_known());
  CHECK(asked == 1);
}
