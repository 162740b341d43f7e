#include "agent/http/ca_bundle.h"

#include <openssl/asn1.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <vector>

#include "tuf/base/bytes.h"
#include "tuf/base/openssl.h"
#include "tuf/keys/pem.h"

namespace agent {
namespace {

using NamePtr = tuf::OpensslPtr<X509_NAME, X509_NAME_free>;
using CertificatePtr = tuf::OpensslPtr<X509, X509_free>;

/// Steps over DER elements without looking into them.
class DerReader {
 public:
  explicit DerReader(tuf::ByteView der) : at_(der.data()), end_(der.data() + der.size()) {}

  /// The next element, header included, if it has this tag; empty otherwise.
  tuf::ByteView next(int tag, int tag_class = V_ASN1_UNIVERSAL) {
    const unsigned char* start = at_;
    const auto content = read(tag, tag_class);
    if (content.data() == nullptr) return {};
    at_ = content.data() + content.size();
    return {start, at_};
  }

  /// Goes into the next element, a SEQUENCE. False if it is none.
  bool enter() {
    const auto content = read(V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    if (content.data() == nullptr) return false;
    at_ = content.data();
    end_ = at_ + content.size();
    return true;
  }

 private:
  tuf::ByteView read(int tag, int tag_class) const {
    const unsigned char* content = at_;
    long length = 0;
    int found_tag = 0;
    int found_class = 0;
    const int result = ASN1_get_object(&content, &length, &found_tag, &found_class, end_ - at_);
    const bool definite = (result & 0x81) == 0;  // neither an error nor of indefinite length
    if (!definite || found_tag != tag || found_class != tag_class) return {};
    return {content, static_cast<std::size_t>(length)};
  }

  const unsigned char* at_;
  const unsigned char* end_;
};

/// The subject of a certificate (RFC 5280, section 4.1), which stands behind five other members.
NamePtr subject_of(tuf::ByteView certificate) {
  DerReader reader(certificate);
  if (!reader.enter() || !reader.enter()) return nullptr;
  reader.next(0, V_ASN1_CONTEXT_SPECIFIC);  // version, optional
  for (const int tag : {V_ASN1_INTEGER, V_ASN1_SEQUENCE, V_ASN1_SEQUENCE, V_ASN1_SEQUENCE}) {
    if (reader.next(tag).empty()) return nullptr;
  }
  const tuf::ByteView subject = reader.next(V_ASN1_SEQUENCE);
  const unsigned char* at = subject.data();
  return NamePtr(subject.empty() ? nullptr : d2i_X509_NAME(nullptr, &at, static_cast<long>(subject.size())));
}

struct Bundle {
  struct Entry {
    NamePtr subject;
    tuf::Bytes der;
  };
  std::vector<Entry> entries;
};

int find_by_subject(X509_LOOKUP* lookup, X509_LOOKUP_TYPE type, const X509_NAME* name, X509_OBJECT* found) {
  if (type != X509_LU_X509) return 0;
  const auto& bundle = *static_cast<const Bundle*>(X509_LOOKUP_get_method_data(lookup));
  CertificatePtr first;
  for (const Bundle::Entry& entry : bundle.entries) {
    if (X509_NAME_cmp(entry.subject.get(), name) != 0) continue;
    const unsigned char* at = entry.der.data();
    CertificatePtr certificate(d2i_X509(nullptr, &at, static_cast<long>(entry.der.size())));
    // Others of the same name are found in the store, where the search goes on.
    if (!certificate || X509_STORE_add_cert(X509_LOOKUP_get_store(lookup), certificate.get()) != 1) continue;
    if (!first) first = std::move(certificate);
  }
  ERR_clear_error();
  if (!first) return 0;
  X509_OBJECT_set1_X509(found, first.get());
  // The caller counts this reference once more, as X509_LOOKUP_meth_new(3) warns.
  X509_free(first.get());
  return 1;
}

void free_bundle(X509_LOOKUP* lookup) {
  delete static_cast<Bundle*>(X509_LOOKUP_get_method_data(lookup));
}

X509_LOOKUP_METHOD* lookup_method() {
  // Lives as long as any store may.
  static X509_LOOKUP_METHOD* const by_subject = [] {
    X509_LOOKUP_METHOD* method = X509_LOOKUP_meth_new("certificates by subject");
    if (method != nullptr) {
      X509_LOOKUP_meth_set_get_by_subject(method, find_by_subject);
      X509_LOOKUP_meth_set_free(method, free_bundle);
    }
    return method;
  }();
  return by_subject;
}

}  // namespace

bool add_ca_bundle(X509_STORE* store, std::string_view pem) {
  std::vector<Bundle::Entry> entries;
  for (tuf::PemBlock& block : tuf::parse_pem(pem)) {
    if (block.label != "CERTIFICATE" && block.label != "X509 CERTIFICATE") continue;
    if (NamePtr subject = subject_of(block.content)) {
      entries.push_back({std::move(subject), std::move(block.content)});
    }
  }
  if (entries.empty()) return false;
  X509_LOOKUP* lookup = X509_STORE_add_lookup(store, lookup_method());
  if (lookup == nullptr) return false;
  // A store has one look-up of a kind, so the second bundle joins the first.
  auto* bundle = static_cast<Bundle*>(X509_LOOKUP_get_method_data(lookup));
  if (bundle == nullptr) {
    auto fresh = std::make_unique<Bundle>();
    if (X509_LOOKUP_set_method_data(lookup, fresh.get()) != 1) return false;
    bundle = fresh.release();
  }
  std::move(entries.begin(), entries.end(), std::back_inserter(bundle->entries));
  return true;
}

}  // namespace agent
