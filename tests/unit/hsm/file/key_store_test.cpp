#include "hsm/file/key_store.h"

#include <set>

#include "hsm/key_ring.h"
#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/unit/hsm/file/key_files.h"

using hsm::KeyAlgorithm;
using hsm::KeyInfo;
using hsm::KeyStore;
using hsm::PrivateKey;
using hsm::Secret;
using hsm::SecretSource;
using tuf::ErrorCode;
using tuf::KeyId;

namespace {

class Fixture {
 public:
  test::TempDir dir;
  SecretSource secrets{{{"DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE", "root secret"},
                        {"DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", "secret"}}};
  KeyStore store{dir.path(), secrets};
  PrivateKey key = PrivateKey::generate(KeyAlgorithm::kP256);
  KeyId id = key.public_key().canonical_id();

  /// A file of this key at `path` below `private`.
  std::filesystem::path place(const std::string& path, const hsm::KeyPemHeaders& headers,
                              const std::string& secret) {
    return test::write_key_file(dir.path() / "private" / path, format_key_pem(key, headers, Secret(secret)));
  }
};

unsigned mode(const std::filesystem::path& path) {
  return static_cast<unsigned>(std::filesystem::status(path).permissions());
}

}  // namespace

TEST_CASE_METHOD(Fixture, "a trust directory that does not exist holds no keys") {
  KeyStore absent(dir / "absent", secrets);
  CHECK(absent.list().empty());
  CHECK(absent.open(id) == nullptr);
}

TEST_CASE_METHOD(Fixture, "an added key is stored privately, listed and opened") {
  const auto path = store.add(key, "alice", "", Secret("secret"));
  CHECK(path == dir.path() / "private" / (id.hex() + ".key"));
  CHECK(mode(path) == 0600);
  CHECK(mode(path.parent_path()) == 0700);
  REQUIRE(store.list().size() == 1);
  CHECK(store.list()[0].canonical_id == id);
  CHECK(store.list()[0].label == "alice");
  CHECK(store.list()[0].location == path.string());
  const auto signer = store.open(id);
  REQUIRE(signer);
  CHECK(test::signs(*signer));
}

TEST_CASE_METHOD(Fixture, "folders above the store are made privately too") {
  KeyStore deep(dir.path() / "a" / "b", secrets);
  deep.add(key, "alice", "", Secret("secret"));
  CHECK(mode(dir.path() / "a") == 0700);
  CHECK(mode(dir.path() / "a" / "b") == 0700);
}

TEST_CASE_METHOD(Fixture, "only targets, snapshot and timestamp keys carry a GUN") {
  const std::string gun = "registry.example.com/app";
  store.add(key, "targets", gun, Secret("secret"));
  CHECK(store.list().at(0).gun == gun);
  const PrivateKey other = PrivateKey::generate(KeyAlgorithm::kP256);
  store.add(other, "alice", gun, Secret("secret"));
  CHECK(store.find(other.public_key().canonical_id().hex()).gun.empty());
}

TEST_CASE_METHOD(Fixture, "a key that is there already stays, and is never given another role") {
  const auto path = store.add(key, "alice", "", Secret("secret"));
  const std::string before = test::read_file(path);
  CHECK(store.add(key, "alice", "", Secret("another secret")) == path);
  CHECK(test::read_file(path) == before);
  CHECK(test::code_of([&] { store.add(key, "root", "", Secret("secret")); }) == ErrorCode::kLocal);
  CHECK(test::read_file(path) == before);
}

TEST_CASE_METHOD(Fixture, "an empty passphrase stores the key unencrypted, and it opens without any") {
  store.add(key, "alice", "", Secret(""));
  SecretSource none(std::map<std::string, std::string>{});
  const auto signer = KeyStore(dir.path(), none).open(id);
  REQUIRE(signer);
  CHECK(test::signs(*signer));
}

TEST_CASE_METHOD(Fixture, "one bad file neither hides the others nor stops the list") {
  store.add(key, "alice", "", Secret("secret"));
  const KeyId garbage = *KeyId::parse(std::string(64, 'a'));
  test::write_key_file(dir.path() / "private" / (garbage.hex() + ".key"), "garbage");
  test::write_key_file(dir.path() / "private" / "not-an-id.key", "garbage");
  test::write_key_file(dir.path() / "private" / (std::string(64, 'b') + ".txt"), "garbage");
  test::write_key_file(dir.path() / "private" / (std::string(64, 'C') + ".key"), "garbage");
  test::write_key_file(dir.path() / "private" / (std::string(65, 'd') + ".key"), "garbage");
  CHECK(store.list().size() == 2);
  CHECK(store.open(id) != nullptr);
  CHECK(test::code_of([&] { store.open(garbage); }) == ErrorCode::kKeyMalformed);
}

TEST_CASE_METHOD(Fixture, "a file that is named after another key is refused") {
  const std::string wrong(64, 'a');
  place(wrong + ".key", {"alice", {}, {}}, "secret");
  const auto error = test::error_of([&] { store.open(*KeyId::parse(wrong)); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kKeyMalformed);
  CHECK_THAT(error->hint(), Catch::Contains(id.hex()));
  CHECK(store.open(id) == nullptr);  // the name decides
}

TEST_CASE_METHOD(Fixture,
                 "a key file that others can write is refused, one that they can read only if it is plain") {
  const auto path = store.add(key, "alice", "", Secret("secret"));
  chmod(path.c_str(), 0620);
  const auto error = test::error_of([&] { store.open(id); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kInsecureFile);
  CHECK(error->values() == std::vector<std::pair<std::string, std::string>>{{"FILE", path.string()}});
  CHECK(store.list().size() == 1);
  chmod(path.c_str(), 0644);
  CHECK(store.open(id) != nullptr);

  std::filesystem::remove(path);
  place(id.hex() + ".key", {"alice", {}, {}}, "");
  chmod(path.c_str(), 0640);
  CHECK(test::code_of([&] { store.open(id); }) == ErrorCode::kInsecureFile);
  chmod(path.c_str(), 0600);
  CHECK(store.open(id) != nullptr);
}

TEST_CASE_METHOD(Fixture,
                 "keys in the folders of old versions are found, with what their place says of them") {
  const auto [path, label, gun, secret] =
      GENERATE_COPY(table<std::string, std::string, std::string, std::string>({
          {"root_keys/ID_root.key", "root", "", "root secret"},
          {"root_keys/ID.key", "root", "", "root secret"},
          {"tuf_keys/registry.example.com/team/app/ID_targets.key", "targets",
           "registry.example.com/team/app", "secret"},
          {"tuf_keys/registry.example.com/team/app/ID.key", "", "registry.example.com/team/app", "secret"},
          {"tuf_keys/ID.key", "", "", "secret"},
      }));
  CAPTURE(path);
  std::string name = path;
  name.replace(name.find("ID"), 2, id.hex());
  place(name, {}, secret);
  REQUIRE(store.list().size() == 1);
  const KeyInfo info = store.list()[0];
  CHECK(info.canonical_id == id);
  CHECK(info.label == label);
  CHECK(info.gun == gun);
  const auto signer = store.open(id);
  REQUIRE(signer);
  CHECK(test::signs(*signer));
  CHECK(std::filesystem::exists(dir.path() / "private" / name));  // not migrated
}

TEST_CASE_METHOD(Fixture, "of two files for one key the new layout counts, and headers count before names") {
  place("root_keys/" + id.hex() + "_root.key", {}, "another secret");
  place(id.hex() + ".key", {"alice", {}, {}}, "secret");
  REQUIRE(store.list().size() == 1);
  CHECK(store.list()[0].label == "alice");
  CHECK(store.open(id) != nullptr);
}

TEST_CASE_METHOD(Fixture, "a key is found by the beginning of its ID") {
  store.add(key, "alice", "", Secret("secret"));
  CHECK(store.find(id.hex().substr(0, 4)).canonical_id == id);
  CHECK(store.find(id.hex()).canonical_id == id);
  const std::string other = (id.hex()[0] == '0' ? "1" : "0") + id.hex().substr(1, 3);
  CHECK(test::code_of([&] { store.find(other); }) == ErrorCode::kKeyNotFound);

  std::string twin = id.hex();
  twin[63] = twin[63] == '0' ? '1' : '0';
  test::write_key_file(dir.path() / "private" / (twin + ".key"), "garbage");
  const auto error = test::error_of([&] { store.find(id.hex().substr(0, 8)); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kKeyAmbiguous);
  CHECK_THAT(error->what(), Catch::Contains(id.hex()) && Catch::Contains(twin));
  CHECK(store.find(id.hex()).canonical_id == id);
}

TEST_CASE_METHOD(Fixture, "a key ring opens a stored key by its ID") {
  store.add(key, "alice", "", Secret("secret"));
  hsm::KeyRing ring;
  ring.add(std::make_unique<KeyStore>(dir.path(), secrets));
  CHECK(ring.has(id));
  CHECK(test::signs(*ring.signer(id)));
}

TEST_CASE_METHOD(Fixture,
                 "keys under names that are no IDs are found by whoever asks for them, and by nobody else") {
  const auto own = store.add(key, "jenkins", "", Secret("secret"));
  const std::string pem = format_key_pem(PrivateKey::generate(KeyAlgorithm::kP256), {}, Secret("secret"));
  const std::vector<std::filesystem::path> misnamed = {
      test::write_key_file(dir / "ci.pem", pem),
      test::write_key_file(dir / "private" / "deep" / "id_ecdsa", pem),
      test::write_key_file(dir / "private" / "jenkins.key", pem),
      test::write_key_file(dir / "private" / (id.hex().substr(0, 63) + ".key"), pem),
      test::write_key_file(dir / "private" / (id.hex() + ".pem"), pem)};
  test::write_key_file(dir / "private" / "README", "keys live here");
  test::write_key_file(dir / "private" / "jenkins.pub", test::read_data("vectors/repo/jenkins.pub"));
  test::write_key_file(dir / "private" / ("." + id.hex() + ".key.XyZ"), pem);  // what a crash leaves
  auto found = store.misnamed();
  CHECK(std::set(found.begin(), found.end()) == std::set(misnamed.begin(), misnamed.end()));
  CHECK(store.list().size() == 1);
  CHECK(KeyStore(dir / "absent", secrets).misnamed().empty());
}
