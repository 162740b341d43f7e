#include "tuf/view/provenance.h"

namespace tuf {

std::optional<Provenance> find_provenance(const Target& target) {
  if (!target.custom || !target.custom->is_object()) return std::nullopt;
  const auto member = target.custom->find(kProvenanceMember);
  if (member == target.custom->end() || !member->is_object()) return std::nullopt;
  Provenance provenance;
  for (const auto& [key, value] : member->items()) {
    if (!value.is_string()) return std::nullopt;
    provenance.emplace(key, value.get<std::string>());
  }
  return provenance;
}

std::optional<Json> with_provenance(const std::optional<Json>& custom, const Provenance& provenance) {
  Json result = custom.value_or(Json::object());
  if (!result.is_object()) return std::nullopt;
  result[std::string(kProvenanceMember)] = provenance;
  return result;
}

}  // namespace tuf
