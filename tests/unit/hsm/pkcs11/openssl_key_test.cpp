// Keys on a token in OpenSSL's own functions, through libp11.
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "hsm/certificate/certificate_maker.h"
#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/soft_hsm.h"
#include "tests/unit/hsm/pkcs11/token_fixture.h"
#include "tuf/base/openssl.h"

namespace {

using test::SoftHsm;
using test::TokenBench;

using Request = tuf::OpensslPtr<X509_REQ, X509_REQ_free>;
using EvpKey = tuf::OpensslPtr<EVP_PKEY, EVP_PKEY_free>;

/// A request for the key's certificate, signed and checked by OpenSSL.
bool signs_a_request(EVP_PKEY* key, const tuf::PublicKey& public_half) {
  const unsigned char* next = public_half.spki().data();
  const EvpKey public_key{d2i_PUBKEY(nullptr, &next, static_cast<long>(public_half.spki().size()))};
  const Request request{X509_REQ_new()};
  return X509_REQ_set_pubkey(request.get(), public_key.get()) == 1 &&
         X509_REQ_sign(request.get(), key, EVP_sha256()) > 0 &&
         X509_REQ_verify(request.get(), public_key.get()) == 1;
}

}  // namespace

TEST_CASE("OpenSSL signs certificate requests with keys on a token") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "EC:prime256v1", "ec", "01");
  hsm.add_key("ci", "EC:secp384r1", "ec384", "02");
  hsm.add_key("ci", "rsa:2048", "rsa", "03");
  TokenBench bench(hsm.dir().path());
  for (const std::string name : {"ec", "ec384", "rsa"}) {
    INFO(name);
    const auto key = bench.open(SoftHsm::uri("token=ci;object=" + name));
    const auto evp = key->openssl_key();
    CHECK(signs_a_request(evp.get(), key->public_key()));
  }
}

TEST_CASE("a key that wants its PIN for every signature gives it to libp11 without a terminal") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "EC:prime256v1", "careful", "01", {"--always-auth"});
  TokenBench bench(hsm.dir().path());
  const auto key = bench.open(SoftHsm::uri("token=ci;object=careful"));
  const auto evp = key->openssl_key();
  CHECK(signs_a_request(evp.get(), key->public_key()));
  CHECK(signs_a_request(evp.get(), key->public_key()));
}

TEST_CASE("with two tokens open, libp11 gets no PIN rather than the wrong one") {
  const SoftHsm hsm;
  hsm.add_token("a");
  hsm.add_token("b");
  hsm.add_key("a", "EC:prime256v1", "careful", "01", {"--always-auth"});
  hsm.add_key("b", "EC:prime256v1", "other", "01");
  TokenBench bench(hsm.dir().path());
  const auto careful = bench.open(SoftHsm::uri("token=a;object=careful"));
  const auto other = bench.open(SoftHsm::uri("token=b;object=other"));
  const auto evp = careful->openssl_key();
  CHECK_FALSE(signs_a_request(evp.get(), careful->public_key()));
  tuf::drain_openssl_errors();
  CHECK(test::signs(*careful));
}

TEST_CASE("a key that libp11 cannot tell by its public object is not handed to OpenSSL") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "EC:prime256v1", "key", "01");
  TokenBench bench(hsm.dir().path());
  const auto key = bench.open(SoftHsm::uri("token=ci;object=key"));
  hsm.tool("ci", {"--delete-object", "--type", "pubkey", "--id", "01"});
  const auto error = test::error_of([&] { key->openssl_key(); });
  REQUIRE(error);
  CHECK(error->code() == tuf::ErrorCode::kTokenFailed);
  CHECK_THAT(error->hint(), Catch::Contains("an ID of its own, and a public key object"));
}

TEST_CASE("a certificate is made for a key that never leaves its token") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "EC:prime256v1", "ec", "01");
  TokenBench bench(hsm.dir().path());
  const auto key = bench.open(SoftHsm::uri("token=ci;object=ec"));
  const std::string pem = hsm::make_delegation_certificate(
      *key, "ci", tuf::Time(std::chrono::seconds(1'800'000'000)), tuf::Days(365));
  CHECK(tuf::PublicKey::from_certificate(pem).canonical_id() == key->public_key().canonical_id());
}
