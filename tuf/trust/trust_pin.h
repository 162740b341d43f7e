// TrustPin: what a root must show on first contact, said by the user (section 7.8).
#pragma once

#include <optional>
#include <set>
#include <string>

#include "tuf/keys/key_id.h"
#include "tuf/metadata/codec.h"

namespace tuf {

/// Either key IDs, of which one must be that of a root key (TUF or canonical ID), or the PEM text of
/// certificates, to one of which a root key's certificate must chain. That key must also have signed the
/// root: everybody can list a certificate that is not theirs.
struct TrustPin {
  std::set<KeyId> key_ids;
  std::string ca_pem;

  /// Only root keys whose certificate is valid for `gun` at `now` are looked at; without `now` its dates do
  /// not matter, and nothing chains to an authority.
  bool accepts(const Metadata<Root>& root, const Gun& gun, std::optional<Time> now) const;
};

}  // namespace tuf
