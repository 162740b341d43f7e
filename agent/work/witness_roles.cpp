#include "agent/work/witness_roles.h"

#include <map>
#include <memory>

#include "agent/work/signing_keys.h"
#include "agent/work/stored_file.h"
#include "tuf/base/error.h"
#include "tuf/metadata/find_version.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::RoleName;

tuf::Targets stored_body(TrustStore& store, const tuf::TrustedRepository& repository, const RoleName& role) {
  return tuf::decode<tuf::Targets>(stored_file(store, repository, role), role.text()).body;
}

/// What must be surpassed by whoever puts another file in the place of one that nobody can read.
std::int64_t version_of_unreadable(TrustStore& store, const tuf::TrustedRepository& repository,
                                   const RoleName& role) {
  constexpr std::int64_t kMaxLength = 64 << 20;
  if (repository.snapshot().body.meta.at(role.text()).length <= kMaxLength) {
    if (const auto version = tuf::find_version(stored_file(store, repository, role))) return *version;
  }
  throw Error(ErrorCode::kMalformedMetadata,
              "the stored file of " + role.text() + " of " + repository.gun().text() +
                  " does not tell its version, so nothing can take its place",
              "ask the server's administrator what was changed, and to restore its data");
}

std::string witness_with(const std::string& choice, const tuf::TrustedRepository& repository,
                         const RoleName& role) {
  return "countersign witness " + repository.gun().text() + " " + role.text() + " " + choice;
}

std::string content_of(const tuf::Targets& body) {
  std::string out;
  for (const auto& entry : body.targets) {
    out += (out.empty() ? "" : ", ") + entry.name();
    if (out.size() > 400) return out + ", …";
  }
  return out.empty() ? "nothing" : out;
}

}  // namespace

ChangeRepository witness_roles(TrustStore& store, std::vector<RoleName> roles, UnverifiedContent content,
                               hsm::KeyRing& keys) {
  const auto before = std::make_shared<std::map<RoleName, std::int64_t>>();  // versions at the first attempt
  return [&store, roles = std::move(roles), content, &keys, before](const tuf::TrustedRepository& repository,
                                                                    tuf::RepositoryDraft& draft) {
    for (const RoleName& role : roles) {
      const tuf::Delegation* delegation = repository.find_delegation(role);
      if (!delegation) throw repository.no_such_role(role);
      const std::int64_t first = before->try_emplace(role, delegation->stored_version).first->second;
      if (delegation->state == tuf::Delegation::State::kUsable && delegation->stored_version > first)
        continue;
      require_key(repository, role, keys);
      if (delegation->state == tuf::Delegation::State::kMalformed && content == UnverifiedContent::kEmpty) {
        draft.replace(role, version_of_unreadable(store, repository, role), {});
        continue;
      }
      if (delegation->state != tuf::Delegation::State::kBelowThreshold) {
        draft.renew(role);
        continue;
      }
      if (content == UnverifiedContent::kEmpty) {
        draft.replace(role, delegation->stored_version, {});
        continue;
      }
      tuf::Targets body = stored_body(store, repository, role);
      if (content == UnverifiedContent::kRefuse) {
        throw Error(
            ErrorCode::kBadSignature,
            "nobody whom " + repository.gun().text() + " trusts now has signed what is stored in " +
                role.text() + ": " + content_of(body),
            "ask the server's administrator to restore what its keys have signed; else, if you know that "
            "all of it is right, take it over: " +
                witness_with("--adopt", repository, role) +
                "; or start it anew, without anything of it: " + witness_with("--empty", repository, role));
      }
      try {
        draft.replace(role, delegation->stored_version, std::move(body));
      } catch (const Error& error) {
        throw error.with_hint("it cannot be taken over; start it anew: " +
                              witness_with("--empty", repository, role));
      }
    }
  };
}

}  // namespace agent
