#include "tuf/view/provenance.h"

#include <algorithm>

namespace tuf {

const Json* provenance_object(const Target& target) {
  if (!target.custom || !target.custom->is_object()) return nullptr;
  const auto member = target.custom->find(kProvenanceMember);
  if (member == target.custom->end() || !member->is_object()) return nullptr;
  const bool all_texts =
      std::all_of(member->begin(), member->end(), [](const Json& value) { return value.is_string(); });
  return all_texts ? &*member : nullptr;
}

std::optional<Provenance> find_provenance(const Target& target) {
  const Json* object = provenance_object(target);
  return object ? std::optional(object->get<Provenance>()) : std::nullopt;
}

std::optional<Json> with_provenance(const std::optional<Json>& custom, const Provenance& provenance) {
  Json result = custom.value_or(Json::object());
  if (!result.is_object()) return std::nullopt;
  result[std::string(kProvenanceMember)] = provenance;
  return result;
}

}  // namespace tuf
