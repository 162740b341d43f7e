// TokenUri: which token and which key, as RFC 7512 spells it:
//
//   pkcs11:token=ci;object=release;id=%01?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/run/pin
//
// Strict: what is not understood is refused, never ignored, so that a slip cannot select another key. A token
// is never chosen by slot number: those change when a token is initialised.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "hsm/secret.h"
#include "tuf/base/bytes.h"

namespace hsm {

struct TokenUri {
  /// Throws kInvalidKeyRef; the message never repeats a value of `pin-value`.
  static TokenUri parse(std::string_view text);

  // What the token must say of itself; an empty one admits every token.
  std::string token;  // label
  std::string serial;
  std::string manufacturer;
  std::string model;
  // What its module must say of itself.
  std::string library_manufacturer;
  std::string library_description;
  std::string library_version;  // "2.6"
  // What the key must be called; empty ones admit every private key.
  std::string object;  // CKA_LABEL
  tuf::Bytes id;       // CKA_ID

  std::string module_path;  // empty: the configured module
  std::string pin_source;   // absolute path of a file whose first line is the PIN; a `file:` is cut off
  std::shared_ptr<const Secret> pin_value;  // may be empty: so the user asks for the empty PIN

  bool names_key() const { return !object.empty() || !id.empty(); }
  bool names_library() const {
    return !library_manufacturer.empty() || !library_description.empty() || !library_version.empty();
  }
  bool names_token() const {
    return !token.empty() || !serial.empty() || !manufacturer.empty() || !model.empty() || names_library();
  }

  /// The URI that `parse` reads back as the same thing, but without `pin-value` unless that is empty: fit for
  /// output and --key.
  std::string to_string() const;
};

/// `pin-value` does not count: it says nothing of which key is meant.
bool operator==(const TokenUri& left, const TokenUri& right);

}  // namespace hsm
