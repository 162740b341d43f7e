#include "tuf/keys/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/repository_maker.h"
#include "tests/support/test_data.h"
#include "tuf/base/base64.h"
#include "tuf/base/digest.h"
#include "tuf/base/hex.h"
#include "tuf/keys/ecdsa_signature.h"
#include "tuf/keys/pem.h"

using test::TestSigner;
using tuf::Bytes;
using tuf::ErrorCode;
using tuf::KeyObject;
using tuf::PublicKey;
using tuf::Signature;
using EvpKey = tuf::OpensslPtr<EVP_PKEY, EVP_PKEY_free>;

namespace {

Bytes spki_of(EVP_PKEY* key) {
  unsigned char* out = nullptr;
  const int length = i2d_PUBKEY(key, &out);
  REQUIRE(length > 0);
  Bytes der(out, out + length);
  OPENSSL_free(out);
  return der;
}

EvpKey generated(const char* algorithm) {
  const tuf::OpensslPtr<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context{
      EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr)};
  EVP_PKEY* key = nullptr;
  REQUIRE(EVP_PKEY_keygen_init(context.get()) == 1);
  REQUIRE(EVP_PKEY_keygen(context.get(), &key) == 1);
  return EvpKey{key};
}

KeyObject object_of(const std::string& type, const Bytes& value) {
  return {type, tuf::to_base64(value)};
}

/// The DER of an EC key with another spelling of the same key.
Bytes respelt(const TestSigner& signer, const char* parameter, const char* value) {
  const EvpKey copy{EVP_PKEY_dup(signer.handle())};
  REQUIRE(EVP_PKEY_set_utf8_string_param(copy.get(), parameter, value) == 1);
  return spki_of(copy.get());
}

Bytes rsa_spki(int bits, unsigned long exponent) {
  const auto real = TestSigner::from_pem(test::read_data("vectors/keys/rsa-2048.key.pem"));
  BIGNUM* modulus = nullptr;
  REQUIRE(EVP_PKEY_get_bn_param(real->handle(), OSSL_PKEY_PARAM_RSA_N, &modulus) == 1);
  if (bits < 2048) BN_rshift(modulus, modulus, 2048 - bits);
  if (bits > 2048) BN_lshift(modulus, modulus, bits - 2048);
  BN_set_bit(modulus, 0);
  BIGNUM* e = BN_new();
  BN_set_word(e, exponent);
  OSSL_PARAM_BLD* builder = OSSL_PARAM_BLD_new();
  OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus);
  OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e);
  OSSL_PARAM* parameters = OSSL_PARAM_BLD_to_param(builder);
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr);
  EVP_PKEY* out = nullptr;
  REQUIRE(EVP_PKEY_fromdata_init(context) == 1);
  REQUIRE(EVP_PKEY_fromdata(context, &out, EVP_PKEY_PUBLIC_KEY, parameters) == 1);
  const EvpKey key{out};
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(builder);
  BN_free(e);
  BN_free(modulus);
  return spki_of(key.get());
}

/// SubjectPublicKeyInfo of RSA-2048 whose algorithm lacks its NULL: the two outer lengths shrink by two.
Bytes without_null(Bytes spki) {
  const Bytes algorithm = tuf::from_hex("300d06092a864886f70d0101010500").value();
  const auto at = std::search(spki.begin(), spki.end(), algorithm.begin(), algorithm.end());
  REQUIRE(at == spki.begin() + 4);  // behind the outer tag and its length of two bytes
  spki.erase(at + 13, at + 15);
  spki[5] = 0x0b;
  spki[3] = static_cast<std::uint8_t>(spki[3] - 2);
  return spki;
}

std::shared_ptr<TestSigner> rsa_signer() {
  return TestSigner::from_pem(test::read_data("vectors/keys/rsa-2048.key.pem"));
}

test::CertificateSpec any_certificate() {
  test::CertificateSpec spec;
  spec.common_name = "anybody";
  spec.not_before = test::kNow - tuf::Days{1};
  spec.not_after = test::kNow + tuf::Days{1};
  return spec;
}

}  // namespace

TEST_CASE("IDs, preimages and signatures of every key vector are those of the official client") {
  const tuf::Json vectors = tuf::Json::parse(test::read_data("vectors/keys/vectors.json"));
  REQUIRE(vectors.size() == 9);
  for (const tuf::Json& vector : vectors) {
    CAPTURE(vector["name"]);
    const KeyObject object{vector["keytype"], vector["public"]};
    CHECK(tuf::key_id(object).hex() == vector["key_id"].get<std::string>());
    const std::string preimage = vector["id_preimage"];
    CHECK(tuf::to_hex(tuf::sha256(tuf::as_bytes(preimage))) == vector["key_id"].get<std::string>());

    const auto key = PublicKey::from_object(object);
    REQUIRE(key);
    CHECK(key->object() == object);
    CHECK(key->id().hex() == vector["key_id"].get<std::string>());
    CHECK(key->canonical_id().hex() == vector["canonical_key_id"].get<std::string>());
    CHECK(key->bare().id() == key->canonical_id());

    const std::string message = vector["message"];
    const Signature signature{key->id().hex(), vector["method"],
                              *tuf::from_base64(vector["sig"].get<std::string>())};
    CHECK(tuf::signature_method(key->type()) == signature.method);
    CHECK(key->verifies(signature, tuf::as_bytes(message)));
    CHECK(key->bare().verifies(signature, tuf::as_bytes(message)));
    CHECK_FALSE(key->verifies(signature, tuf::as_bytes(message + " ")));
  }
}

TEST_CASE("the private key of each vector belongs to its public key") {
  for (const std::string name : {"ecdsa-p224", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-2048"}) {
    CAPTURE(name);
    const auto signer = TestSigner::from_pem(test::read_data("vectors/keys/" + name + ".key.pem"));
    const tuf::Json vectors = tuf::Json::parse(test::read_data("vectors/keys/vectors.json"));
    for (const tuf::Json& vector : vectors) {
      if (vector["name"] == name)
        CHECK(signer->public_key().id().hex() == vector["key_id"].get<std::string>());
    }
  }
}

TEST_CASE("a deterministic Ed25519 signature is that of the official client") {
  const std::vector<tuf::PemBlock> blocks = tuf::parse_pem(test::read_data("vectors/keys/ed25519.key.pem"));
  REQUIRE(blocks.size() == 1);
  REQUIRE(blocks[0].content.size() == 96);  // public, seed, public
  const EvpKey key{
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, blocks[0].content.data() + 32, 32)};
  REQUIRE(key);
  const tuf::Json vectors = tuf::Json::parse(test::read_data("vectors/keys/vectors.json"));
  const tuf::Json& vector = vectors.back();
  REQUIRE(vector["name"] == "ed25519");
  const std::string message = vector["message"];
  Bytes signature(64);
  std::size_t length = signature.size();
  const tuf::OpensslPtr<EVP_MD_CTX, EVP_MD_CTX_free> context{EVP_MD_CTX_new()};
  REQUIRE(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1);
  REQUIRE(EVP_DigestSign(context.get(), signature.data(), &length, tuf::as_bytes(message).data(),
                         message.size()) == 1);
  CHECK(tuf::to_base64(signature) == vector["sig"].get<std::string>());
}

TEST_CASE("every kind of key verifies what it signed, bare and in a certificate") {
  using Kind = TestSigner::Kind;
  const auto [kind, description, bits] = GENERATE(table<Kind, std::string, int>({
      {Kind::kP224, "EC P-224", 224},
      {Kind::kP256, "EC P-256", 256},
      {Kind::kP384, "EC P-384", 384},
      {Kind::kP521, "EC P-521", 521},
      {Kind::kRsa2048, "RSA 2048", 2048},
      {Kind::kEd25519, "Ed25519", 256},
  }));
  const auto signer = TestSigner::generate(kind);
  const PublicKey& key = signer->public_key();
  CHECK(key.description() == description);
  if (kind != Kind::kEd25519) CHECK(key.bits() == bits);
  const tuf::ByteView message = tuf::as_bytes("message");
  const Signature signature{key.id().hex(), std::string(tuf::signature_method(key.type())),
                            signer->sign(message)};
  CHECK(key.verifies(signature, message));
  CHECK(PublicKey::from_object(key.object())->id() == key.id());
  CHECK(PublicKey::from_spki(key.spki()).id() == key.id());
  if (kind == Kind::kEd25519) return;
  const PublicKey certified = PublicKey::from_certificate(test::make_certificate(*signer, any_certificate()));
  CHECK(certified.id() != key.id());
  CHECK(certified.canonical_id() == key.id());
  CHECK(certified.bare().object() == key.object());
  CHECK(certified.spki() == key.spki());
  CHECK(certified.description() == description);
  CHECK(certified.verifies(signature, message));
}

TEST_CASE("objects that can never verify anything give no key") {
  const auto ec = TestSigner::generate();
  const auto rsa = rsa_signer();
  const auto edwards = TestSigner::generate(TestSigner::Kind::kEd25519);
  const std::string certificate = test::make_certificate(*ec, any_certificate());
  const std::string rsa_certificate = test::make_certificate(*rsa, any_certificate());
  const Bytes& spki = ec->public_key().spki();
  const auto text = [](std::string_view bytes) { return Bytes(bytes.begin(), bytes.end()); };
  const auto with = [](Bytes bytes, std::size_t at, std::uint8_t value) {
    bytes.at(at) = value;
    return bytes;
  };
  Bytes longer = spki;
  longer.push_back(0);
  Bytes long_length = spki;
  long_length.insert(long_length.begin() + 1, 0x81);
  const std::string other_label =
      tuf::format_pem({"X509 CERTIFICATE", {}, tuf::parse_pem(certificate).front().content});
  const std::string pem_of_key = tuf::format_pem({"PUBLIC KEY", {}, spki});
  const EvpKey koblitz{EVP_EC_gen("secp256k1")};
  const EvpKey brainpool{EVP_EC_gen("brainpoolP256r1")};
  const EvpKey x25519 = generated("X25519");
  const EvpKey edwards448 = generated("ED448");
  const EvpKey pss_only = generated("RSA-PSS");

  const std::vector<std::pair<std::string, KeyObject>> cases = {
      {"unknown type", object_of("dsa", spki)},
      {"empty type", object_of("", spki)},
      {"type in upper case", object_of("ECDSA", spki)},
      {"empty value", {"ecdsa", ""}},
      {"not base64", {"ecdsa", "%%%%"}},
      {"base64 with a line break", {"ecdsa", tuf::to_base64(spki) + "\n"}},
      {"base64 without padding", {"ed25519", tuf::to_base64(Bytes(32, 1)).substr(0, 43)}},
      {"not DER", object_of("ecdsa", text("hello"))},
      {"bytes after the key", object_of("ecdsa", longer)},
      {"cut off", object_of("ecdsa", Bytes(spki.begin(), spki.end() - 1))},
      {"EC key labelled rsa", object_of("rsa", spki)},
      {"RSA key labelled ecdsa", object_of("ecdsa", rsa->public_key().spki())},
      {"EC certificate labelled rsa-x509", object_of("rsa-x509", text(certificate))},
      {"RSA certificate labelled ecdsa-x509", object_of("ecdsa-x509", text(rsa_certificate))},
      {"Ed25519 as SubjectPublicKeyInfo", object_of("ed25519", edwards->public_key().spki())},
      {"Ed25519 key labelled ecdsa", object_of("ecdsa", edwards->public_key().spki())},
      {"Ed25519 too short", object_of("ed25519", Bytes(31, 1))},
      {"Ed25519 too long", object_of("ed25519", Bytes(33, 1))},
      {"PEM in a bare key", object_of("ecdsa", text(pem_of_key))},
      {"certificate in a bare key", object_of("ecdsa", text(certificate))},
      {"public key PEM in a certificate", object_of("ecdsa-x509", text(pem_of_key))},
      {"public key PEM before a certificate", object_of("ecdsa-x509", text(pem_of_key + certificate))},
      {"certificate under another label", object_of("ecdsa-x509", text(other_label))},
      {"DER in a certificate", object_of("ecdsa-x509", tuf::parse_pem(certificate).front().content)},
      {"secp256k1", object_of("ecdsa", spki_of(koblitz.get()))},
      {"brainpool", object_of("ecdsa", spki_of(brainpool.get()))},
      {"X25519", object_of("ecdsa", spki_of(x25519.get()))},
      {"Ed448", object_of("ed25519", spki_of(edwards448.get()))},
      {"RSA-PSS key", object_of("rsa", spki_of(pss_only.get()))},
      {"point that is not on the curve", object_of("ecdsa", with(spki, spki.size() - 1, spki.back() ^ 1))},
      {"point at infinity",
       object_of("ecdsa", *tuf::from_hex("3019301306072a8648ce3d020106082a8648ce3d03010703020000"))},
      {"explicit curve parameters",
       object_of("ecdsa", respelt(*ec, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT))},
      {"compressed point", object_of("ecdsa", respelt(*ec, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                                      OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_COMPRESSED))},
      {"hybrid point", object_of("ecdsa", respelt(*ec, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                                  OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_HYBRID))},
      {"length in a longer form than needed", object_of("ecdsa", long_length)},
      {"RSA without the NULL parameters", object_of("rsa", without_null(rsa->public_key().spki()))},
      {"RSA 1024", object_of("rsa", rsa_spki(1024, 65537))},
      {"RSA 2047", object_of("rsa", rsa_spki(2047, 65537))},
      {"RSA 16392", object_of("rsa", rsa_spki(16392, 65537))},
      {"RSA with exponent 1", object_of("rsa", rsa_spki(2048, 1))},
      {"RSA with an even exponent", object_of("rsa", rsa_spki(2048, 65536))},
      {"RSA with an exponent of 64 bits", object_of("rsa", rsa_spki(2048, 0x8000'0000'0000'0001))},
  };
  for (const auto& [name, object] : cases) {
    CAPTURE(name);
    CHECK_FALSE(PublicKey::from_object(object).has_value());
  }
  CHECK(PublicKey::from_object(object_of("ecdsa", spki)).has_value());
  CHECK(PublicKey::from_object(object_of("rsa", rsa_spki(2048, 65537))).has_value());
  CHECK(PublicKey::from_object(object_of("rsa", rsa_spki(2048, 3))).has_value());
  CHECK(PublicKey::from_object(object_of("rsa", rsa_spki(16384, 3))).has_value());
  CHECK(PublicKey::from_object(object_of("rsa", rsa_spki(2048, 0x7fff'ffff'ffff'ffff))).has_value());
}

TEST_CASE("a compressed point from a token or a file is the same key as the uncompressed one") {
  const auto signer = TestSigner::generate(TestSigner::Kind::kP384);
  const PublicKey key = PublicKey::from_spki(respelt(*signer, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                                     OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_COMPRESSED));
  CHECK(key.id() == signer->public_key().id());
  CHECK(key.spki() == signer->public_key().spki());
}

TEST_CASE("keys that cannot be used are refused by name") {
  CHECK_ERROR(PublicKey::from_spki({}), ErrorCode::kKeyUnsupported);
  CHECK_ERROR(PublicKey::from_spki(rsa_spki(1024, 65537)), ErrorCode::kKeyUnsupported, "RSA from 2048");
  Bytes longer = TestSigner::generate()->public_key().spki();
  longer.push_back(0);
  CHECK_ERROR(PublicKey::from_spki(longer), ErrorCode::kKeyUnsupported);
  const EvpKey koblitz{EVP_EC_gen("secp256k1")};
  CHECK_ERROR(PublicKey::from_spki(spki_of(koblitz.get())), ErrorCode::kKeyUnsupported);
  CHECK_ERROR(PublicKey::from_certificate(""), ErrorCode::kKeyUnsupported);
  CHECK_ERROR(PublicKey::from_certificate("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
              ErrorCode::kKeyUnsupported);
  CHECK_ERROR(PublicKey::from_pem("nothing"), ErrorCode::kKeyUnsupported);
  const auto edwards = TestSigner::generate(TestSigner::Kind::kEd25519);
  CHECK_ERROR(PublicKey::from_pem(tuf::format_pem({"PUBLIC KEY", {}, edwards->public_key().spki()})),
              ErrorCode::kKeyUnsupported, "Ed25519");
  CHECK_ERROR(PublicKey::from_pem(edwards->private_pem()), ErrorCode::kKeyUnsupported);
}

TEST_CASE("administrators may hand over keys in any PEM dress") {
  const auto signer = TestSigner::generate();
  const std::string certificate = test::make_certificate(*signer, any_certificate());
  const std::string public_key =
      tuf::format_pem({"PUBLIC KEY", {{"role", "alice"}}, signer->public_key().spki()});
  CHECK(PublicKey::from_pem(public_key).id() == signer->public_key().id());
  CHECK(PublicKey::from_pem(test::read_data("vectors/docker-repo/alice.pub")).description() == "EC P-256");
  CHECK(PublicKey::from_pem(test::read_data("vectors/repo/jenkins.pub")).description() == "RSA 2048");

  const PublicKey exact = PublicKey::from_certificate(certificate);
  std::string windows;
  for (char c : certificate) windows += c == '\n' ? "\r\n" : std::string(1, c);
  for (const std::string& text : {certificate, windows, "Subject: someone\n" + certificate,
                                  "\xef\xbb\xbf" + windows, certificate.substr(0, certificate.size() - 1)}) {
    CHECK(PublicKey::from_pem(text).id() == exact.id());
  }
  CHECK(PublicKey::from_pem(certificate + public_key).id() == exact.id());
  CHECK(PublicKey::from_pem(public_key + certificate).id() == signer->public_key().id());
}

TEST_CASE("several keys in one file are refused, whatever holds them") {
  const auto signer = TestSigner::generate();
  const auto stranger = TestSigner::generate();
  const std::string certificate = test::make_certificate(*signer, any_certificate());
  const std::string other = test::make_certificate(*stranger, any_certificate());
  tuf::Bytes spki = stranger->public_key().spki();
  const std::string key = tuf::format_pem({"PUBLIC KEY", {}, spki});
  for (const std::string& text : {certificate + other, certificate + key, key + certificate,
                                  tuf::format_pem({"PUBLIC KEY", {}, signer->public_key().spki()}) + key}) {
    CHECK_ERROR(PublicKey::from_pem(text), ErrorCode::kKeyUnsupported);
  }
  CHECK(PublicKey::from_pem(key + key).id() == stranger->public_key().id());
  CHECK(PublicKey::from_pem(other + other).id() == PublicKey::from_certificate(other).id());
}

TEST_CASE("the certificate of an authority is no signer's key, with others or alone") {
  auto spec = any_certificate();
  spec.ca = true;
  const std::string authority = test::make_certificate(*TestSigner::generate(), spec);
  const std::string leaf = test::make_certificate(*TestSigner::generate(), any_certificate());
  CHECK_ERROR(PublicKey::from_pem(authority), ErrorCode::kKeyUnsupported, "authority");
  const std::string other = test::make_certificate(*TestSigner::generate(), spec);
  CHECK_ERROR(PublicKey::from_pem(authority + other), ErrorCode::kKeyUnsupported, "authorities");
  // It has signed nothing here.
  CHECK_ERROR(PublicKey::from_pem(authority + leaf), ErrorCode::kKeyUnsupported, "not in the chain");
  CHECK_ERROR(PublicKey::from_pem(leaf + authority), ErrorCode::kKeyUnsupported, "not in the chain");
}

TEST_CASE("a signature counts only in the one form that its key allows") {
  const auto ec = TestSigner::generate(TestSigner::Kind::kP384);
  const auto rsa = rsa_signer();
  const auto edwards = TestSigner::generate(TestSigner::Kind::kEd25519);
  const tuf::ByteView message = tuf::as_bytes("message");
  const auto verifies = [&](const TestSigner& signer, const std::string& method, const Bytes& value) {
    return signer.public_key().verifies({signer.public_key().id().hex(), method, value}, message);
  };
  const Bytes rs = ec->sign(message);
  CHECK(verifies(*ec, "ecdsa", rs));
  CHECK(verifies(*ec, "ECDSA", rs));
  for (const std::string method : {"", "ecdsa ", "rsapss", "rsapkcs1v15", "eddsa", "none", "hmac-sha256"}) {
    CHECK_FALSE(verifies(*ec, method, rs));
  }
  CHECK_FALSE(verifies(*ec, "ecdsa", ec->sign_raw(message, EVP_sha256())));  // DER
  CHECK_FALSE(verifies(*ec, "ecdsa", tuf::der_to_rs(ec->sign_raw(message, EVP_sha384()), 48)));
  CHECK_FALSE(verifies(*ec, "ecdsa", {}));
  CHECK_FALSE(verifies(*ec, "ecdsa", Bytes(96, 0)));
  Bytes padded = rs;
  padded.insert(padded.begin(), 0);
  padded.insert(padded.begin() + 49, 0);
  CHECK_FALSE(verifies(*ec, "ecdsa", padded));

  const Bytes pss = rsa->sign(message);
  CHECK(verifies(*rsa, "rsapss", pss));
  CHECK(verifies(*rsa, "RsaPss", pss));
  CHECK_FALSE(verifies(*rsa, "rsapkcs1v15", pss));
  CHECK_FALSE(verifies(*rsa, "ecdsa", pss));
  CHECK_FALSE(verifies(*rsa, "pycrypto-pkcs#1 pss", pss));
  const Bytes pkcs1 = rsa->sign_raw(message, EVP_sha256(), RSA_PKCS1_PADDING);
  CHECK(verifies(*rsa, "rsapkcs1v15", pkcs1));
  CHECK(verifies(*rsa, "RSAPKCS1v15", pkcs1));
  for (const std::string method : {"", "rsa", "rsapss", "rsapkcs1v1_5", "none"})
    CHECK_FALSE(verifies(*rsa, method, pkcs1));
  for (const int salt : {0, 20, 31, 33, 64}) {
    CHECK_FALSE(verifies(*rsa, "rsapss", rsa->sign_raw(message, EVP_sha256(), RSA_PKCS1_PSS_PADDING, salt)));
  }
  for (const EVP_MD* digest : {EVP_sha1(), EVP_sha384(), EVP_sha512()}) {
    CHECK_FALSE(verifies(*rsa, "rsapss", rsa->sign_raw(message, digest, RSA_PKCS1_PSS_PADDING)));
    CHECK_FALSE(verifies(*rsa, "rsapkcs1v15", rsa->sign_raw(message, digest, RSA_PKCS1_PADDING)));
  }

  const Bytes edwards_signature = edwards->sign(message);
  CHECK(verifies(*edwards, "eddsa", edwards_signature));
  CHECK_FALSE(verifies(*edwards, "ecdsa", edwards_signature));
  CHECK_FALSE(verifies(*edwards, "eddsa", Bytes(64, 0)));
  CHECK_FALSE(verifies(*edwards, "eddsa", Bytes(edwards_signature.begin(), edwards_signature.end() - 1)));
}

TEST_CASE("what was found of a key or a signature is not taken for another") {
  const auto signer = test::TestSigner::generate();
  const auto other = test::TestSigner::generate();
  const tuf::Bytes message = {1, 2, 3};
  const tuf::Signature good{signer->public_key().id().hex(), "ecdsa", signer->sign(message)};
  for (int again = 0; again < 2; ++again) {
    CHECK(signer->public_key().verifies(good, message));
    CHECK_FALSE(signer->public_key().verifies(good, tuf::Bytes{1, 2}));
    CHECK_FALSE(other->public_key().verifies(good, message));
    tuf::Signature changed = good;
    changed.method = "rsapss";
    CHECK_FALSE(signer->public_key().verifies(changed, message));
    changed = good;
    changed.value.back() ^= 1;
    CHECK_FALSE(signer->public_key().verifies(changed, message));

    const tuf::KeyObject object = signer->public_key().object();
    CHECK(tuf::PublicKey::from_object(object));
    CHECK_FALSE(tuf::PublicKey::from_object({"rsa", object.value}));
    CHECK_FALSE(tuf::PublicKey::from_object({"ecdsa-x509", object.value}));
  }
}
