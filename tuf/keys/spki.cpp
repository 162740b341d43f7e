#include "tuf/keys/spki.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/params.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <string>

namespace tuf {
namespace {

using EvpContext = OpensslPtr<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

struct Curve {
  std::string_view group;   // as OpenSSL names it
  std::string_view name;    // as people do
  std::string_view header;  // of an SPKI, up to the point
  std::size_t point;        // bytes of an uncompressed one
};
using namespace std::string_view_literals;
constexpr std::array kCurves = {
    Curve{"secp224r1", "P-224",
          "\x30\x4e\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x21\x03\x3a\x00"sv,
          57},
    Curve{
        "prime256v1", "P-256",
        "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00"sv,
        65},
    Curve{"secp384r1", "P-384",
          "\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00"sv,
          97},
    Curve{
        "secp521r1", "P-521",
        "\x30\x81\x9b\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23\x03\x81\x86\x00"sv,
        133},
};
constexpr unsigned char kUncompressed = 4;

const Curve* curve_of(const EVP_PKEY* key) {
  char group[64];
  if (EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) != 1) return nullptr;
  const auto found =
      std::find_if(kCurves.begin(), kCurves.end(), [&](const Curve& c) { return c.group == group; });
  return found == kCurves.end() ? nullptr : &*found;
}

/// The curve of an SPKI that is in its one plain form, whatever point it names; nullptr for any other.
const Curve* plain_curve_of(ByteView spki) {
  const std::string_view text = as_text(spki);
  for (const Curve& curve : kCurves) {
    if (text.size() == curve.header.size() + curve.point && text.starts_with(curve.header) &&
        spki[curve.header.size()] == kUncompressed)
      return &curve;
  }
  return nullptr;
}

/// Null if the point is not on the curve.
EvpKey key_of_point(const Curve& curve, ByteView point) {
  const EvpContext context{EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr)};
  std::string group(curve.group);
  Bytes octets(point.begin(), point.end());
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, octets.data(), octets.size()),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  const bool ok = context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                  EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) == 1;
  drain_openssl_errors();
  EvpKey owned{key};
  return ok ? std::move(owned) : nullptr;
}

/// Of a key that is_plain_ec; empty for the point at infinity.
Bytes plain_spki(const EVP_PKEY* key) {
  const Curve& curve = *curve_of(key);
  const ByteView header = as_bytes(curve.header);
  Bytes spki(header.begin(), header.end());
  spki.resize(header.size() + curve.point);
  std::size_t length = 0;
  const bool ok = EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, spki.data() + header.size(),
                                                  curve.point, &length) == 1;
  drain_openssl_errors();
  return ok && length == curve.point ? spki : Bytes{};
}

}  // namespace

std::string_view curve_name(const EVP_PKEY* key) {
  const Curve* curve = curve_of(key);
  return curve ? curve->name : std::string_view();
}

bool spells_curve_out(const EVP_PKEY* key) {
  int spelt_out = 0;
  if (key == nullptr || !EVP_PKEY_is_a(key, "EC")) return false;
  EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &spelt_out);
  return curve_of(key) != nullptr && spelt_out != 0;
}

bool is_plain_ec(const EVP_PKEY* key) {
  char format[32];
  return curve_of(key) && !spells_curve_out(key) &&
         EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, format,
                                        sizeof format, nullptr) == 1 &&
         std::string_view(format) == OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED;
}

// OpenSSL's decoders and encoders take longer than a verification; the plain form needs neither.

EvpKey parse_spki(ByteView der) {
  if (const Curve* curve = plain_curve_of(der))
    return key_of_point(*curve, der.subspan(curve->header.size()));
  const unsigned char* next = der.data();
  EvpKey key{d2i_PUBKEY(nullptr, &next, static_cast<long>(der.size()))};
  if (key && next != der.data() + der.size()) key.reset();
  drain_openssl_errors();
  return key;
}

Bytes encode_spki(EVP_PKEY* key) {
  if (key && EVP_PKEY_is_a(key, "EC") && is_plain_ec(key)) return plain_spki(key);
  unsigned char* out = nullptr;
  const int length = key ? i2d_PUBKEY(key, &out) : 0;
  drain_openssl_errors();
  if (length <= 0) return {};
  Bytes der(out, out + length);
  OPENSSL_free(out);
  return der;
}

}  // namespace tuf
