// Key files for tests.
#pragma once

#include <sys/stat.h>

#include <string>

#include "hsm/file/key_pem.h"
#include "tests/support/test_data.h"

namespace test {

/// A file of mode 0600, as all key files are.
inline std::filesystem::path write_key_file(const std::filesystem::path& path, std::string_view content) {
  std::filesystem::create_directories(path.parent_path());
  write_file(path, content);
  chmod(path.c_str(), 0600);
  return path;
}

/// Opens the only key of `text`; `passphrase` is used if it is encrypted.
inline hsm::PrivateKey open_only_key(std::string_view text, std::string_view passphrase = "") {
  const std::vector<hsm::KeyPem> keys = hsm::KeyPem::parse_all(text);
  if (keys.size() != 1) throw std::runtime_error("not exactly one key");
  return keys.front().is_encrypted() ? keys.front().open(hsm::Secret(passphrase)) : keys.front().open();
}

/// True if the public half verifies what the private half signs.
inline bool signs(tuf::Signer& signer) {
  const tuf::ByteView message = tuf::as_bytes("a message");
  const std::string method(tuf::signature_method(signer.public_key().type()));
  return signer.public_key().verifies({{}, method, signer.sign(message)}, message);
}

}  // namespace test
