#include "hsm/secret_source.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"
#include "tests/support/test_data.h"

using hsm::Secret;
using hsm::SecretSource;
using tuf::ErrorCode;

namespace {

std::string value(const Secret* secret) {
  return secret == nullptr ? "(none)" : std::string(secret->reveal().view());
}

}  // namespace

TEST_CASE("root keys and other keys have passphrase variables of their own") {
  SecretSource secrets({{"DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE", "docker root"},
                        {"NOTARY_ROOT_PASSPHRASE", "notary root"},
                        {"NOTARY_TARGETS_PASSPHRASE", "targets"},
                        {"NOTARY_SNAPSHOT_PASSPHRASE", "snapshot"},
                        {"NOTARY_DELEGATION_PASSPHRASE", "delegation"}});
  CHECK(value(secrets.find_passphrase("root")) == "docker root");
  CHECK(value(secrets.find_passphrase("targets")) == "targets");
  CHECK(value(secrets.find_passphrase("snapshot")) == "snapshot");
  CHECK(value(secrets.find_passphrase("targets/releases")) == "delegation");
  CHECK(value(secrets.find_passphrase("alice")) == "delegation");
  CHECK(value(secrets.find_passphrase("")) == "delegation");
  CHECK(secrets.find_passphrase("timestamp") == nullptr);
}

TEST_CASE("docker's variable comes before notary's for every key but the root key") {
  SecretSource secrets({{"DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", "docker"},
                        {"NOTARY_TARGETS_PASSPHRASE", "targets"},
                        {"NOTARY_DELEGATION_PASSPHRASE", "delegation"}});
  for (const char* label : {"targets", "snapshot", "timestamp", "alice", ""}) {
    CHECK(value(secrets.find_passphrase(label)) == "docker");
  }
  CHECK(secrets.find_passphrase("root") == nullptr);
}

TEST_CASE("a variable that is set but empty counts as not set, and is named where nothing else is") {
  SecretSource secrets({{"DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE", ""}, {"NOTARY_ROOT_PASSPHRASE", "other"}});
  CHECK(value(secrets.find_passphrase("root")) == "other");
  for (const char* name : {"DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE", "NOTARY_ROOT_PASSPHRASE_FILE"}) {
    SecretSource empty(std::map<std::string, std::string>{{name, ""}});
    CHECK(empty.find_passphrase("root") == nullptr);
    CHECK_ERROR(empty.passphrase("root"), ErrorCode::kSecretMissing,
                std::string("the passphrase in ") + name);
  }
}

TEST_CASE("a passphrase is never empty: a key would be stored as it is") {
  const test::TempDir dir;
  test::write_file(dir / "mounted", "\n");
  chmod((dir / "mounted").c_str(), 0600);
  SecretSource secrets({{"DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE_FILE", (dir / "mounted").string()}});
  CHECK_ERROR(secrets.passphrase("root"), ErrorCode::kSecretMissing, "PASSPHRASE_FILE is empty");
}

TEST_CASE("a missing passphrase names every variable that was tried and says how to set one") {
  SecretSource secrets(std::map<std::string, std::string>{});
  const auto error = test::error_of([&] { secrets.passphrase("alice"); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kSecretMissing);
  const std::string message = error->what();
  for (const char* name :
       {"DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE_FILE",
        "NOTARY_DELEGATION_PASSPHRASE", "NOTARY_DELEGATION_PASSPHRASE_FILE"}) {
    CHECK_THAT(message, Catch::Contains(name));
  }
  CHECK_THAT(error->hint(), Catch::Contains("DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"));
}

TEST_CASE("a _FILE twin gives the first line of a mounted file, whatever the end of the line") {
  const test::TempDir dir;
  const auto content =
      GENERATE(as<std::string>(), "s3cret", "s3cret\n", "s3cret\r\n", "s3cret\nsecond line\n",
               "\xef\xbb\xbfs3cret", "\xef\xbb\xbfs3cret\r\n", "\xef\xbb\xbfs3cret\n\xef\xbb\xbf");
  test::write_file(dir / "mounted", content);
  chmod((dir / "mounted").c_str(), 0444);  // as Docker and Kubernetes mount them
  SecretSource secrets({{"COUNTERSIGN_PIN_FILE", (dir / "mounted").string()}});
  CHECK(value(secrets.find({"COUNTERSIGN_PIN"})) == "s3cret");
  std::filesystem::remove(dir / "mounted");  // read once
  CHECK(value(secrets.find({"COUNTERSIGN_PIN"})) == "s3cret");
}

TEST_CASE("a file of another encoding than UTF-8 is refused before its secret is used") {
  using namespace std::string_literals;
  const test::TempDir dir;
  const auto content = GENERATE(as<std::string>(), "\xff\xfes\0003\0\n\0"s, "\xfe\xff\0s\0003"s, "s\0003\0"s,
                                "\0s\0003"s, "\xff\xfe\0\0s\0\0\0"s);
  test::write_file(dir / "pin", content);
  SecretSource secrets({{"COUNTERSIGN_PIN_FILE", (dir / "pin").string()}});
  const auto error = test::error_of([&] { secrets.find({"COUNTERSIGN_PIN"}); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kFileUnreadable);
  CHECK_THAT(error->hint(), Catch::Contains("iconv -f UTF-"));
}

TEST_CASE("a variable comes before its _FILE twin, and both before the next variable") {
  const test::TempDir dir;
  test::write_file(dir / "file", "from file");
  const std::string path = (dir / "file").string();
  SecretSource both({{"NOTARY_AUTH", "direct"}, {"NOTARY_AUTH_FILE", path}});
  CHECK(value(both.find({"NOTARY_AUTH"})) == "direct");
  SecretSource order(
      {{"DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE_FILE", path}, {"NOTARY_ROOT_PASSPHRASE", "later"}});
  CHECK(value(order.find_passphrase("root")) == "from file");
}

TEST_CASE("a _FILE twin that others can write, or that is not there, is an error that names the variable") {
  const test::TempDir dir;
  test::write_file(dir / "file", "x");
  chmod((dir / "file").c_str(), 0620);
  SecretSource insecure({{"COUNTERSIGN_PIN_FILE", (dir / "file").string()}});
  const auto refused = test::error_of([&] { insecure.find({"COUNTERSIGN_PIN"}); });
  REQUIRE(refused);
  CHECK(refused->code() == ErrorCode::kInsecureFile);
  CHECK_THAT(refused->what(), Catch::StartsWith("COUNTERSIGN_PIN_FILE: "));

  SecretSource absent({{"COUNTERSIGN_PIN_FILE", (dir / "absent").string()}});
  CHECK(test::code_of([&] { absent.find({"COUNTERSIGN_PIN"}); }) == ErrorCode::kFileUnreadable);
  SecretSource folder({{"COUNTERSIGN_PIN_FILE", dir.path().string()}});
  CHECK(test::code_of([&] { folder.find({"COUNTERSIGN_PIN"}); }) == ErrorCode::kFileUnreadable);
}

TEST_CASE("a secret that was put into the _FILE twin by mistake is not repeated") {
  for (const std::string mistake : {"86420975", "/8642/0975=", "86420975\n"}) {
    SecretSource secrets({{"COUNTERSIGN_PIN_FILE", mistake}});
    const auto error = test::error_of([&] { secrets.find({"COUNTERSIGN_PIN"}); });
    REQUIRE(error);
    CHECK(error->code() == ErrorCode::kFileUnreadable);
    CHECK_THAT(error->what(), Catch::Contains("COUNTERSIGN_PIN_FILE") && !Catch::Contains("0975"));
    CHECK_THAT(error->hint(), Catch::Contains("COUNTERSIGN_PIN") && !Catch::Contains("0975"));
  }
}

TEST_CASE("taking the environment leaves no secret in it, not even in its memory") {
  // putenv, so that the very bytes can be looked at afterwards.
  static char variable[] = "NOTARY_DELEGATION_PASSPHRASE=left behind";
  static char twin[] = "COUNTERSIGN_PIN_FILE=/run/secrets/pin";
  REQUIRE(putenv(variable) == 0);
  REQUIRE(putenv(twin) == 0);
  SecretSource secrets = SecretSource::take_environment();
  CHECK(getenv("NOTARY_DELEGATION_PASSPHRASE") == nullptr);
  CHECK(getenv("COUNTERSIGN_PIN_FILE") == nullptr);
  CHECK(std::string(variable + sizeof "NOTARY_DELEGATION_PASSPHRASE=" - 1, 11) == std::string(11, '\0'));
  CHECK(value(secrets.find({"NOTARY_DELEGATION_PASSPHRASE"})) == "left behind");
  CHECK(test::code_of([&] { secrets.find({"COUNTERSIGN_PIN"}); }) == ErrorCode::kFileUnreadable);
}
