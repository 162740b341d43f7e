#include "tuf/edit/delegation_change.h"

#include <algorithm>

#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/keys/certificate.h"
#include "tuf/trust/role_authority.h"

namespace tuf {
namespace {

std::vector<DelegationRole>::iterator find(Targets& parent, const RoleName& role) {
  return std::find_if(parent.roles.begin(), parent.roles.end(),
                      [&](const DelegationRole& delegation) { return delegation.name == role; });
}

template <class T>
void add_each_once(std::vector<T>& list, const T& value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

void check_threshold(const DelegationRole& role, const std::map<KeyId, KeyObject>& keys) {
  const std::size_t pairs = RoleAuthority(keys, role.key_ids, role.threshold).key_pairs();
  if (role.threshold >= 1 && static_cast<std::size_t>(role.threshold) <= pairs) return;
  throw Error(ErrorCode::kInvalidRole,
              role.name.text() + " would need " + std::to_string(role.threshold) + " signatures with " +
                  std::to_string(pairs) + " usable keys",
              "add other keys first");
}

/// Official clients would count such a key twice, which we do not (Delegation::counted_twice).
void check_each_key_once(const DelegationRole& role, const std::map<KeyId, KeyObject>& keys) {
  if (role.threshold < 2) return;
  const RoleAuthority authority(keys, role.key_ids, role.threshold);
  for (const PublicKey& key : authority.keys()) {
    for (const PublicKey& other : authority.keys()) {
      if (key.canonical_id() != other.canonical_id() || key.id() >= other.id()) continue;
      const KeyId& as_certificate = key.id() == key.canonical_id() ? other.id() : key.id();
      throw Error(ErrorCode::kInvalidRole,
                  role.name.text() +
                      " would list one key twice, bare and in a certificate, and official "
                      "clients would take its signature for two",
                  "list it in one form; the certificate goes with: countersign delegation remove REPO " +
                      role.name.text() + " --key " + as_certificate.hex());
    }
  }
}

/// Whether the listed key is among these, by either of its IDs.
bool means(const std::set<KeyId>& keys, const KeyId& listed, const Targets& parent) {
  if (keys.contains(listed)) return true;
  const auto object = parent.keys.find(listed);
  const auto key = object == parent.keys.end() ? std::nullopt : PublicKey::from_object(object->second);
  return key && keys.contains(key->canonical_id());
}

void drop_unused_keys(Targets& parent) {
  std::erase_if(parent.keys, [&](const auto& key) {
    return std::none_of(parent.roles.begin(), parent.roles.end(), [&](const DelegationRole& role) {
      return std::find(role.key_ids.begin(), role.key_ids.end(), key.first) != role.key_ids.end();
    });
  });
}

}  // namespace

bool add_to_delegation(Targets& parent, const RoleName& role, const std::vector<PublicKey>& keys,
                       const std::vector<std::string>& paths, std::optional<int> threshold, Time now,
                       const std::set<KeyId>& instead_of) {
  if (!role.is_delegation()) throw Error(ErrorCode::kInvalidRole, role.text() + " is not a delegation");
  for (const PublicKey& key : keys) {
    if (const auto problem = delegation_certificate_problem(key, now)) {
      throw Error(ErrorCode::kKeyUnsupported,
                  "key " + key.canonical_id().short_form() + " cannot be used: " + *problem);
    }
  }
  for (const std::string& path : paths) {
    if (!path.empty() && !is_valid_target_name(path)) {
      throw Error(ErrorCode::kInvalidTag, "the path \"" + printable(path, 200) + "\" of " + role.text() +
                                              " is one that no target name can start with");
    }
  }
  const auto present = find(parent, role);
  DelegationRole next = present == parent.roles.end() ? DelegationRole{role, {}, 1, {}} : *present;
  std::map<KeyId, KeyObject> objects = parent.keys;
  std::erase_if(next.key_ids, [&](const KeyId& id) {
    return means(instead_of, id, parent) &&
           std::none_of(keys.begin(), keys.end(), [&](const PublicKey& key) { return key.id() == id; });
  });
  for (const PublicKey& key : keys) {
    add_each_once(next.key_ids, key.id());
    objects.emplace(key.id(), key.object());
  }
  for (const std::string& path : paths) add_each_once(next.paths, path);
  if (threshold) next.threshold = *threshold;
  check_threshold(next, objects);
  check_each_key_once(next, objects);
  if (present == parent.roles.end()) {
    parent.roles.push_back(std::move(next));
  } else {
    if (present->key_ids == next.key_ids && present->paths == next.paths &&
        present->threshold == next.threshold) {
      return false;
    }
    *present = std::move(next);
  }
  parent.keys = std::move(objects);
  drop_unused_keys(parent);
  return true;
}

bool remove_from_delegation(Targets& parent, const RoleName& role, const std::set<KeyId>& keys,
                            const std::set<std::string>& paths) {
  const auto present = find(parent, role);
  if (present == parent.roles.end()) throw Error(ErrorCode::kRoleNotFound, "there is no role " + role.text());
  DelegationRole next = *present;
  std::erase_if(next.key_ids, [&](const KeyId& id) { return means(keys, id, parent); });
  std::erase_if(next.paths, [&](const std::string& path) { return paths.contains(path); });
  const bool fewer_keys = next.key_ids.size() != present->key_ids.size();
  if (!fewer_keys && next.paths.size() == present->paths.size()) return false;
  if (fewer_keys) check_threshold(next, parent.keys);
  *present = std::move(next);
  drop_unused_keys(parent);
  return true;
}

bool remove_delegation(Targets& parent, const RoleName& role) {
  const auto present = find(parent, role);
  if (present == parent.roles.end()) return false;
  parent.roles.erase(present);
  drop_unused_keys(parent);
  return true;
}

}  // namespace tuf
