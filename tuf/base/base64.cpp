#include "tuf/base/base64.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <limits>

namespace tuf {

std::string to_base64(ByteView bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // EVP_EncodeBlock adds a NUL
  const int written = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                      static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(written));
  return text;
}

std::optional<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0 || text.size() > std::numeric_limits<int>::max()) return std::nullopt;
  if (text.empty()) return Bytes{};
  Bytes bytes(text.size() / 4 * 3);
  const int decoded = EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                      static_cast<int>(text.size()));
  if (decoded < 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && text[text.size() - 1 - padding] == '=') ++padding;
  bytes.resize(static_cast<std::size_t>(decoded) - padding);
  // OpenSSL tolerates white space, "====" and spare bits; only the one canonical text passes here.
  std::string again = to_base64(bytes);
  const bool exact = again == text;
  OPENSSL_cleanse(again.data(), again.size());  // it may be a private key
  if (!exact) return std::nullopt;
  return bytes;
}

}  // namespace tuf
