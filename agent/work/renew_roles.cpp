#include "agent/work/renew_roles.h"

#include <map>
#include <memory>

#include "agent/work/policy_guard.h"
#include "agent/work/signing_keys.h"
#include "tuf/base/digest.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::RoleName;

[[noreturn]] void fail_expired(const tuf::TrustedRepository& repository, const RoleName& role,
                               hsm::KeyRing& keys) {
  throw Error(ErrorCode::kKeyNotFound,
              role.text() + " of " + repository.gun().text() + " has expired, and no key at hand may sign it",
              mend_without_key(repository, role, keys));
}

/// A snapshot that clients sign is signed with whatever is published; if that is nothing, with targets or a
/// delegation that goes along.
void renew_snapshot(const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft,
                    hsm::KeyRing& keys) {
  if (!draft.empty()) return;
  if (can_sign(repository, RoleName::targets(), keys)) return draft.renew(RoleName::targets());
  for (const tuf::Delegation& delegation : repository.delegations()) {
    const RoleName& role = delegation.role.name;
    if (delegation.metadata && role.parent() == RoleName::targets() && can_sign(repository, role, keys))
      return draft.renew(role);
  }
  throw Error(ErrorCode::kKeyNotFound,
              "the snapshot of " + repository.gun().text() +
                  " can only be signed anew with another role, and no key of any is at hand",
              mend_without_key(repository, RoleName::targets(), keys));
}

/// Whether the bytes are those that the snapshot names.
bool is_named(const tuf::TrustedRepository& repository, const RoleName& role, std::string_view bytes) {
  const auto& meta = repository.snapshot().body.meta;
  const auto named = meta.find(role.text());
  return named != meta.end() && named->second.hashes.at("sha256") == tuf::sha256(tuf::as_bytes(bytes));
}

}  // namespace

ChangeRepository renew_due_roles(tuf::Time due_by, hsm::KeyRing& keys, const PolicyGuard* guard) {
  // What has a newer version than at the first attempt was signed meanwhile, and lives as long as it can.
  const auto before = std::make_shared<std::map<RoleName, std::int64_t>>();
  return
      [due_by, &keys, guard, before](const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft) {
        const auto is_due = [&](const RoleName& role, std::int64_t version, tuf::Time expires) {
          const std::int64_t first = before->try_emplace(role, version).first->second;
          return expires <= due_by && version <= first;
        };
        const tuf::Root& root = repository.root().body;
        if (is_due(RoleName::root(), root.version, root.expires)) {
          if (can_sign(repository, RoleName::root(), keys)) {
            draft.renew_root();
          } else if (root.expires <= repository.now()) {
            fail_expired(repository, RoleName::root(), keys);
          }
        }
        const tuf::Targets& targets = repository.targets().body;
        if (is_due(RoleName::targets(), targets.version, targets.expires)) {
          if (can_sign(repository, RoleName::targets(), keys)) {
            draft.renew(RoleName::targets());
          } else if (targets.expires <= repository.now()) {
            fail_expired(repository, RoleName::targets(), keys);
          }
        }
        for (const tuf::Delegation& delegation : repository.delegations()) {
          const RoleName& role = delegation.role.name;
          if (delegation.metadata && role.parent() == RoleName::targets() &&
              is_due(role, delegation.metadata->body.version, delegation.metadata->body.expires) &&
              can_sign(repository, role, keys) && !(guard && guard->silences_others(repository, role)))
            draft.renew(role);
        }
        const tuf::Snapshot& snapshot = repository.snapshot().body;
        if (is_due(RoleName::snapshot(), snapshot.version, snapshot.expires)) {
          if (can_sign(repository, RoleName::snapshot(), keys)) {
            renew_snapshot(repository, draft, keys);
          } else if (!repository.has_timestamp()) {
            fail_expired(repository, RoleName::snapshot(), keys);
          }
        }
      };
}

ChangeRepository repair_roles(hsm::KeyRing& keys) {
  return [&keys](const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft) {
    if (!is_named(repository, RoleName::root(), repository.root().bytes)) {
      require_key(repository, RoleName::root(), keys);
      draft.renew_root();
    }
    if (!is_named(repository, RoleName::targets(), repository.targets().bytes)) {
      require_key(repository, RoleName::targets(), keys);
      draft.renew(RoleName::targets());
    }
    for (const tuf::Delegation& delegation : repository.delegations()) {
      const RoleName& role = delegation.role.name;
      if (delegation.state == tuf::Delegation::State::kMissing) {
        throw delegation.problem->with_hint(
            "its file is lost, unless the server's data is restored; an administrator takes the role out "
            "with: "
            "countersign delegation remove " +
            repository.gun().text() + " " + role.text() + " --yes");
      }
      if (!delegation.metadata || is_named(repository, role, delegation.metadata->bytes)) continue;
      if (role.parent() != RoleName::targets()) continue;  // for whoever signs the role above it
      require_key(repository, role, keys);
      draft.renew(role);
    }
  };
}

}  // namespace agent
