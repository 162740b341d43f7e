#include "agent/config/environment.h"

#include "tests/support/catch.h"
#include "tests/support/variable.h"

using test::Variable;

TEST_CASE("Variables are read as they are, and an empty one counts as not set") {
  const Variable home("HOME", "/home/ci");
  const Variable docker("DOCKER_CONFIG", "/docker");
  const Variable server("DOCKER_CONTENT_TRUST_SERVER", "");
  const Variable module("COUNTERSIGN_PKCS11_MODULE", std::nullopt);
  const Variable audit_log("COUNTERSIGN_AUDIT_LOG", "/var/log/audit");
  const Variable timeout("COUNTERSIGN_TIMEOUT", "90s");
  const Variable pins("COUNTERSIGN_TRUST_ROOT", "  abc\r\n\nreg/app=def\n");
  const Variable keys("COUNTERSIGN_KEY", "pkcs11:token=a b;object=k\nci.pem");
  const Variable policy("COUNTERSIGN_POLICY", "policy.json");
  const agent::Environment environment = agent::Environment::of_process();
  CHECK(environment.trust_roots == std::vector<std::string>{"abc", "reg/app=def"});
  CHECK(environment.keys == std::vector<std::string>{"pkcs11:token=a b;object=k", "ci.pem"});
  CHECK(environment.policy == "policy.json");
  CHECK(environment.timeout == "90s");
  CHECK(environment.home == "/home/ci");
  CHECK(environment.docker_dir == std::filesystem::path("/docker"));
  CHECK_FALSE(environment.content_trust_server);
  CHECK_FALSE(environment.pkcs11_module);
  CHECK(environment.audit_log == "/var/log/audit");
}

TEST_CASE("A trust root that is set and names nothing does not count as not set") {
  for (const char* blank : {" ", "\n", " \r\n\t\n"}) {
    const Variable pins("COUNTERSIGN_TRUST_ROOT", blank);
    CHECK(agent::Environment::of_process().trust_roots == std::vector<std::string>{""});
  }
  for (const auto& unset : std::vector<std::optional<std::string>>{"", std::nullopt}) {
    const Variable pins("COUNTERSIGN_TRUST_ROOT", unset);
    CHECK(agent::Environment::of_process().trust_roots.empty());
  }
}

TEST_CASE("Without HOME the password database knows the home folder") {
  const Variable set("HOME", "/somewhere/else");
  const Variable home("HOME", std::nullopt);
  CHECK(agent::Environment::of_process().home.is_absolute());
  CHECK(agent::Environment::of_process().home != "/somewhere/else");
}
