#include "hsm/file/key_file.h"

#include "hsm/key_ring.h"
#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/unit/hsm/file/key_files.h"

using hsm::KeyFile;
using hsm::Secret;
using hsm::SecretSource;
using tuf::ErrorCode;

namespace {

class Fixture {
 public:
  test::TempDir dir;
  std::filesystem::path path = dir / "ci.pem";
  SecretSource secrets{{{"DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE", "root secret"},
                        {"DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", "secret"}}};
  const std::string plain = test::read_data("vectors/keys/ecdsa-p256.key.pem");
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a plain key file tells its key and signs with it") {
  test::write_key_file(path, plain);
  SecretSource none(std::map<std::string, std::string>{});
  KeyFile file(path, none);
  const auto keys = file.list();
  REQUIRE(keys.size() == 1);
  REQUIRE(keys[0].public_key);
  CHECK(keys[0].public_key->canonical_id() == keys[0].canonical_id);
  CHECK(keys[0].location == path.string());
  const auto signer = file.open(keys[0].canonical_id);
  REQUIRE(signer);
  CHECK(test::signs(*signer));
  CHECK(file.open(*tuf::KeyId::parse(std::string(64, 'a'))) == nullptr);
}

TEST_CASE_METHOD(Fixture, "an encrypted key file opens with the passphrase for its role") {
  const auto [role, secret] = GENERATE(
      table<std::string, std::string>({{"root", "root secret"}, {"alice", "secret"}, {"", "secret"}}));
  test::write_key_file(path, format_key_pem(test::open_only_key(plain), {role, {}, {}}, Secret(secret)));
  KeyFile file(path, secrets);
  CHECK(file.list().at(0).label == role);
}

TEST_CASE_METHOD(Fixture, "every key of a file with several is offered") {
  test::write_key_file(path, plain + test::read_data("vectors/repo/jenkins.key"));
  KeyFile file(path, secrets);
  REQUIRE(file.list().size() == 2);
  for (const auto& key : file.list()) CHECK(test::signs(*file.open(key.canonical_id)));
}

TEST_CASE_METHOD(Fixture, "what cannot be used as a key file says why") {
  const auto code = [&] { return test::code_of([&] { KeyFile(path, secrets).list(); }); };
  CHECK(code() == ErrorCode::kFileUnreadable);
  test::write_key_file(path, "");
  CHECK(code() == ErrorCode::kKeyMalformed);
  test::write_key_file(path, test::read_data("vectors/repo/jenkins.pub"));
  CHECK(code() == ErrorCode::kKeyUnsupported);  // the public half
  test::write_key_file(path, "Dear administrator,");
  CHECK(code() == ErrorCode::kKeyMalformed);
  test::write_key_file(path, format_key_pem(test::open_only_key(plain), {}, Secret("another secret")));
  CHECK(code() == ErrorCode::kWrongPassphrase);
  test::write_key_file(path, std::string((1 << 20) + 1, 'x'));
  CHECK(code() == ErrorCode::kFileUnreadable);
  test::write_key_file(path, plain);
  chmod(path.c_str(), 0644);
  CHECK(code() == ErrorCode::kInsecureFile);
}

TEST_CASE_METHOD(Fixture, "errors name the file and never show a secret") {
  test::write_key_file(path, format_key_pem(test::open_only_key(plain), {}, Secret("another secret")));
  const auto error = test::error_of([&] { KeyFile(path, secrets).list(); });
  REQUIRE(error);
  CHECK_THAT(error->what(), Catch::StartsWith(path.string()) && !Catch::Contains("secret"));
  CHECK_THAT(error->hint(), Catch::Contains("DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"));
}

TEST_CASE_METHOD(Fixture,
                 "a closed key ring lets go of its keys, knows which were used, and opens them again") {
  test::write_key_file(path, format_key_pem(test::open_only_key(plain), {}, Secret("secret")));
  hsm::KeyRing ring;
  ring.add(std::make_unique<KeyFile>(path, secrets));
  const tuf::KeyId id = ring.keys().at(0).canonical_id;
  CHECK(ring.used().empty());
  const std::weak_ptr<tuf::Signer> before = ring.signer(id);
  CHECK_FALSE(before.expired());
  ring.close();
  CHECK(before.expired());
  Secret::seal_all();
  std::filesystem::remove(path);  // as a pipe is empty
  CHECK(ring.used() == std::set<tuf::KeyId>{id});
  CHECK(ring.has(id));
  CHECK(test::signs(*ring.signer(id)));
}
