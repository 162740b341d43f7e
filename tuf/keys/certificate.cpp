#include "tuf/keys/certificate.h"

#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "tuf/base/base64.h"
#include "tuf/base/error.h"
#include "tuf/base/openssl.h"

namespace tuf {
namespace {

using Certificate = OpensslPtr<X509, X509_free>;
// sk_X509_free is a macro; the certificates themselves belong to the bundle.
using BorrowedCertificates = OpensslPtr<STACK_OF(X509), [](STACK_OF(X509) * stack) { sk_X509_free(stack); }>;
constexpr std::chrono::days kStartLeeway{1};
constexpr std::size_t kMaxChain = 16;
constexpr int kSecurityLevel = 2;  // of a chain: 112 bits, which rules out SHA-1 and RSA below 2048

std::string certificate_text(const PublicKey& key) {
  const Bytes pem = from_base64(key.object().value).value_or(Bytes{});
  return std::string(as_text(pem));
}

bool is_certificate(const PublicKey& key) {
  return key.certificate() != nullptr;
}

/// Null for what is not one certificate and nothing else.
Certificate parse_certificate(const PemBlock& block) {
  const unsigned char* next = block.content.data();
  Certificate certificate{d2i_X509(nullptr, &next, static_cast<long>(block.content.size()))};
  if (next != block.content.data() + block.content.size()) certificate.reset();
  drain_openssl_errors();
  return certificate;
}

std::vector<Certificate> parse_certificates(std::string_view pem) {
  std::vector<Certificate> certificates;
  for (const PemBlock& block : parse_pem(pem)) {
    if (block.label != "CERTIFICATE") continue;
    if (Certificate certificate = parse_certificate(block)) certificates.push_back(std::move(certificate));
  }
  return certificates;
}

/// What stands behind the first is of use only where a chain is looked at.
std::vector<Certificate> bundle_of(const PublicKey& key, const std::vector<PemBlock>& blocks) {
  std::vector<Certificate> bundle;
  X509_up_ref(key.certificate());
  bundle.emplace_back(key.certificate());
  for (std::size_t i = 1; i < blocks.size(); ++i) {
    if (blocks[i].label != "CERTIFICATE") continue;
    if (Certificate certificate = parse_certificate(blocks[i])) bundle.push_back(std::move(certificate));
  }
  return bundle;
}

bool is_ca(X509* certificate) {
  return (X509_get_extension_flags(certificate) & EXFLAG_CA) != 0;
}

std::optional<Time> to_time(const ASN1_TIME* asn1) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(asn1, &parts) != 1) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{parts.tm_year + 1900},
                                         std::chrono::month{static_cast<unsigned>(parts.tm_mon + 1)},
                                         std::chrono::day{static_cast<unsigned>(parts.tm_mday)}};
  return std::chrono::sys_days{date} + std::chrono::hours{parts.tm_hour} +
         std::chrono::minutes{parts.tm_min} + std::chrono::seconds{parts.tm_sec};
}

/// The last common name of the subject, as bytes of UTF-8.
std::string common_name(X509* certificate) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  int index = -1;
  for (int next = X509_NAME_get_index_by_NID(subject, NID_commonName, -1); next >= 0;
       next = X509_NAME_get_index_by_NID(subject, NID_commonName, next)) {
    index = next;
  }
  if (index < 0) return {};
  unsigned char* text = nullptr;
  const int length =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
  if (length < 0) return {};
  std::string name(reinterpret_cast<char*>(text), static_cast<std::size_t>(length));
  OPENSSL_free(text);
  return name;
}

bool matches_gun(std::string_view common_name, std::string_view gun) {
  if (common_name.ends_with('*')) return gun.starts_with(common_name.substr(0, common_name.size() - 1));
  return common_name == gun;
}

std::optional<std::string> date_problem(X509* certificate, Time now) {
  const std::optional<Time> start = to_time(X509_get0_notBefore(certificate));
  const std::optional<Time> end = to_time(X509_get0_notAfter(certificate));
  if (!start || !end) return "its certificate has no readable dates";
  if (*end < now) return "its certificate expired at " + format_time(*end);
  if (*start > now + kStartLeeway) return "its certificate is not valid before " + format_time(*start);
  return std::nullopt;
}

std::optional<std::string> strength_problem(X509* certificate) {
  int digest = NID_undef;
  if (X509_get_signature_info(certificate, &digest, nullptr, nullptr, nullptr) == 1 &&
      (digest == NID_sha1 || digest == NID_md5)) {
    return "its certificate is signed with " + std::string(OBJ_nid2sn(digest));
  }
  return std::nullopt;
}

bool has_issued(X509* issuer, X509* certificate) {
  const bool issued = X509_check_issued(issuer, certificate) == X509_V_OK &&
                      X509_verify(certificate, X509_get0_pubkey(issuer)) == 1;
  drain_openssl_errors();
  return issued;
}

/// How many of the certificates are in the chain of the one at `leaf`, itself included.
std::size_t chain_length(const std::vector<Certificate>& certificates, std::size_t leaf) {
  std::vector<bool> in_chain(certificates.size());
  std::vector<X509*> chain = {certificates[leaf].get()};
  in_chain[leaf] = true;
  for (std::size_t next = 0; next < chain.size(); ++next) {  // an authority may have several certificates
    for (std::size_t i = 0; i < certificates.size(); ++i) {
      if (in_chain[i] || !has_issued(certificates[i].get(), chain[next])) continue;
      in_chain[i] = true;
      chain.push_back(certificates[i].get());
    }
  }
  return chain.size();
}

bool chains_to_anchor(const std::vector<Certificate>& bundle, X509* anchor, Time now) {
  if (bundle.empty()) return false;
  const OpensslPtr<X509_STORE, X509_STORE_free> store{X509_STORE_new()};
  const OpensslPtr<X509_STORE_CTX, X509_STORE_CTX_free> context{X509_STORE_CTX_new()};
  const BorrowedCertificates issuers{sk_X509_new_null()};
  for (std::size_t i = 1; i < bundle.size(); ++i) sk_X509_push(issuers.get(), bundle[i].get());
  bool ok = X509_STORE_add_cert(store.get(), anchor) == 1 &&
            X509_STORE_CTX_init(context.get(), store.get(), bundle.front().get(), issuers.get()) == 1;
  if (ok) {
    X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_time(parameters, now.time_since_epoch().count());
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);  // an intermediate may be the anchor
    X509_VERIFY_PARAM_set_auth_level(parameters, kSecurityLevel);
    ok = X509_verify_cert(context.get()) == 1;
  }
  drain_openssl_errors();
  return ok;
}

}  // namespace

std::optional<std::string> root_certificate_problem(const PublicKey& key, std::string_view gun,
                                                    std::optional<Time> now) {
  if (!is_certificate(key)) return "it is a bare key, not a certificate";
  const std::string text = certificate_text(key);
  std::string exact;
  const std::vector<PemBlock> blocks = parse_pem(text);
  for (const PemBlock& block : blocks) exact += format_pem({"CERTIFICATE", {}, block.content});
  if (exact != text) return "its certificate is not exact PEM";
  const std::vector<Certificate> bundle = bundle_of(key, blocks);
  if (bundle.size() != blocks.size()) return "its bundle holds what is not a certificate";
  for (std::size_t i = 0; i < bundle.size(); ++i) {
    if (is_ca(bundle[i].get()) != (i > 0)) return "its bundle is not one leaf followed by its issuers";
  }
  X509* leaf = bundle.front().get();
  if (!matches_gun(common_name(leaf), gun)) {
    return "its certificate is for \"" + common_name(leaf) + "\", not for " + std::string(gun);
  }
  auto problem = strength_problem(leaf);
  if (!problem && now) problem = date_problem(leaf, *now);
  return problem;
}

std::optional<std::string> delegation_certificate_problem(const PublicKey& key, Time now) {
  if (!is_certificate(key)) return std::nullopt;
  const auto problem = date_problem(key.certificate(), now);
  return problem ? problem : strength_problem(key.certificate());
}

const PemBlock& leaf_among(const std::vector<PemBlock>& certificates) {
  std::vector<Certificate> parsed;
  std::vector<std::size_t> leaves;
  for (const PemBlock& block : certificates) {
    parsed.push_back(parse_certificate(block));
    if (!parsed.back()) throw Error(ErrorCode::kKeyMalformed, "a certificate is damaged");
    if (!is_ca(parsed.back().get())) leaves.push_back(parsed.size() - 1);
  }
  if (leaves.empty()) {
    const bool alone = parsed.size() == 1;
    throw Error(ErrorCode::kKeyUnsupported,
                alone ? "it holds the certificate of an authority (CA), not of a signer"
                      : "it holds only certificates of authorities (CA), none of a signer",
                alone
                    ? "give the signer's certificate; if this is the signer's own key: openssl x509 -in FILE "
                      "-noout -pubkey > FILE.pem; then name FILE.pem"
                    : "give the signer's own certificate, which these authorities have signed");
  }
  if (leaves.size() > 1) {
    throw Error(ErrorCode::kKeyUnsupported,
                "it holds " + std::to_string(leaves.size()) + " certificates that are no authority's",
                std::string(kSplitFile) + "the one that is meant, such as FILE.1");
  }
  if (parsed.size() > kMaxChain || chain_length(parsed, leaves.front()) != parsed.size()) {
    throw Error(
        ErrorCode::kKeyUnsupported,
        "it holds an authority that is not in the chain of the signer's certificate",
        std::string(kSplitFile) + "the signer's certificate, FILE." + std::to_string(leaves.front() + 1));
  }
  return certificates[leaves.front()];
}

bool chains_to(const PublicKey& key, std::string_view ca_pem, Time now) {
  const std::vector<Certificate> anchors = parse_certificates(ca_pem);
  if (anchors.empty()) throw Error(ErrorCode::kConfig, "the CA file holds no certificate");
  if (!is_certificate(key)) return false;
  const std::vector<Certificate> bundle = bundle_of(key, parse_pem(certificate_text(key)));
  // One at a time: of two anchors with one name (a CA that changed its key) OpenSSL would only try the first.
  return std::any_of(anchors.begin(), anchors.end(),
                     [&](const Certificate& anchor) { return chains_to_anchor(bundle, anchor.get(), now); });
}

std::optional<Time> certificate_expiry(const PublicKey& key) {
  if (!is_certificate(key)) return std::nullopt;
  return to_time(X509_get0_notAfter(key.certificate()));
}

}  // namespace tuf
