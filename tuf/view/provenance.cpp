#include "tuf/view/provenance.h"

#include <algorithm>

#include "agent/config/ci_context.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"

namespace tuf {
namespace {

constexpr std::size_t kMaxKey = 128;
constexpr std::size_t kMaxValue = 1024;
constexpr std::size_t kMaxAnnotations = 32;

bool is_key(std::string_view key) {
  const auto is_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  bool word = false;  // the character before was one
  for (const char c : key) {
    if (!is_word(c) && (!word || std::string_view("._-/").find(c) == std::string_view::npos)) return false;
    word = is_word(c);
  }
  return word && key.size() <= kMaxKey;
}

[[noreturn]] void fail(const std::string& text, const std::string& reason, std::string hint = {}) {
  throw Error(ErrorCode::kUsage, "--annotate \"" + printable(text, 80) + "\": " + reason, std::move(hint));
}

}  // namespace

Provenance parse_annotations(const std::vector<std::string>& texts) {
  Provenance annotations;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) fail(text, "it has no =", "write --annotate KEY=VALUE");
    const std::string key = text.substr(0, equals);
    const std::string value = text.substr(equals + 1);
    if (!is_key(key)) {
      fail(text, "this is not a key",
           "use lower-case letters and digits, with single . _ - or / between them: team.example/release");
    }
    if (std::find(kCiMembers.begin(), kCiMembers.end(), key) != kCiMembers.end()) {
      fail(text, key + " is what the CI says",
           "choose another key; where no CI is known, variables like " +
               std::string("COUNTERSIGN_CI_REF speak for it"));
    }
    if (value.empty() || value.size() > kMaxValue || printable(value, kMaxValue) != value) {
      fail(text, "the value must be plain text of 1 to " + std::to_string(kMaxValue) + " bytes",
           "write the value as one line of plain text, not too long");
    }
    if (!annotations.emplace(key, value).second) fail(text, "the key is given twice", "give each key once");
  }
  if (annotations.size() > kMaxAnnotations) {
    throw Error(ErrorCode::kUsage,
                "more than " + std::to_string(kMaxAnnotations) + " annotations; every reader loads them",
                "leave some of them out");
  }
  return annotations;
}

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
