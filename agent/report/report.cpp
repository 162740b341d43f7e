#include "agent/report/report.h"

#include "tuf/base/printable.h"
#include "tuf/base/warning.h"

namespace agent {
namespace {

OrderedJson to_json(const tuf::RoleView& role) {
  return {{"name", role.name.text()},
          {"version", role.version},
          {"expires", tuf::format_time(role.expires)},
          {"length", role.length},
          {"sha256", role.sha256},
          {"key_ids", role.key_ids},
          {"canonical_key_ids", role.canonical_key_ids},
          {"signed_by_key_ids", role.signed_by_key_ids}};
}

OrderedJson to_json(const TargetReport& target) {
  OrderedJson json = {
      {"name", target.name}, {"digest", nullptr}, {"length", nullptr}, {"roles", target.roles}};
  if (!target.digest.empty()) json["digest"] = target.digest;
  if (target.length) json["length"] = *target.length;
  if (target.status) json["status"] = *target.status;
  if (target.signers) json["signers"] = *target.signers;
  if (target.released) json["released"] = *target.released;
  if (target.verdict) json["verdict"] = *target.verdict;
  json.update(target.more);
  return json;
}

}  // namespace

OrderedJson to_json(const RepositoryReport& repository) {
  OrderedJson json = {{"gun", repository.gun}, {"server", repository.server}};
  if (repository.published) json["published"] = *repository.published;
  if (repository.attempts) json["attempts"] = *repository.attempts;
  if (repository.trust_root) json["trust_root"] = *repository.trust_root;
  json["roles"] = OrderedJson::array();
  for (const tuf::RoleView& role : repository.roles) json["roles"].push_back(to_json(role));
  json["targets"] = OrderedJson::array();
  for (const TargetReport& target : repository.targets) json["targets"].push_back(to_json(target));
  json.update(repository.more);
  return json;
}

OrderedJson to_json(const tuf::Error& error) {
  return {{"code", error_row(error.code()).name},
          {"message", tuf::printable(error.what())},
          {"hint", tuf::printable(hint_of(error), kMaxHint)}};
}

OrderedJson document_of(const Report& report, const std::optional<tuf::Error>& error) {
  OrderedJson document = {
      {"schema", "countersign/v1"}, {"command", report.command}, {"ok", !error.has_value()}};
  document["exit_code"] = error ? static_cast<int>(error_row(error->code()).exit_code) : 0;
  document["repositories"] = OrderedJson::array();
  for (const RepositoryReport& repository : report.repositories)
    document["repositories"].push_back(to_json(repository));
  document.update(report.more);
  document["warnings"] = OrderedJson::array();
  for (const tuf::Warning& warning : report.warnings) {
    document["warnings"].push_back({{"code", warning.code}, {"message", tuf::printable(warning.message)}});
  }
  document["error"] = nullptr;
  if (error) document["error"] = to_json(*error);
  return document;
}

std::string to_json(const Report& report, const std::optional<tuf::Error>& error) {
  return document_of(report, error).dump(2, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace agent
