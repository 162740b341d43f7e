// RoleExpiry: when each part of a repository stops being accepted, and what of it is due.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tuf/trust/trusted_repository.h"

namespace tuf {

struct RoleExpiry {
  /// What it is: a role, or `root certificate`, whose end is the end of the root too.
  std::string name;
  std::int64_t version = 0;  // of the file; 0 for a certificate
  Time expires;
  /// The trust server signs it anew before it expires; nobody has to do anything.
  bool renewed_by_server = false;
  /// Of a timestamp that has more than half of its life before it: where a folder's is older, whoever opens
  /// the folder with its keys signs it anew, so until then there is nothing to refresh.
  bool is_fresh = false;

  /// Whether somebody has to sign it anew by `when`.
  bool is_due(Time when) const { return !renewed_by_server && !is_fresh && expires <= when; }
};

/// Every role that has a verified file, top roles first, and the root's certificates. `server_renews` tells
/// that the store is a trust server, which signs the timestamp by itself; a static repository does not.
std::vector<RoleExpiry> role_expiries(const TrustedRepository& repository, bool server_renews);

}  // namespace tuf
