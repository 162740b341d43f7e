#include "tuf/keys/ecdsa_signature.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>

#include <memory>

#include "tuf/base/error.h"
#include "tuf/base/openssl.h"

namespace tuf {

Bytes der_to_rs(ByteView der, std::size_t width) {
  const unsigned char* next = der.data();
  const OpensslPtr<ECDSA_SIG, ECDSA_SIG_free> signature{
      d2i_ECDSA_SIG(nullptr, &next, static_cast<long>(der.size()))};
  Bytes rs(2 * width);
  const int half = static_cast<int>(width);
  if (!signature || next != der.data() + der.size() ||
      BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), rs.data(), half) != half ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), rs.data() + width, half) != half) {
    throw Error(ErrorCode::kInternal, "an ECDSA signature does not fit its curve");
  }
  return rs;
}

std::optional<Bytes> rs_to_der(ByteView rs, std::size_t width) {
  if (rs.size() != 2 * width) return std::nullopt;
  OpensslPtr<BIGNUM, BN_free> r{BN_bin2bn(rs.data(), static_cast<int>(width), nullptr)};
  OpensslPtr<BIGNUM, BN_free> s{BN_bin2bn(rs.data() + width, static_cast<int>(width), nullptr)};
  if (!r || !s || BN_is_zero(r.get()) || BN_is_zero(s.get())) return std::nullopt;
  const OpensslPtr<ECDSA_SIG, ECDSA_SIG_free> signature{ECDSA_SIG_new()};
  if (!signature || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return std::nullopt;
  static_cast<void>(r.release());  // owned by the signature now
  static_cast<void>(s.release());
  unsigned char* out = nullptr;
  const int length = i2d_ECDSA_SIG(signature.get(), &out);
  if (length <= 0) return std::nullopt;
  Bytes der(out, out + length);
  OPENSSL_free(out);
  return der;
}

}  // namespace tuf
