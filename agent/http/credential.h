// Credential: a user name with password, or an identity token, where it came from, and for whom it is.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hsm/secret.h"

namespace agent {

struct Credential {
  enum class Kind { kPassword, kIdentityToken };

  std::string source;  // for messages: "NOTARY_AUTH", "auths of /home/ci/.docker/config.json"
  Kind kind = Kind::kPassword;
  std::string username;  // empty for most identity tokens
  hsm::Secret secret;
  /// `host[:port]` for which it is stored; empty: for the server it was asked for.
  std::string home = {};

  /// base64 of `user:password`; nullopt if it is not that. `what` becomes the source.
  static std::optional<Credential> from_basic(std::string_view base64, std::string what);

  /// The value of an Authorization header. Only for passwords.
  std::string basic_header() const;
};

}  // namespace agent
