#include "tests/attack/gate/truth.h"

#include <algorithm>

namespace gate {

tuf::Json unbound_custom(const tuf::Target& entry) {
  tuf::Json custom = entry.custom.value_or(nullptr);
  if (custom.is_object()) custom.erase("countersign.bound/v1");
  return custom.is_object() && custom.empty() ? tuf::Json(nullptr) : custom;
}

bool is_part_of(const tuf::Target& entry, const tuf::Target& other) {
  const auto is_there = [&](const auto& hash) {
    const auto found = other.hashes.find(hash.first);
    return found != other.hashes.end() && found->second == hash.second;
  };
  const tuf::Json custom = unbound_custom(entry);
  return entry.length == other.length && std::all_of(entry.hashes.begin(), entry.hashes.end(), is_there) &&
         (custom.is_null() || custom == unbound_custom(other));
}

Truth::Image Truth::image(const Place& place, const tuf::Target& entry) const {
  const tuf::Bytes* sha256 = entry.sha256();
  return {mode_ == Mode::kBound ? place.gun : "", place.tag, sha256 ? *sha256 : tuf::Bytes()};
}

void Truth::asked(const Person& person, const Place& place, const tuf::Target& target, bool in_targets) {
  askers_[image(place, target)].insert(person.name);
  if (in_targets) administrator_asked_[image(place, target)] = true;
}

void Truth::said(const Person& person, const Place& place, const tuf::Target& entry, bool in_targets) {
  sayings_[image(place, entry)].push_back({person.name, in_targets, entry});
}

Names Truth::who_asked(const Place& place, const tuf::Target& entry) const {
  const auto found = askers_.find(image(place, entry));
  return found == askers_.end() ? Names() : found->second;
}

bool Truth::is_asked_for(const Place& place, const tuf::Target& entry) const {
  if (people_.accepts_administrator(place.tag) && administrator_asked_.contains(image(place, entry)))
    return true;
  return people_.suffice(place.tag, who_asked(place, entry));
}

bool Truth::counts(const Saying& saying, const std::string& tag) const {
  return people_.counted(tag).contains(saying.who) ||
         (saying.in_targets && people_.accepts_administrator(tag));
}

std::vector<tuf::Target> Truth::sayings(const Place& place, const tuf::Target& entry) const {
  std::vector<tuf::Target> all;
  const auto found = sayings_.find(image(place, entry));
  if (found == sayings_.end()) return all;
  for (const Saying& saying : found->second) {
    if (counts(saying, place.tag)) all.push_back(saying.entry);
  }
  return all;
}

bool Truth::is_said(const Place& place, const tuf::Target& entry) const {
  const std::vector<tuf::Target> all = sayings(place, entry);
  return std::any_of(all.begin(), all.end(), [&](const auto& other) { return is_part_of(entry, other); });
}

std::vector<tuf::Target> Truth::sayings_of(const Person& person, const Place& place,
                                           const tuf::Target& entry) const {
  std::vector<tuf::Target> all;
  const auto found = sayings_.find(image(place, entry));
  if (found == sayings_.end()) return all;
  for (const Saying& saying : found->second) {
    if (saying.who == person.name) all.push_back(saying.entry);
  }
  return all;
}

bool Truth::has_said(const Person& person, const Place& place, const tuf::Target& entry) const {
  const std::vector<tuf::Target> all = sayings_of(person, place, entry);
  return std::any_of(all.begin(), all.end(), [&](const auto& other) { return is_part_of(entry, other); });
}

}  // namespace gate
