#include "tuf/view/bound.h"

#include <algorithm>

#include "tuf/base/base64.h"
#include "tuf/base/digest.h"

namespace tuf {
namespace {

constexpr std::size_t kBytes = 16;
constexpr std::size_t kPadding = 2;  // "==" after 16 bytes

const Json* find_bound(const Target& entry) {
  if (!entry.custom || !entry.custom->is_object()) return nullptr;
  const auto member = entry.custom->find(kBoundMember);
  return member == entry.custom->end() ? nullptr : &*member;
}

/// Custom data that says nothing: none, `null` and `{}` are the same.
bool is_nothing(const std::optional<Json>& custom) {
  return !custom || custom->is_null() || (custom->is_object() && custom->empty());
}

}  // namespace

std::string bound_to(const Gun& gun, const RoleName& role) {
  // No GUN and no role holds a line break, so no other pair makes the same text.
  const std::string text = std::string(kBoundMember) + "\n" + gun.text() + "\n" + role.text();
  Bytes hash = sha256(as_bytes(text));
  hash.resize(kBytes);
  std::string encoded = to_base64(hash);
  encoded.resize(encoded.size() - kPadding);
  return encoded;
}

Bound bound_of(const Target& entry, std::string_view here) {
  const Json* bound = find_bound(entry);
  if (!bound) return Bound::kNot;
  const auto* text = bound->get_ptr<const std::string*>();
  return text && *text == here ? Bound::kHere : Bound::kElsewhere;
}

Bound bound_of(const TargetMap::Entry& entry, std::string_view here) {
  const std::string custom = entry.custom();
  if (custom.find(kBoundMember) == std::string::npos) return Bound::kNot;
  // Mostly it is the first that the custom data says.
  std::string_view rest = custom;
  const auto take = [&](std::string_view text) {
    const bool is_next = rest.starts_with(text);
    if (is_next) rest.remove_prefix(text.size());
    return is_next;
  };
  if (take(R"({")") && take(kBoundMember) && take(R"(":")") && take(here) && take(R"(")"))
    return Bound::kHere;
  return bound_of(entry.target(), here);
}

std::optional<Json> with_bound(const std::optional<Json>& custom, const std::string& here) {
  Json result = is_nothing(custom) ? Json::object() : *custom;
  if (!result.is_object()) return std::nullopt;
  result[std::string(kBoundMember)] = here;
  return result;
}

std::optional<Json> without_bound(std::optional<Json> custom) {
  if (custom && custom->is_object()) custom->erase(std::string(kBoundMember));
  if (is_nothing(custom)) return std::nullopt;
  return custom;
}

bool agrees(const Target& one, const Target& other) {
  const auto fits = [&](const auto& hash) {
    const auto found = other.hashes.find(hash.first);
    return found == other.hashes.end() || found->second == hash.second;
  };
  return one.sha256() && other.sha256() && *one.sha256() == *other.sha256() && one.length == other.length &&
         std::all_of(one.hashes.begin(), one.hashes.end(), fits);
}

bool says_no_more(const Target& entry, const Target& voucher) {
  if (!agrees(entry, voucher)) return false;
  const auto is_said = [&](const auto& hash) { return voucher.hashes.contains(hash.first); };
  if (!std::all_of(entry.hashes.begin(), entry.hashes.end(), is_said)) return false;
  const std::optional<Json> custom = without_bound(entry.custom);
  return !custom || custom == without_bound(voucher.custom);
}

}  // namespace tuf
