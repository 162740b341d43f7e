#include "agent/doctor/role_checks.h"

#include <algorithm>
#include <functional>
#include <set>

#include "agent/report/repository_report.h"
#include "agent/work/rotate_key.h"
#include "agent/work/signing_keys.h"
#include "tuf/base/printable.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::RoleName;

bool lists(const tuf::RoleAuthority& authority, const tuf::KeyId& canonical_id) {
  return std::any_of(authority.keys().begin(), authority.keys().end(),
                     [&](const tuf::PublicKey& key) { return key.canonical_id() == canonical_id; });
}

/// The highest of the role and those above it that admits nothing of what `admits` asks for.
RoleName limit_of(RoleName role, const std::function<bool(const RoleName&)>& admits) {
  while (role.parent().is_delegation() && !admits(role.parent())) role = role.parent();
  return role;
}

}  // namespace

RoleChecks::RoleChecks(Patient& patient, ServerChecks& server, RepositoryChecks& repository, KeyChecks& keys)
    : patient_(patient), server_(server), repository_(repository), keys_(keys) {}

void RoleChecks::add_to(std::vector<Check>& chain) {
  chain.push_back({"roles", [this] { return look_at_roles(); }});
  chain.push_back({"paths", [this] { return look_at_paths(); }});
  chain.push_back({"snapshot", [this] { return look_at_snapshot(); }});
}

std::vector<std::string> RoleChecks::roles_listing(const tuf::KeyId& canonical_id) {
  const tuf::TrustedRepository& repository = repository_.trusted();
  std::vector<std::string> roles;
  for (const char* top : {"root", "targets", "snapshot"}) {
    if (lists(tuf::RoleAuthority::of(repository.root().body, RoleName::of(top)), canonical_id))
      roles.emplace_back(top);
  }
  for (const tuf::Delegation& delegation : repository.delegations()) {
    if (lists(delegation.authority, canonical_id)) roles.push_back(delegation.role.name.text());
  }
  return roles;
}

void RoleChecks::tell_roles_of_keys() {
  std::set<tuf::KeyId> told;
  for (const hsm::KeyInfo& key : keys_.ring().keys()) {
    if (!told.insert(key.canonical_id).second) continue;
    keys_with_roles_.push_back({{"canonical_id", key.canonical_id.hex()},
                                {"location", key.location},
                                {"label", key.label},
                                {"roles", roles_listing(key.canonical_id)}});
  }
}

/// Why the keys at hand cannot sign releases, more closely than `sign` says it.
void RoleChecks::require_releases() {
  const tuf::TrustedRepository& repository = repository_.trusted();
  const std::string gun = patient_.gun->text();
  const tuf::Delegation* releases = repository.find_delegation(RoleName::releases());
  if (!releases) return;  // roles_to_sign says so
  const std::size_t found = keys_at_hand(releases->authority, keys_.ring()).size();
  const auto threshold = static_cast<std::size_t>(releases->authority.threshold());
  if (found > 0 && found < threshold) {
    throw Ailment(
        "threshold-not-met",
        Error(ErrorCode::kKeyNotInRole,
              "targets/releases of " + gun + " wants " + std::to_string(threshold) + " signatures, and " +
                  std::to_string(found) + (found == 1 ? " of its keys is" : " of its keys are") + " at hand",
              "name the others' keys with --signing-key too, or let an administrator lower it: countersign "
              "delegation add " +
                  gun + " targets/releases --threshold " + std::to_string(found)));
  }
  if (found > 0) return;
  for (const hsm::KeyInfo& key : keys_.ring().keys()) {
    for (const std::string& role : roles_listing(key.canonical_id)) {
      if (!RoleName::of(role).is_delegation()) continue;
      throw Ailment("key-not-in-releases",
                    Error(ErrorCode::kKeyNotInRole,
                          "key " + key.canonical_id.short_form() + " is listed in " + role + " of " + gun +
                              ", but not in targets/releases, so pullers would not see what it signs",
                          "an administrator adds it with: countersign delegation add " + gun + " " +
                              RoleName::releases().text() + " --key KEY.pub"));
    }
  }
}

/// An administrator's machine that has lost what changes who may sign. Machines of signers have no root key.
void RoleChecks::require_administrator_key() {
  const tuf::TrustedRepository& repository = repository_.trusted();
  if (!can_sign(repository, RoleName::root(), keys_.ring()) ||
      can_sign(repository, RoleName::targets(), keys_.ring()))
    return;
  throw Ailment("targets-key-missing",
                Error(ErrorCode::kKeyNotFound,
                      "the root key of " + patient_.gun->text() + " is at hand, and no key of targets",
                      mend_without_key(repository, RoleName::targets(), keys_.ring())));
}

/// What nobody can read, nobody can add to. What has merely expired is renewed when something is signed.
void RoleChecks::require_readable(const tuf::Delegation& delegation) {
  if (!delegation.problem || delegation.state == tuf::Delegation::State::kExpired) return;
  const std::string role = delegation.role.name.text();
  if (delegation.state == tuf::Delegation::State::kMissing) {
    throw Ailment("role-unservable",
                  delegation.problem->with_hint("whoever holds the key of " + role +
                                                " runs: countersign repo repair " + patient_.gun->text()));
  }
  throw Ailment("role-unreadable",
                Error(delegation.problem->code(),
                      "the stored file of " + role + " is of no use: " + delegation.problem->what(),
                      "show what is in it, then sign it anew or empty it: countersign witness " +
                          patient_.gun->text() + " " + role));
}

void RoleChecks::require_readable_roles() {
  for (const RoleName& role : roles_) {
    if (role.is_delegation()) require_readable(*repository_.trusted().find_delegation(role));
  }
}

std::string RoleChecks::look_at_roles() {
  const tuf::TrustedRepository& repository = repository_.trusted();
  tell_roles_of_keys();
  if (!patient_.roles.empty()) {
    roles_ = check_roles_to_sign(repository, patient_.roles, keys_.ring());
    require_readable_roles();
    return "may sign " + tuf::join(tuf::names_of(roles_)) + ", as named";
  }
  require_releases();
  try {
    roles_ = roles_to_sign(repository, keys_.ring());
  } catch (const Error& error) {
    require_administrator_key();
    if (error.code() == ErrorCode::kRoleNotFound) throw Ailment("no-releases-role", error);
    throw;
  }
  require_readable_roles();
  if (roles_.size() == 1) {
    patient_.warn("NO_IDENTITY_ROLE",
                  "no delegation of " + patient_.gun->text() +
                      " but targets/releases lists the key, so nothing will say who signed");
  }
  return "may sign " + tuf::join(tuf::names_of(roles_));
}

std::string RoleChecks::look_at_paths() {
  const tuf::TrustedRepository& repository = repository_.trusted();
  const std::string gun = patient_.gun->text();
  std::vector<std::string> limits;
  for (const RoleName& role : roles_) {
    if (!role.is_delegation()) continue;  // `targets` admits everything
    const std::vector<std::string>& paths = repository.find_delegation(role)->paths;
    if (paths.empty()) {
      const RoleName limit = limit_of(
          role, [&](const RoleName& above) { return !repository.find_delegation(above)->paths.empty(); });
      throw Ailment(
          "paths-admit-nothing",
          Error(ErrorCode::kPathNotCovered, limit.text() + " of " + gun + " has no path, so it admits no tag",
                "an administrator admits every tag with: countersign delegation add " + gun + " " +
                    limit.text() + " --all-paths"));
    }
    if (patient_.tag && !repository.admits(role, *patient_.tag)) {
      const RoleName limit =
          limit_of(role, [&](const RoleName& above) { return repository.admits(above, *patient_.tag); });
      throw Error(ErrorCode::kPathNotCovered,
                  "the paths of " + limit.text() + " of " + gun + " (" +
                      tuf::printable(tuf::join(repository.find_delegation(limit)->paths)) +
                      ") do not admit the tag " + *patient_.tag)
          .with_value("REPO", gun)
          .with_value("ROLE", limit.text())
          .with_value("PATH", *patient_.tag);
    }
    if (std::find(paths.begin(), paths.end(), "") == paths.end())
      limits.push_back(role.text() + ": only tags that begin with " +
                       tuf::printable(tuf::join(paths, " or ")));
  }
  if (!limits.empty()) return tuf::join(limits, "; ");
  return patient_.tag ? "admit " + *patient_.tag : "admit every tag";
}

std::string RoleChecks::look_at_snapshot() {
  const tuf::TrustedRepository& repository = repository_.trusted();
  const std::string gun = patient_.gun->text();
  const auto authority = tuf::RoleAuthority::of(repository.root().body, RoleName::snapshot());
  const bool is_ours = can_sign(repository, RoleName::snapshot(), keys_.ring());
  std::set<tuf::KeyId> wanted;
  const auto want = [&](const tuf::RoleAuthority& role) {
    for (const tuf::PublicKey& key : role.keys()) {
      if (keys_.ring().has(key.canonical_id())) wanted.insert(key.canonical_id());
    }
  };
  for (const RoleName& role : roles_) {
    want(role.is_delegation() ? repository.find_delegation(role)->authority
                              : tuf::RoleAuthority::of(repository.root().body, role));
  }
  if (is_ours) want(authority);
  keys_.want({wanted.begin(), wanted.end()});
  if (is_ours) {
    patient_.warn("SNAPSHOT_CLIENT_MANAGED",
                  "whoever publishes to " + gun +
                      " needs the snapshot's key; with the root's at hand the server takes "
                      "it over: countersign repo prepare " +
                      gun);
    return "signed with a key at hand";
  }
  if (store_signs_snapshot(*server_.repository().store, repository)) return "signed by the server";
  throw Ailment("snapshot-not-server-managed",
                Error(ErrorCode::kKeyNotFound,
                      "the server does not sign the snapshot of " + gun + ", and its key is not at hand",
                      "an administrator hands it to the server with: countersign repo prepare " + gun));
}

void add_administrator_key_check(Patient& patient, std::vector<Check>& chain) {
  chain.push_back({"administrator-keys", [&patient]() -> std::string {
                     std::vector<std::string> found;
                     for (const hsm::KeyInfo& key : patient.run.key_store().list()) {
                       const bool is_other =
                           patient.gun && !key.gun.empty() && key.gun != patient.gun->text();
                       if (key.label == "root" || (key.label == "targets" && !is_other))
                         found.push_back(key.label + " " + key.canonical_id.short_form());
                     }
                     if (found.empty()) return "none in the trust directory";
                     patient.warn("ADMINISTRATOR_KEYS",
                                  "keys that change who may sign lie in the trust directory (" +
                                      tuf::join(found) + "); a machine that builds needs none of them");
                     return tuf::join(found);
                   }});
}

}  // namespace agent
