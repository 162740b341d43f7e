// AccountHome: the host for which an account is stored, and whom that host may trust with it.
#pragma once

#include <optional>
#include <string>

#include "agent/http/public_suffixes.h"
#include "agent/http/url.h"

namespace agent {

class AccountHome {
 public:
  /// `authority` is `host[:port]` as docker's config.json has it. Of something else nobody is at home.
  explicit AccountHome(const std::string& authority,
                       const PublicSuffixes& suffixes = PublicSuffixes::of_system())
      : home_(Url::parse("https://" + authority)), suffixes_(suffixes) {}

  /// The host itself, encrypted: it may have the password.
  bool is(const Url& server) const { return home_ && home_->same_origin(server); }
  /// Its owner's, encrypted: on this host, whatever the port, or under the same registrable domain.
  bool owns(const Url& server) const {
    return home_ && server.is_https() && suffixes_.have_one_owner(home_->host(), server.host());
  }

 private:
  std::optional<Url> home_;
  const PublicSuffixes& suffixes_;
};

}  // namespace agent
