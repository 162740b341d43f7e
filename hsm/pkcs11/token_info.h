// What can be told of tokens and of the keys on them, for `token list` and as evidence of where a key was
// born.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tuf/base/bytes.h"
#include "tuf/keys/public_key.h"

namespace hsm {

/// What the token swears about a private key. nullopt: it does not tell.
struct KeyOrigin {
  std::optional<bool> local;              // CKA_LOCAL: made on the token, not imported
  std::optional<bool> never_extractable;  // CKA_NEVER_EXTRACTABLE
  std::optional<bool> extractable;
  std::optional<bool> sensitive;
  std::optional<bool> always_authenticate;  // wants the PIN for every signature
};

struct TokenKeyInfo {
  std::string label;
  tuf::Bytes id;
  std::string kind;                          // "EC P-256", "RSA 2048", "Ed25519 or Ed448"
  std::string uri;                           // fit for --key
  std::optional<tuf::PublicKey> public_key;  // absent: the key cannot be used here, see `problem`
  std::string problem;
  bool has_public_object = false;
  bool private_in_view = false;  // false: only the public half is seen without the PIN
  KeyOrigin origin;              // told of private keys in view only
};

struct TokenInfo {
  std::string label;
  std::string serial;
  std::string manufacturer;
  std::string model;
  std::string module_path;
  std::string uri;  // fit for --token; empty if not initialised
  bool initialised = false;
  bool login_required = false;
  bool pin_initialised = false;
  bool pin_count_low = false;
  bool pin_final_try = false;
  bool pin_locked = false;
  bool read_only = false;
  std::string problem;  // why the keys could not be listed; empty if they could
  std::vector<TokenKeyInfo> keys;
};

}  // namespace hsm
