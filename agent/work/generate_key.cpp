#include "agent/work/generate_key.h"

#include "agent/work/new_keys.h"
#include "agent/work/signer_name.h"
#include "hsm/file/private_key.h"
#include "hsm/os/private_file.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"

namespace agent {
namespace {

namespace fs = std::filesystem;
using tuf::Error;
using tuf::ErrorCode;

/// What is asked for, understood.
struct Order {
  hsm::KeyAlgorithm algorithm;
  fs::path public_file;
};

fs::path public_key_path(const KeyToGenerate& wanted) {
  const fs::path path = fs::path(wanted.folder) / (wanted.name + ".pub");
  if (fs::exists(fs::symlink_status(path))) {
    throw Error(ErrorCode::kLocal, tuf::printable(path.string()) + " exists already",
                "choose another name, or another folder with --out");
  }
  if (!fs::is_directory(wanted.folder)) {
    const std::string folder = tuf::printable(wanted.folder);
    if (fs::exists(wanted.folder))
      throw Error(ErrorCode::kLocal, folder + " is not a folder", "choose another folder with --out");
    throw Error(ErrorCode::kLocal, "there is no folder " + folder,
                "make it with: mkdir -p " + tuf::shell_path(wanted.folder));
  }
  return path;
}

Order understand(const KeyToGenerate& wanted) {
  require_signer_name(wanted.name);
  const auto algorithm = hsm::parse_key_algorithm(wanted.type);
  if (!algorithm) {
    throw Error(ErrorCode::kUsage, "\"" + tuf::printable(wanted.type) + "\" is not a type of key",
                "use p256, p384, rsa2048, rsa3072 or rsa4096");
  }
  return {*algorithm, public_key_path(wanted)};
}

GeneratedKey generate_on_token(const KeyToGenerate& wanted, const Order& order, Run& run) {
  const auto key =
      run.tokens().generate_key(hsm::TokenUri::parse(*wanted.token), wanted.name, order.algorithm);
  return {key->public_key(), key->uri(), key->origin(), order.public_file};
}

GeneratedKey generate_in_file(const KeyToGenerate& wanted, const Order& order, Run& run) {
  const hsm::Secret& passphrase = run.secrets().passphrase(wanted.name);
  const auto key = hsm::PrivateKey::generate(order.algorithm);
  const fs::path location = run.key_store().add(key, wanted.name, "", passphrase);
  return {key.public_key(), location.string(), std::nullopt, order.public_file};
}

}  // namespace

GeneratedKey generate_key(const KeyToGenerate& wanted, Run& run) {
  const Order order = understand(wanted);
  GeneratedKey key =
      wanted.token ? generate_on_token(wanted, order, run) : generate_in_file(wanted, order, run);
  hsm::write_new_private_file(key.public_file, hsm::format_public_key_pem(key.public_key, wanted.name));
  return key;
}

fs::path rehearse_key(const KeyToGenerate& wanted, Run& run) {
  const Order order = understand(wanted);
  if (wanted.token) {
    run.tokens().require_room(hsm::TokenUri::parse(*wanted.token), wanted.name, order.algorithm);
  } else {
    run.secrets().passphrase(wanted.name);
    require_room_for_keys(run);
  }
  hsm::require_writable(order.public_file);
  return order.public_file;
}

}  // namespace agent
