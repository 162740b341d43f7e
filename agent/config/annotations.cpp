#include "agent/config/annotations.h"

#include <algorithm>

#include "tuf/base/error.h"
#include "tuf/base/printable.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

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
  throw Error(ErrorCode::kUsage, "--annotate \"" + tuf::printable(text, 80) + "\": " + reason,
              std::move(hint));
}

}  // namespace

tuf::Provenance parse_annotations(const std::vector<std::string>& texts) {
  tuf::Provenance annotations;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) fail(text, "it has no =", "write --annotate KEY=VALUE");
    const std::string key = text.substr(0, equals);
    const std::string value = text.substr(equals + 1);
    if (!is_key(key)) {
      fail(text, "this is not a key",
           "use lower-case letters and digits, with single . _ - or / between them: team.example/release");
    }
    if (std::find(tuf::kCiMembers.begin(), tuf::kCiMembers.end(), key) != tuf::kCiMembers.end()) {
      fail(text, key + " is what the CI says",
           "choose another key; where no CI is known, variables like " +
               std::string("COUNTERSIGN_CI_REF speak for it"));
    }
    if (value.empty() || value.size() > kMaxValue || tuf::printable(value, kMaxValue) != value) {
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

}  // namespace agent
