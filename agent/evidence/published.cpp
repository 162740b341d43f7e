#include "agent/evidence/published.h"

namespace agent {
namespace {

using tuf::Json;

Json to_evidence(const tuf::RoleView& role) {
  return {{"name", role.name.text()},
          {"version", role.version},
          {"expires", tuf::format_time(role.expires)},
          {"length", role.length},
          {"sha256", role.sha256},
          {"key_ids", role.key_ids},
          {"canonical_key_ids", role.canonical_key_ids},
          {"signed_by_key_ids", role.signed_by_key_ids}};
}

Json to_evidence(const PublishedTarget& target) {
  Json json = {{"name", target.name}, {"digest", nullptr}, {"length", nullptr}, {"roles", target.roles}};
  if (!target.digest.empty()) json["digest"] = target.digest;
  if (target.length) json["length"] = *target.length;
  if (target.status) json["status"] = *target.status;
  json.update(target.more);
  return json;
}

}  // namespace

Json to_evidence(const PublishedRepository& repository) {
  Json json = {{"gun", repository.gun}, {"server", repository.server}};
  if (repository.published) json["published"] = *repository.published;
  if (repository.attempts) json["attempts"] = *repository.attempts;
  if (repository.trust_root) json["trust_root"] = *repository.trust_root;
  json["roles"] = Json::array();
  for (const tuf::RoleView& role : repository.roles) json["roles"].push_back(to_evidence(role));
  json["targets"] = Json::array();
  for (const PublishedTarget& target : repository.targets) json["targets"].push_back(to_evidence(target));
  json.update(repository.more);
  return json;
}

}  // namespace agent
