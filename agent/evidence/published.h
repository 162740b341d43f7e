// What a run has published of a repository, as receipts and audit lines tell it: types and a form of their
// own, so that no change of what commands print changes what was signed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tuf/json/json.h"
#include "tuf/view/role_view.h"

namespace agent {

struct PublishedTarget {
  std::string name;
  std::string digest;                  // null in JSON for what is not there
  std::optional<std::int64_t> length;  // null in JSON, too
  std::vector<std::string> roles;
  std::optional<std::string> status;     // signed, unchanged, moved, …
  tuf::Json more = tuf::Json::object();  // members of single commands
};

struct PublishedRepository {
  std::string gun;
  std::string server;
  std::optional<bool> published;
  std::optional<int> attempts;
  std::optional<std::string> trust_root;
  std::vector<tuf::RoleView> roles;
  std::vector<PublishedTarget> targets;
  tuf::Json more = tuf::Json::object();
};

/// All text in it must be UTF-8.
tuf::Json to_evidence(const PublishedRepository& repository);

}  // namespace agent
