#include "hsm/file/open_key.h"

#include <algorithm>
#include <functional>

#include "hsm/file/key_form.h"
#include "hsm/os/private_file.h"
#include "tuf/base/error.h"

namespace hsm {
namespace {

using tuf::Error;
using tuf::ErrorCode;

}  // namespace

std::vector<KeyPem> read_key_file(const std::filesystem::path& path) {
  return read_key_file(read_private_file(path), path);
}

std::vector<KeyPem> read_key_file(const PrivateFile& file, const std::filesystem::path& path) {
  std::vector<KeyPem> keys = KeyPem::parse_all(file.text());
  if (keys.empty()) throw in_file(no_key_in(file.text(), KeyHalf::kPrivate), path);
  if (file.others_can_read && !std::all_of(keys.begin(), keys.end(), std::mem_fn(&KeyPem::is_encrypted))) {
    throw Error(ErrorCode::kInsecureFile, path.string() + " is not encrypted and can be read by others")
        .with_value("FILE", path.string());
  }
  return keys;
}

PrivateKey open_key(const KeyPem& key, const std::filesystem::path& path, std::string_view role,
                    SecretSource& secrets) {
  try {
    return key.is_encrypted() ? key.open(secrets.passphrase(role)) : key.open();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kWrongPassphrase) throw in_file(error, path);
    throw error.with_context(path.string())
        .with_hint("put the passphrase of this file into " +
                   secrets.variable_in_use(SecretSource::passphrase_variables(role)));
  }
}

}  // namespace hsm
