#include "tuf/view/role_expiry.h"

#include "tuf/edit/repository_draft.h"
#include "tuf/keys/certificate.h"

namespace tuf {

std::vector<RoleExpiry> role_expiries(const TrustedRepository& repository, bool server_renews) {
  std::vector<RoleExpiry> expiries;
  const auto add = [&](const std::string& name, const auto& file, bool renewed = false) {
    expiries.push_back({name, file.body.version, file.body.expires, renewed});
  };
  add("root", repository.root());
  const auto root_keys = RoleAuthority::of_root(repository.root().body, repository.gun(), repository.now());
  for (const PublicKey& key : root_keys.keys()) {
    if (const auto end = certificate_expiry(key)) expiries.push_back({"root certificate", 0, *end, false});
  }
  add("targets", repository.targets());
  add("snapshot", repository.snapshot());
  if (repository.has_timestamp()) {
    add("timestamp", repository.timestamp(), server_renews);
    expiries.back().is_fresh = expiries.back().expires > repository.now() + kTimestampLifetime / 2;
  }
  for (const Delegation& delegation : repository.delegations()) {
    if (delegation.metadata) add(delegation.role.name.text(), *delegation.metadata);
  }
  return expiries;
}

}  // namespace tuf
