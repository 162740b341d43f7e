#include "tuf/base/digest.h"

#include <openssl/evp.h>

#include "tuf/base/error.h"

namespace tuf {
namespace {

// The algorithms are fetched once: an implicit fetch per call costs more than hashing a small file.
Bytes digest(const EVP_MD* algorithm, ByteView message) {
  Bytes result(static_cast<std::size_t>(EVP_MD_get_size(algorithm)));
  if (EVP_Digest(message.data(), message.size(), result.data(), nullptr, algorithm, nullptr) != 1) {
    throw Error(ErrorCode::kInternal, "libcrypto cannot compute a digest");
  }
  return result;
}

}  // namespace

Bytes sha256(ByteView message) {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
  return digest(algorithm, message);
}

Bytes sha512(ByteView message) {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA2-512", nullptr);
  return digest(algorithm, message);
}

}  // namespace tuf
