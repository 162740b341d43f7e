// Keys on a token: which objects are there, and which public key belongs to which private one. Internal to
// this folder.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hsm/pkcs11/session.h"
#include "tuf/base/error.h"
#include "tuf/keys/public_key.h"

namespace hsm::pkcs11 {

struct FoundKey {
  std::string label;
  tuf::Bytes id;
  std::string kind;                                  // "EC P-256", "RSA 2048", "Ed25519"
  std::optional<tuf::PublicKey> public_key;          // a bare key
  std::optional<tuf::Error> problem;                 // why there is no public key
  CK_OBJECT_HANDLE private_key = CK_INVALID_HANDLE;  // invalid: only the public half is in view
  bool has_public_object = false;

  bool private_in_view() const { return private_key != CK_INVALID_HANDLE; }
};

/// The private keys in view that have this label and this ID (empty: any), each with its public half: what
/// the private key itself tells (RSA), else the public key object with the same ID, else the certificate;
/// where nothing has its ID, the same by its label.
/// Never through libp11, whose `PKCS11_get_public_key` crashes without a public object and leaks the PIN with
/// one.
std::vector<FoundKey> find_private_keys(const Session& session, const std::string& label, tuf::ByteView id);

/// The private keys in view whose public key object or certificate has this label and this ID: tokens such as
/// YubiKeys call the parts of a key by names of their own.
std::vector<FoundKey> find_keys_by_public_half(const Session& session, const std::string& label,
                                               tuf::ByteView id);

/// The public keys in view, which need no log-in; of `certificates` only when asked, since a token may hold
/// many that are no one's here.
std::vector<FoundKey> find_public_keys(const Session& session, const std::string& label, tuf::ByteView id,
                                       bool certificates);

/// "key 'release' (id 01, EC P-256)", for messages.
std::string describe(const FoundKey& key);
/// "01ff"
std::string describe_id(tuf::ByteView id);

}  // namespace hsm::pkcs11
