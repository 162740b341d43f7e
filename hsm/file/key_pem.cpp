#include "hsm/file/key_pem.h"

#include <openssl/crypto.h>

#include "hsm/file/encryption.h"
#include "hsm/file/key_form.h"
#include "hsm/file/private_key_der.h"
#include "tuf/base/error.h"
#include "tuf/keys/pem.h"

namespace hsm {
namespace {

using tuf::ByteView;
using tuf::Error;
using tuf::ErrorCode;
using tuf::PemBlock;

constexpr std::string_view kEncrypted = "ENCRYPTED PRIVATE KEY";
constexpr std::string_view kPlain = "PRIVATE KEY";
constexpr std::string_view kOpenssh = "OPENSSH PRIVATE KEY";

std::string header(const PemBlock& block, const std::string& name) {
  const auto found = block.headers.find(name);
  return found == block.headers.end() ? std::string() : found->second;
}

std::map<std::string, std::string> to_map(const KeyPemHeaders& headers) {
  std::map<std::string, std::string> map;
  if (!headers.role.empty()) map["role"] = headers.role;
  if (!headers.gun.empty()) map["gun"] = headers.gun;
  if (!headers.path.empty()) map["path"] = headers.path;
  for (const auto& [name, value] : map) {
    for (const char c : value) {
      if (static_cast<unsigned char>(c) < ' ') {  // it would start another header, or end them
        throw Error(ErrorCode::kInvalidRole, "control character in the header " + name + " of a key file",
                    "write it in printable characters");
      }
    }
  }
  return map;
}

}  // namespace

std::vector<KeyPem> KeyPem::parse_all(std::string_view text) {
  std::vector<KeyPem> keys;
  if (const std::string_view label = der_label(tuf::as_bytes(text)); label.ends_with(kPlain)) {
    KeyPem key;
    key.block_label_ = label;
    key.content_.assign(text.begin(), text.end());
    keys.push_back(std::move(key));
    return keys;
  }
  for (PemBlock& block : tuf::parse_pem(text)) {
    if (block.label.ends_with(kPlain) && block.label != kOpenssh) {
      KeyPem key;
      key.block_label_ = block.label;
      key.headers_ = {header(block, "role"), header(block, "gun"), header(block, "path")};
      key.proc_type_ = header(block, "Proc-Type");
      key.dek_info_ = header(block, "DEK-Info");
      key.content_.assign(block.content.begin(), block.content.end());
      keys.push_back(std::move(key));
    }
    OPENSSL_cleanse(block.content.data(), block.content.size());
  }
  return keys;
}

bool KeyPem::is_encrypted() const {
  return block_label_ == kEncrypted || proc_type_.find("ENCRYPTED") != std::string::npos;
}

PrivateKey KeyPem::open() const {
  if (is_encrypted()) throw Error(ErrorCode::kInternal, "an encrypted key was opened without its passphrase");
  return read_private_key(block_label_, content_);
}

PrivateKey KeyPem::open(const Secret& passphrase) const {
  if (!is_encrypted()) throw Error(ErrorCode::kInternal, "a plain key was opened with a passphrase");
  const SecretBytes der = block_label_ == kEncrypted ? decrypt_pkcs8(content_, passphrase)
                                                     : decrypt_legacy(content_, dek_info_, passphrase);
  return read_private_key(block_label_, der);
}

std::string format_key_pem(const PrivateKey& key, const KeyPemHeaders& headers, const Secret& passphrase) {
  const SecretBytes der = write_pkcs8(key);
  PemBlock block{std::string(kPlain), to_map(headers), {}};
  if (passphrase.empty()) {
    block.content.assign(der.begin(), der.end());
  } else {
    block.label = kEncrypted;
    block.content = encrypt_pkcs8(der, passphrase);
  }
  std::string text = tuf::format_pem(block);
  OPENSSL_cleanse(block.content.data(), block.content.size());
  return text;
}

std::string format_public_key_pem(const tuf::PublicKey& key, std::string_view role) {
  return tuf::format_pem({"PUBLIC KEY", to_map({std::string(role), {}, {}}), key.spki()});
}

}  // namespace hsm
