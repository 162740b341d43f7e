#include "tests/support/certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>

#include "tests/support/test_data.h"
#include "tuf/base/openssl.h"

namespace test {
namespace {

using CertificatePtr = tuf::OpensslPtr<X509, X509_free>;
using KeyPtr = tuf::OpensslPtr<EVP_PKEY, EVP_PKEY_free>;
using BioPtr = tuf::OpensslPtr<BIO, BIO_free>;

void check(bool success) {
  if (!success) throw std::runtime_error("certificate for a test: " + tuf::drain_openssl_errors());
}

void add_name(X509_NAME* name, const std::string& common_name) {
  check(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                                   0) == 1);
}

void add_extension(X509* certificate, X509* issuer, int type, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  tuf::OpensslPtr<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, type, value.c_str()));
  check(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

CertificatePtr make_certificate(const std::string& name, X509* issuer, EVP_PKEY* key, long starts_in,
                                long ends_in) {
  static long serial = 1;
  CertificatePtr certificate(X509_new());
  check(certificate != nullptr && X509_set_version(certificate.get(), 2) == 1 &&
        ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++) == 1 &&
        X509_gmtime_adj(X509_getm_notBefore(certificate.get()), starts_in) != nullptr &&
        X509_gmtime_adj(X509_getm_notAfter(certificate.get()), ends_in) != nullptr &&
        X509_set_pubkey(certificate.get(), key) == 1);
  add_name(X509_get_subject_name(certificate.get()), name);
  X509* signer = issuer != nullptr ? issuer : certificate.get();
  check(X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer)) == 1);
  return certificate;
}

template <class Write>
void write_pem(const std::filesystem::path& path, Write write) {
  BioPtr memory(BIO_new(BIO_s_mem()));
  check(memory != nullptr && write(memory.get()) == 1);
  char* text = nullptr;
  const long length = BIO_get_mem_data(memory.get(), &text);
  write_file(path, {text, static_cast<std::size_t>(length)});
}

}  // namespace

struct CertificateAuthority::State {
  KeyPtr key;
  CertificatePtr certificate;
};

CertificateAuthority::CertificateAuthority(const std::filesystem::path& folder, const std::string& name)
    : folder_(folder), certificate_(folder / "ca.crt"), state_(std::make_unique<State>()) {
  state_->key.reset(EVP_EC_gen("P-256"));
  state_->certificate = make_certificate(name, nullptr, state_->key.get(), -3600, 3600 * 24 * 365);
  X509* certificate = state_->certificate.get();
  add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(certificate, certificate, NID_subject_key_identifier, "hash");
  check(X509_sign(certificate, state_->key.get(), EVP_sha256()) > 0);
  write_pem(certificate_, [&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

CertificateAuthority::~CertificateAuthority() = default;

CertificateFiles CertificateAuthority::issue(const Request& request) {
  const KeyPtr key(EVP_EC_gen("P-256"));
  X509* issuer = state_->certificate.get();
  const CertificatePtr certificate =
      make_certificate(request.name, issuer, key.get(), request.starts_in, request.ends_in);
  add_extension(certificate.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(certificate.get(), issuer, NID_key_usage, "critical,digitalSignature");
  add_extension(certificate.get(), issuer, NID_ext_key_usage, "serverAuth,clientAuth");
  std::string names;
  for (const std::string& name : request.alternative_names) names += (names.empty() ? "" : ",") + name;
  add_extension(certificate.get(), issuer, NID_subject_alt_name, names);
  add_extension(certificate.get(), issuer, NID_authority_key_identifier, "keyid:always");
  check(X509_sign(certificate.get(), state_->key.get(), EVP_sha256()) > 0);
  const CertificateFiles files{folder_ / (request.name + ".crt"), folder_ / (request.name + ".key")};
  write_pem(files.certificate, [&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); });
  write_pem(files.key, [&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  return files;
}

}  // namespace test
