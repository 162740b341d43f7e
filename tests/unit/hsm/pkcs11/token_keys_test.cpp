// Keys on SoftHSM, made by OpenSC's pkcs11-tool.
#include "hsm/key_ring.h"
#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/process.h"
#include "tests/support/soft_hsm.h"
#include "tests/unit/hsm/pkcs11/token_fixture.h"

namespace {

using test::SoftHsm;
using test::TokenBench;
using tuf::ErrorCode;

hsm::KeyRing ring_of(TokenBench& bench, const std::string& uri) {
  hsm::KeyRing ring;
  ring.add(bench.tokens().key_source(hsm::TokenUri::parse(uri)));
  return ring;
}

}  // namespace

TEST_CASE("keys made by pkcs11-tool are found by name and sign") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "EC:prime256v1", "p256", "01");
  hsm.add_key("ci", "EC:secp384r1", "p384", "02");
  hsm.add_key("ci", "EC:secp521r1", "p521", "03");
  hsm.add_key("ci", "rsa:2048", "rsa2048", "04");
  TokenBench bench(hsm.dir().path());
  const std::vector<std::pair<std::string, std::size_t>> expected = {
      {"p256", 64}, {"p384", 96}, {"p521", 132}, {"rsa2048", 256}};
  for (const auto& [name, length] : expected) {
    INFO(name);
    const auto key = bench.open(SoftHsm::uri("token=ci;object=" + name));
    CHECK(key->sign(tuf::as_bytes("message")).size() == length);
    CHECK(test::signs(*key));
    CHECK(test::signs(*key, ""));
    CHECK(key->uri().find("object=" + name) != std::string::npos);
    CHECK(bench.open(key->uri())->public_key().id() == key->public_key().id());
  }
  CHECK(bench.warnings.empty());
}

TEST_CASE("an RSA key of 4096 bits signs with PSS") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "rsa:4096", "big", "04");
  TokenBench bench(hsm.dir().path());
  const auto key = bench.open(SoftHsm::uri("token=ci;object=big"));
  CHECK(key->public_key().bits() == 4096);
  CHECK(test::signs(*key));
}

TEST_CASE("the public half of a token key is the one that p11tool exports, and OpenSSL verifies with it") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "EC:secp384r1", "k", "01");
  const std::string pem = test::run_or_throw(
      {"p11tool", "--provider", SoftHsm::module(), "--export", "pkcs11:token=ci;id=%01;type=public"},
      hsm.environment());
  TokenBench bench(hsm.dir().path());
  const auto key = bench.open(SoftHsm::uri("token=ci;id=%01"));
  CHECK(key->public_key().id() == tuf::PublicKey::from_pem(pem).id());

  hsm.add_key("ci", "rsa:2048", "r", "02");
  const std::string rsa_pem = test::run_or_throw(
      {"p11tool", "--provider", SoftHsm::module(), "--export", "pkcs11:token=ci;id=%02;type=public"},
      hsm.environment());
  const auto rsa = bench.open(SoftHsm::uri("token=ci;id=%02"));
  CHECK(rsa->public_key().id() == tuf::PublicKey::from_pem(rsa_pem).id());
  test::write_file(hsm.dir() / "key.pem", rsa_pem);
  test::write_file(hsm.dir() / "message", "for openssl");
  test::write_file(hsm.dir() / "signature", tuf::as_text(rsa->sign(tuf::as_bytes("for openssl"))));
  CHECK(test::run({"openssl", "dgst", "-sha256", "-verify", "key.pem", "-signature", "signature", "-sigopt",
                   "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32", "-sigopt", "rsa_mgf1_md:sha256",
                   "message"},
                  {}, hsm.dir().path())
            .exit_code == 0);
}

TEST_CASE("an Ed25519 key on the token does not hide the others") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "EC:edwards25519", "odd", "01");
  hsm.add_key("ci", "EC:prime256v1", "good", "02");
  TokenBench bench(hsm.dir().path());
  CHECK(test::signs(*bench.open(SoftHsm::uri("token=ci;object=good"))));
  const auto error = test::error_of([&] { bench.open(SoftHsm::uri("token=ci;object=odd")); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kKeyUnsupported);

  auto ring = ring_of(bench, SoftHsm::uri("token=ci"));
  CHECK(ring.keys().size() == 1);
  // The loss is libp11's, and its message names the cause.
  const auto key = bench.open(SoftHsm::uri("token=ci;object=good"));
  const auto blind = test::error_of([&] { key->openssl_key(); });
  REQUIRE(blind);
  CHECK(blind->code() == ErrorCode::kTokenFailed);
  CHECK(blind->hint().find("Ed25519") != std::string::npos);
}

TEST_CASE("keys are listed without log-in and signed with after one") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "EC:prime256v1", "a", "01");
  hsm.add_key("ci", "EC:prime256v1", "b", "02");
  TokenBench without_pin(hsm.dir().path(), "");
  {
    auto ring = ring_of(without_pin, SoftHsm::uri("token=ci"));
    REQUIRE(ring.keys().size() == 2);
    const auto error = test::error_of([&] { ring.signer(ring.keys().front().canonical_id); });
    REQUIRE(error);
    CHECK(error->code() == ErrorCode::kSecretMissing);
    for (const char* name : {"pin-source", "COUNTERSIGN_PIN", "COUNTERSIGN_PIN_FILE", "pin-value"}) {
      CHECK(std::string(error->what()).find(name) != std::string::npos);
    }
  }
  without_pin.made.reset();

  TokenBench bench(hsm.dir().path());
  auto ring = ring_of(bench, SoftHsm::uri("token=ci"));
  for (const hsm::KeyInfo& info : ring.keys()) {
    INFO(info.location);
    const auto signer = ring.signer(info.canonical_id);
    CHECK(signer->public_key().canonical_id() == info.canonical_id);
    CHECK(test::signs(*signer));
    CHECK(bench.open(info.location)->public_key().id() == signer->public_key().id());
    CHECK(info.label == (info.location.find("object=a") != std::string::npos ? "a" : "b"));
  }
}

TEST_CASE("a private key without its public object is found, when it is RSA or has a certificate") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "rsa:2048", "lonely-rsa", "01");
  hsm.add_key("ci", "EC:prime256v1", "lonely-ec", "02");
  hsm.add_key("ci", "EC:prime256v1", "certified", "03");
  const auto spki_of = [&](const std::string& id) {
    TokenBench bench(hsm.dir().path());
    return bench.open(SoftHsm::uri("token=ci;id=%" + id))->public_key();
  };
  const tuf::PublicKey rsa = spki_of("01");
  const tuf::PublicKey certified = spki_of("03");
  {
    // A certificate of the key, signed by somebody else: only the public half in it counts.
    test::write_file(hsm.dir() / "certified.der", tuf::as_text(certified.spki()));
    for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
             {"openssl", "pkey", "-pubin", "-inform", "DER", "-in", "certified.der", "-out", "certified.pem"},
             {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
              "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca"},
             {"openssl", "x509", "-new", "-subj", "/CN=ci", "-force_pubkey", "certified.pem", "-CA", "ca.pem",
              "-CAkey", "ca.key", "-outform", "DER", "-out", "cert.der"}}) {
      test::run_or_throw(command, {}, hsm.dir().path());
    }
    hsm.tool("ci", {"--write-object", (hsm.dir() / "cert.der").string(), "--type", "cert", "--id", "03",
                    "--label", "certified"});
  }
  for (const char* id : {"01", "02", "03"})
    hsm.tool("ci", {"--delete-object", "--type", "pubkey", "--id", id});

  TokenBench bench(hsm.dir().path());
  const auto rsa_key = bench.open(SoftHsm::uri("token=ci;object=lonely-rsa"));
  CHECK(rsa_key->public_key().id() == rsa.id());
  CHECK(test::signs(*rsa_key));
  const auto certified_key = bench.open(SoftHsm::uri("token=ci;object=certified"));
  CHECK(certified_key->public_key().id() == certified.id());
  CHECK(test::signs(*certified_key));
  const auto error = test::error_of([&] { bench.open(SoftHsm::uri("token=ci;object=lonely-ec")); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kKeyMalformed);
  CHECK(std::string(error->what()).find("no public half") != std::string::npos);

  auto ring = ring_of(bench, SoftHsm::uri("token=ci"));
  CHECK(ring.keys().size() == 2);
  CHECK(bench.warnings == std::vector<std::string>{"KEY_SKIPPED"});
}

TEST_CASE("a key source logs in by itself when public objects tell nothing") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "rsa:2048", "lonely", "01");
  hsm.tool("ci", {"--delete-object", "--type", "pubkey", "--id", "01"});
  TokenBench bench(hsm.dir().path());
  auto ring = ring_of(bench, SoftHsm::uri("token=ci"));
  REQUIRE(ring.keys().size() == 1);
  CHECK(test::signs(*ring.signer(ring.keys().front().canonical_id)));
}

TEST_CASE("two keys with one label are both listed, and neither is opened by the label alone") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "EC:prime256v1", "twin", "01");
  hsm.add_key("ci", "EC:prime256v1", "twin", "02");
  TokenBench bench(hsm.dir().path());
  const std::string uri = SoftHsm::uri("token=ci;object=twin");
  const auto error = test::error_of([&] { bench.open(uri); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kKeyAmbiguous);
  CHECK(std::string(error->what()).find("id 01") != std::string::npos);
  CHECK(std::string(error->what()).find("id 02") != std::string::npos);

  auto ring = ring_of(bench, uri);
  REQUIRE(ring.keys().size() == 2);
  for (const hsm::KeyInfo& info : ring.keys()) {
    const auto signer = ring.signer(info.canonical_id);
    CHECK(signer->public_key().canonical_id() == info.canonical_id);
    CHECK(test::signs(*signer));
  }
}

TEST_CASE("two keys with one ID are told apart by their labels") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "EC:prime256v1", "a", "01");
  hsm.add_key("ci", "EC:prime256v1", "b", "01");
  TokenBench bench(hsm.dir().path());
  CHECK(test::signs(*bench.open(SoftHsm::uri("token=ci;object=a;id=%01"))));
  CHECK(test::signs(*bench.open(SoftHsm::uri("token=ci;object=b;id=%01"))));
  CHECK(test::code_of([&] { bench.open(SoftHsm::uri("token=ci;id=%01")); }) == ErrorCode::kKeyAmbiguous);
}

TEST_CASE("a key that is not there is an error that says what fits and what does not") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "EC:prime256v1", "release", "01");
  TokenBench bench(hsm.dir().path());
  const auto message = [&](const std::string& key) {
    const auto error = test::error_of([&] { bench.open(SoftHsm::uri("token=ci;" + key)); });
    REQUIRE(error);
    CHECK(error->code() == ErrorCode::kKeyNotFound);
    return error->what() + std::string(" / ") + error->hint();
  };
  CHECK(message("object=relaese").find("there is key 'release' (id 01, EC P-256)") != std::string::npos);
  CHECK(message("object=release;id=%02").find("the label fits, the ID does not") != std::string::npos);
  CHECK(message("object=other;id=%01").find("the ID fits, the label does not") != std::string::npos);
  CHECK(message("id=01").find("id=%01") != std::string::npos);

  auto ring = ring_of(bench, SoftHsm::uri("token=ci;object=other"));
  CHECK(test::code_of([&] { ring.keys(); }) == ErrorCode::kKeyNotFound);
}

TEST_CASE("an empty token has no keys, which is no error for a key ring") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  TokenBench bench(hsm.dir().path());
  auto ring = ring_of(bench, SoftHsm::uri("token=ci"));
  CHECK(ring.keys().empty());
  const auto error = test::error_of([&] { bench.open(SoftHsm::uri("token=ci")); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kKeyNotFound);
  CHECK(std::string(error->what()).find("no private key is on it") != std::string::npos);
}

TEST_CASE("a key that wants its PIN for every signature gets it, without a terminal") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "EC:prime256v1", "careful", "01", {"--always-auth"});
  TokenBench bench(hsm.dir().path());
  const auto key = bench.open(SoftHsm::uri("token=ci;object=careful"));
  REQUIRE(key->origin().always_authenticate == true);
  CHECK(test::signs(*key, "one"));
  CHECK(test::signs(*key, "two"));
}

TEST_CASE("one key among many is found, and all are listed") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "EC:prime256v1", "needle", "77");
  TokenBench bench(hsm.dir().path());
  for (int i = 0; i < 30; ++i) {
    bench.tokens().generate_key(hsm::TokenUri::parse(SoftHsm::uri("token=ci")), "straw" + std::to_string(i),
                                hsm::KeyAlgorithm::kP256);
  }
  CHECK(test::signs(*bench.open(SoftHsm::uri("token=ci;object=needle"))));
  auto ring = ring_of(bench, SoftHsm::uri("token=ci"));
  CHECK(ring.keys().size() == 31);
}

TEST_CASE(
    "a token signs though another user has taken the folder of the start-up lock, and nowhere is room for "
    "one") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "EC:prime256v1", "k", "01");
  std::filesystem::create_directory(hsm.dir() / "lock");
  std::filesystem::permissions(hsm.dir() / "lock", std::filesystem::perms(0777));
  TokenBench bench(hsm.dir().path());
  CHECK(test::signs(*bench.open(SoftHsm::uri("token=ci;object=k"))));
  CHECK(bench.warnings == std::vector<std::string>{"NO_START_LOCK"});
}
