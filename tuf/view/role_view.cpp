#include "tuf/view/role_view.h"

#include <algorithm>
#include <optional>

#include "tuf/base/digest.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"

namespace tuf {
namespace {

template <class T>
std::vector<KeyId> signers_of(const Metadata<T>& file, const RoleAuthority& authority) {
  std::vector<KeyId> signers;
  for (const PublicKey& key : authority.keys()) {
    const KeyId id = key.canonical_id();  // a key may be listed in two forms
    if (is_signed_by(key, file.signed_text, file.signatures) &&
        std::find(signers.begin(), signers.end(), id) == signers.end())
      signers.push_back(id);
  }
  return signers;
}

template <class T>
RoleView view_file(const RoleName& role, const Metadata<T>& file, const std::vector<KeyId>& keys,
                   const RoleAuthority& authority) {
  RoleView view{.name = role};
  view.version = file.body.version;
  view.expires = file.body.expires;
  view.length = static_cast<std::int64_t>(file.bytes.size());
  view.sha256 = to_hex(sha256(as_bytes(file.bytes)));
  for (const KeyId& id : keys) view.key_ids.push_back(id.hex());
  for (const PublicKey& key : authority.keys()) view.canonical_key_ids.push_back(key.canonical_id().hex());
  for (const KeyId& id : signers_of(file, authority)) view.signed_by_key_ids.push_back(id.hex());
  return view;
}

/// Calls `use` with the role's file and who may sign it; not for a delegation whose file is not read.
template <class Use>
void with_file(const TrustedRepository& repository, const RoleName& role, Use use) {
  if (const Delegation* delegation = repository.find_delegation(role)) {
    if (delegation->metadata) use(*delegation->metadata, delegation->role.key_ids, delegation->authority);
    return;
  }
  const auto use_top = [&](const auto& file) {
    const Root& root = repository.root().body;
    use(file, root.role(role).key_ids, RoleAuthority::of(root, role));
  };
  if (role.text() == "root") use_top(repository.root());
  if (role.text() == "targets") use_top(repository.targets());
  if (role.text() == "snapshot") use_top(repository.snapshot());
  if (role.text() == "timestamp" && repository.has_timestamp()) use_top(repository.timestamp());
}

}  // namespace

RoleView view_role(const TrustedRepository& repository, const RoleName& role) {
  std::optional<RoleView> view;
  with_file(repository, role, [&](const auto& file, const auto& keys, const auto& authority) {
    view = view_file(role, file, keys, authority);
  });
  if (!view) throw Error(ErrorCode::kInternal, role.text() + " has no file");
  return *view;
}

std::vector<KeyId> file_signers(const TrustedRepository& repository, const RoleName& role) {
  std::vector<KeyId> signers;
  with_file(repository, role, [&](const auto& file, const auto&, const auto& authority) {
    signers = signers_of(file, authority);
  });
  return signers;
}

std::vector<RoleView> view_roles(const TrustedRepository& repository) {
  std::vector<RoleView> views;
  for (const char* name : {"root", "targets", "snapshot", "timestamp"}) {
    if (name == std::string_view("timestamp") && !repository.has_timestamp()) continue;
    views.push_back(view_role(repository, RoleName::of(name)));
  }
  for (const Delegation& delegation : repository.delegations()) {
    if (delegation.metadata) views.push_back(view_role(repository, delegation.role.name));
  }
  return views;
}

}  // namespace tuf
