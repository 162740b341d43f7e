#include "tuf/view/role_view.h"

#include <algorithm>
#include <optional>

#include "tuf/base/digest.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"

namespace tuf {
namespace {

/// Each once, though a key may be listed in two forms.
std::vector<KeyId> canonical(const RoleAuthority& authority, const std::set<KeyId>& signers) {
  std::vector<KeyId> ids;
  for (const PublicKey& key : authority.keys()) {
    const KeyId& id = key.canonical_id();
    if (signers.contains(key.id()) && std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  return ids;
}

/// Who may sign a role, and who has.
struct Signing {
  const std::vector<KeyId>& listed;
  RoleAuthority authority;
  std::set<KeyId> signers;
};

template <class T>
RoleView view_file(const RoleName& role, const Metadata<T>& file, const Signing& signing) {
  RoleView view{.name = role};
  view.version = file.body.version;
  view.expires = file.body.expires;
  view.length = static_cast<std::int64_t>(file.bytes.size());
  view.sha256 = to_hex(file.bytes.sha256());
  for (const KeyId& id : signing.listed) view.key_ids.push_back(id.hex());
  for (const PublicKey& key : signing.authority.keys())
    view.canonical_key_ids.push_back(key.canonical_id().hex());
  for (const KeyId& id : canonical(signing.authority, signing.signers))
    view.signed_by_key_ids.push_back(id.hex());
  return view;
}

/// Calls `use` with the role's file and its Signing; not for a delegation whose file is not read.
template <class Use>
void with_file(const TrustedRepository& repository, const RoleName& role, Use use) {
  if (const Delegation* delegation = repository.find_delegation(role)) {
    if (delegation->metadata)
      use(*delegation->metadata,
          Signing{delegation->role.key_ids, delegation->authority, delegation->signers});
    return;
  }
  const auto use_top = [&](const auto& file) {
    const Root& root = repository.root().body;
    const RoleAuthority authority = RoleAuthority::of(root, role);
    use(file,
        Signing{root.role(role).key_ids, authority, authority.signers(file.signed_text, file.signatures)});
  };
  if (role.text() == "root") use_top(repository.root());
  if (role.text() == "targets") use_top(repository.targets());
  if (role.text() == "snapshot") use_top(repository.snapshot());
  if (role.text() == "timestamp" && repository.has_timestamp()) use_top(repository.timestamp());
}

}  // namespace

RoleView view_role(const TrustedRepository& repository, const RoleName& role) {
  std::optional<RoleView> view;
  with_file(repository, role,
            [&](const auto& file, const Signing& signing) { view = view_file(role, file, signing); });
  if (!view) throw Error(ErrorCode::kInternal, role.text() + " has no file");
  return *view;
}

std::vector<KeyId> file_signers(const TrustedRepository& repository, const RoleName& role) {
  std::vector<KeyId> signers;
  with_file(repository, role, [&](const auto&, const Signing& signing) {
    signers = canonical(signing.authority, signing.signers);
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
