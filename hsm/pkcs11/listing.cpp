#include "hsm/pkcs11/listing.h"

#include <algorithm>

#include "hsm/pkcs11/key_origin.h"
#include "hsm/pkcs11/key_selection.h"

namespace hsm::pkcs11 {
namespace {

TokenKeyInfo describe_key(Token& token, const FoundKey& key, const TokenUri& uri) {
  TokenKeyInfo info;
  info.label = key.label;
  info.id = key.id;
  info.kind = key.kind;
  info.uri = key_uri(token, key, uri);
  info.public_key = key.public_key;
  if (key.problem) info.problem = key.problem->what();
  info.has_public_object = key.has_public_object;
  info.private_in_view = key.private_in_view();
  if (info.private_in_view) info.origin = key_origin(token.session(), key.private_key);
  return info;
}

/// Private keys in view, then the public ones that belong to none of them.
std::vector<TokenKeyInfo> keys_in_view(Token& token, const TokenUri& uri) {
  std::vector<FoundKey> keys = private_keys(token, uri);
  for (FoundKey& half : find_public_keys(token.session(), uri.object, uri.id, false)) {
    const bool known = std::any_of(keys.begin(), keys.end(), [&](const FoundKey& key) {
      if (!key.private_in_view()) return false;
      if (!half.public_key || !key.public_key) return key.id == half.id && key.label == half.label;
      return key.public_key->canonical_id() == half.public_key->canonical_id();
    });
    if (!known) keys.push_back(std::move(half));
  }
  std::vector<TokenKeyInfo> infos;
  infos.reserve(keys.size());
  for (const FoundKey& key : keys) infos.push_back(describe_key(token, key, uri));
  return infos;
}

TokenInfo describe_plain(const std::string& module_path, const PKCS11_TOKEN& token) {
  TokenInfo info;
  info.label = token.label;
  info.serial = token.serialnr;
  info.manufacturer = token.manufacturer;
  info.model = token.model;
  info.module_path = module_path;
  return info;
}

}  // namespace

TokenInfo describe_token(Token& token, const TokenUri& uri) {
  TokenInfo info = describe_plain(token.module().path(), token.description());
  info.initialised = true;
  info.uri = token.uri().to_string();
  const std::lock_guard lock(token.mutex());
  try {
    const CK_FLAGS flags = token.flags();
    info.login_required = (flags & CKF_LOGIN_REQUIRED) != 0;
    info.pin_initialised = (flags & CKF_USER_PIN_INITIALIZED) != 0;
    info.pin_count_low = (flags & CKF_USER_PIN_COUNT_LOW) != 0;
    info.pin_final_try = (flags & CKF_USER_PIN_FINAL_TRY) != 0;
    info.pin_locked = (flags & CKF_USER_PIN_LOCKED) != 0;
    info.read_only = (flags & CKF_WRITE_PROTECTED) != 0;
    info.keys = token.steadily([&] { return keys_in_view(token, uri); });
  } catch (const tuf::Error& error) {
    info.problem = error.what();
  }
  return info;
}

TokenInfo describe_blank(const Module& module, const PKCS11_TOKEN& token) {
  return describe_plain(module.path(), token);
}

}  // namespace hsm::pkcs11
