#include "agent/work/published_facts.h"

#include "agent/work/policy_guard.h"
#include "tuf/base/hex.h"
#include "tuf/base/printable.h"
#include "tuf/view/provenance.h"
#include "tuf/view/trust_root.h"

namespace agent {
namespace {

using tuf::Json;
using tuf::RoleName;

std::vector<std::string> hex_of(const std::vector<tuf::KeyId>& keys) {
  std::vector<std::string> words;
  for (const tuf::KeyId& key : keys) words.push_back(key.hex());
  return words;
}

const char* word_of(SignStatus status) {
  switch (status) {
    case SignStatus::kSigned:
      return "signed";
    case SignStatus::kUnchanged:
      return "unchanged";
    case SignStatus::kMoved:
      return "moved";
  }
  return "";
}

Json fact(const SigningGate::SignedAnew& role) {
  Json json = {{"role", role.role.text()}, {"entries", role.entries}, {"adopted", role.adopted}};
  if (!role.delegations.empty()) json["delegations"] = role.delegations;
  return json;
}

Json fact(const SignerChange& change) {
  const char* role = change.role == SignerChange::Role::kComes  ? "new"
                     : change.role == SignerChange::Role::kGoes ? "removed"
                                                                : "changed";
  Json json = {{"name", change.name.text()},
               {"role", role},
               {"keys_added", hex_of(change.added)},
               {"keys_removed", hex_of(change.removed)}};
  if (!change.paths_added.empty()) json["paths_added"] = change.paths_added;
  if (!change.paths_removed.empty()) json["paths_removed"] = change.paths_removed;
  if (change.threshold != change.threshold_before) {
    json["threshold"] = change.threshold;
    json["threshold_before"] = change.threshold_before;
  }
  return json;
}

Json fact(const RevivedRole& revived) {
  return {{"role", revived.role.text()}, {"tags", revived.tags}};
}

Json fact(const ForeignEntry& entry) {
  return {{"role", entry.in.text()},
          {"name", entry.name},
          {"kind", entry.kind == ForeignEntry::Kind::kDelegation ? "delegation" : "target"},
          {"digest", entry.digest},
          {"signed_by", entry.signers},
          {"roles", tuf::names_of(entry.roles)}};
}

Json fact(const StillDue& due) {
  return {{"role", due.role.name}, {"expires", tuf::format_time(due.role.expires)}};
}

Json fact(const ManifestChild& child) {
  return {{"platform", child.platform.text()}, {"digest", child.digest}, {"length", child.length}};
}

Json fact(const Decision& decision) {
  Json json = {{"verdict", decision.allowed ? "allowed" : "refused"},
               {"signatures", Json::array()},
               {"reasons", Json::array()}};
  if (!decision.rule.empty()) json["rule"] = decision.rule;
  if (!decision.deploy.empty()) json["deploy"] = decision.deploy;
  for (const Decision::Signature& signature : decision.signatures) {
    json["signatures"].push_back(
        {{"user", signature.user}, {"role", signature.role}, {"bound", signature.bound}});
  }
  for (const Decision::Reason& reason : decision.reasons) {
    json["reasons"].push_back({{"code", reason.code},
                               {"message", tuf::printable(reason.message)},
                               {"mend", tuf::printable(reason.mend)}});
  }
  return json;
}

template <class T>
void add_list(const char* name, const std::vector<T>& list, PublishedRepository& told) {
  if (list.empty()) return;
  Json& json = told.more[name] = Json::array();
  for (const T& each : list) json.push_back(fact(each));
}

/// What the roles' entries of that name say of their origin, by role; empty if none says anything.
Json provenance_of(const tuf::TrustedRepository& repository, const std::vector<RoleName>& roles,
                   const std::string& name) {
  Json by_role = Json::object();
  for (const RoleName& role : roles) {
    const auto target = repository.find_target(role, name);
    const auto provenance = target ? tuf::find_provenance(*target) : std::nullopt;
    if (!provenance) continue;
    Json& values = by_role[role.text()] = Json::object();
    for (const auto& [key, value] : *provenance) values[tuf::printable(key)] = tuf::printable(value);
  }
  return by_role;
}

PublishedTarget fact(const SourcedImage& image, SignStatus status, const SignedImages& result) {
  const ImageToSign& wanted = image.target;
  PublishedTarget told;
  told.name = wanted.name;
  told.digest = "sha256:" + tuf::to_hex(wanted.target.hashes.at("sha256"));
  told.length = wanted.target.length;
  told.roles = tuf::names_of(result.roles);
  told.status = word_of(status);
  told.more["source"] = tuf::printable(image.source);
  Json provenance = provenance_of(result.changes.repository, result.roles, wanted.name);
  if (!provenance.empty()) told.more["provenance"] = std::move(provenance);
  return told;
}

}  // namespace

void tell_state(const tuf::TrustedRepository& repository, PublishedRepository& told) {
  told.roles = tuf::view_roles(repository);
  told.trust_root = tuf::trust_root_of(repository);
  if (const auto canonical = tuf::canonical_trust_root_of(repository))
    told.more["trust_root_canonical_id"] = *canonical;
}

void tell_changes(const RepositoryChange& change, PublishedRepository& told) {
  const PublishedChanges& changes = *change.result;
  told.published = changes.published;
  told.attempts = changes.attempts;
  tell_state(changes.repository, told);
  if (changes.published) {
    add_list("signed_anew", change.signed_anew, told);
    add_list("changed", change.signers, told);
    add_list("revives", change.revived, told);
  }
  if (change.guarded) add_list("quarantined", change.guarded->guard().quarantined(), told);
}

void tell_signed(const SignedRepository& result, const std::vector<SourcedImage>& images, bool platforms,
                 PublishedRepository& told) {
  const SignedImages& images_signed = *result.result;
  const PublishedChanges& changes = images_signed.changes;
  told.published = changes.published;
  told.attempts = changes.attempts;
  for (const RoleName& role : images_signed.roles)
    told.roles.push_back(tuf::view_role(changes.repository, role));
  for (std::size_t i = 0; i < images.size(); ++i) {
    PublishedTarget& target =
        told.targets.emplace_back(fact(images[i], images_signed.statuses[i], images_signed));
    if (platforms && images[i].image) {
      Json& list = target.more["platforms"] = Json::array();
      for (const ManifestChild& child : images[i].image->children) list.push_back(fact(child));
    }
  }
  if (!images_signed.renewed.empty()) told.more["renewed"] = tuf::names_of(images_signed.renewed);
  if (changes.published) add_list("signed_anew", result.told_anew(), told);
  if (!result.guarded) return;
  const PolicyGuard& guard = result.guarded->guard();
  for (std::size_t i = 0; i < guard.decisions().size(); ++i)
    told.targets.at(i).more["policy"] = fact(guard.decisions()[i]);
  add_list("quarantined", guard.quarantined(), told);
}

void tell_foreign(const PolicyGuard& guard, PublishedRepository& told) {
  add_list("foreign_entries", guard.foreign(), told);
}

void tell_rest(const std::vector<tuf::TagView>& views, PublishedRepository& told) {
  for (const tuf::TagView& view : views) {
    PublishedTarget& target = told.targets.emplace_back();
    target.name = view.name;
    target.digest = view.digest();
    target.length = view.target.length;
    target.roles = tuf::names_of(view.roles);
    target.more["signers"] = view.signers();
    target.more["released"] = view.released;
    target.more["signer"] = !view.signers().empty()           ? "identity"
                            : view.is_in(RoleName::targets()) ? "administrator"
                                                              : "unknown";
  }
}

void tell_due(const std::vector<StillDue>& due, PublishedRepository& told) {
  add_list("still_due", due, told);
}

}  // namespace agent
