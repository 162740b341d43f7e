// What every source of keys, and every signer that it opens, promises, run on each of them.
#include <fstream>
#include <memory>

#include "hsm/file/key_file.h"
#include "hsm/file/key_store.h"
#include "hsm/memory_keys.h"
#include "hsm/pkcs11/tokens.h"
#include "hsm/selected_keys.h"
#include "tests/support/catch.h"
#include "tests/support/soft_hsm.h"
#include "tests/support/test_data.h"
#include "tests/support/test_signer.h"

namespace {

using Kind = test::TestSigner::Kind;

/// Keys of each kind that a delegation may have, in one place.
class Host {
 public:
  virtual ~Host() = default;
  virtual std::unique_ptr<hsm::KeySource> open() = 0;
};

class MemoryHost final : public Host {
 public:
  std::unique_ptr<hsm::KeySource> open() override {
    return std::make_unique<hsm::MemoryKeys>(std::vector<std::shared_ptr<tuf::Signer>>{
        test::TestSigner::generate(Kind::kP256), test::TestSigner::generate(Kind::kRsa2048)});
  }
};

constexpr const char* kPassphrase = "a passphrase of this test";

class FolderHost final : public Host {
 public:
  std::unique_ptr<hsm::KeySource> open() override {
    auto store = std::make_unique<hsm::KeyStore>(dir_.path(), secrets_);
    for (const hsm::KeyAlgorithm algorithm : {hsm::KeyAlgorithm::kP256, hsm::KeyAlgorithm::kRsa2048})
      store->add(hsm::PrivateKey::generate(algorithm), "jenkins", "", hsm::Secret(kPassphrase));
    return store;
  }

 private:
  test::TempDir dir_;
  hsm::SecretSource secrets_{{{"DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", kPassphrase}}};
};

class FileHost final : public Host {
 public:
  std::unique_ptr<hsm::KeySource> open() override {
    const std::filesystem::path path = dir_ / "keys.pem";
    std::ofstream(path) << test::TestSigner::generate(Kind::kP384)->private_pem();
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
    return std::make_unique<hsm::KeyFile>(path, secrets_);
  }

 private:
  test::TempDir dir_;
  hsm::SecretSource secrets_{{}};
};

class TokenHost final : public Host {
 public:
  TokenHost() {
    soft_hsm_.add_token("ci");
    soft_hsm_.add_key("ci", "EC:prime256v1", "one", "01");
    soft_hsm_.add_key("ci", "rsa:2048", "two", "02");
    hsm::TokenSettings settings;
    settings.lock_folders = {dir_ / "lock"};
    tokens_ = hsm::Tokens::create(settings, secrets_);
  }
  std::unique_ptr<hsm::KeySource> open() override {
    return tokens_->key_source(hsm::TokenUri::parse(test::SoftHsm::uri("token=ci")));
  }

 private:
  test::SoftHsm soft_hsm_;
  test::TempDir dir_;
  hsm::SecretSource secrets_{{{"COUNTERSIGN_PIN", test::SoftHsm::kPin}}};
  std::shared_ptr<hsm::Tokens> tokens_;
};

/// The keys of another source, all but the first.
class SelectedHost final : public Host {
 public:
  std::unique_ptr<hsm::KeySource> open() override {
    source_ = folder_.open();
    const tuf::KeyId left_out = source_->list().front().canonical_id;
    return std::make_unique<hsm::SelectedKeys>(
        *source_, [left_out](const hsm::KeyInfo& key) { return key.canonical_id != left_out; });
  }

 private:
  FolderHost folder_;
  std::unique_ptr<hsm::KeySource> source_;
};

std::unique_ptr<Host> make_host(const std::string& kind) {
  if (kind == "memory") return std::make_unique<MemoryHost>();
  if (kind == "trust directory") return std::make_unique<FolderHost>();
  if (kind == "file") return std::make_unique<FileHost>();
  if (kind == "token") return std::make_unique<TokenHost>();
  return std::make_unique<SelectedHost>();
}

bool verifies(tuf::Signer& signer, const tuf::Bytes& signature, const std::string& message) {
  const tuf::PublicKey& key = signer.public_key();
  return key.verifies({key.id().hex(), std::string(tuf::signature_method(key.type())), signature},
                      tuf::as_bytes(message));
}

}  // namespace

TEST_CASE("A source of keys opens each key that it lists, and what it opens signs") {
  const std::string kind = GENERATE("memory", "trust directory", "file", "token", "selected");
  CAPTURE(kind);
  const std::unique_ptr<Host> host = make_host(kind);
  const std::unique_ptr<hsm::KeySource> source = host->open();
  const std::vector<hsm::KeyInfo> listed = source->list();
  REQUIRE_FALSE(listed.empty());
  for (const hsm::KeyInfo& info : listed) {
    const std::shared_ptr<tuf::Signer> signer = source->open(info.canonical_id);
    REQUIRE(signer);
    // The bare key, whose ID is the canonical one.
    CHECK(signer->public_key().id() == info.canonical_id);
    CHECK(signer->public_key().canonical_id() == info.canonical_id);
    if (info.public_key) CHECK(info.public_key->canonical_id() == info.canonical_id);
    // The message itself, however long; for every message another signature.
    for (const std::string& message : {std::string(), std::string("message"), std::string(1 << 20, 'x')}) {
      const tuf::Bytes signature = signer->sign(tuf::as_bytes(message));
      CHECK(verifies(*signer, signature, message));
      CHECK_FALSE(verifies(*signer, signature, message + "."));
    }
  }
}

TEST_CASE("A source of keys has nothing to open for a key that it does not list") {
  const std::string kind = GENERATE("memory", "trust directory", "file", "token", "selected");
  CAPTURE(kind);
  const std::unique_ptr<Host> host = make_host(kind);
  const std::unique_ptr<hsm::KeySource> source = host->open();
  CHECK(source->open(test::TestSigner::generate()->public_key().canonical_id()) == nullptr);
}

TEST_CASE("A source of keys opens them anew after it was closed") {
  const std::string kind = GENERATE("memory", "trust directory", "file", "token", "selected");
  CAPTURE(kind);
  const std::unique_ptr<Host> host = make_host(kind);
  const std::unique_ptr<hsm::KeySource> source = host->open();
  const tuf::KeyId id = source->list().front().canonical_id;
  REQUIRE(source->open(id));
  source->close();
  const std::shared_ptr<tuf::Signer> again = source->open(id);
  REQUIRE(again);
  CHECK(verifies(*again, again->sign(tuf::as_bytes("message")), "message"));
  CHECK(source->list().front().canonical_id == id);
}
