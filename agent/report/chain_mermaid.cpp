#include "agent/report/chain_mermaid.h"

#include <string_view>
#include <vector>

#include "tuf/base/printable.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

constexpr std::size_t kMaxText = 60;  // bytes of a name

/// A text within a label. Mermaid takes a label for HTML and for Markdown, and has entities of its own.
std::string label(const std::string& text, std::size_t most = kMaxText) {
  std::string out;
  for (const char c : tuf::printable(text, most)) {
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          static_cast<unsigned char>(c) >= 0x80 ||
                          std::string_view(" -/:,").find(c) != std::string_view::npos;
    out += is_plain ? std::string(1, c) : "#" + std::to_string(static_cast<unsigned char>(c)) + ";";
  }
  return out;
}

std::string node(const ChainRole& role) {
  std::vector<std::string> lines = {"<b>" + label(role.name) + "</b>"};
  if (role.state == ChainRole::State::kUsable) {
    lines.push_back(label(role.purpose));
  } else {
    lines.push_back("<b>" + label(role.state_word) + "</b>");
  }
  if (const std::string valid = validity(role); !valid.empty()) lines.push_back(label(valid));
  lines.push_back(label(demanded_keys(role)));
  for (const ChainKey& key : role.keys)
    lines.push_back(label("key " + key.id + ", " + (key.has_signed ? "has signed" : "has not signed")));
  if (role.more_keys > 0) lines.push_back(label(and_more(role.more_keys, "keys")));
  for (const ChainTag& tag : role.tags)
    lines.push_back(label("tag " + tag.name) + (tag.released ? "" : " not released"));
  if (role.more_tags > 0) lines.push_back(label(and_more(role.more_tags, "tags")));
  return tuf::join(lines, "<br/>");
}

std::string name_of(std::size_t place) {
  return "r" + std::to_string(place);
}

std::string members(const std::vector<std::string>& names, const char* kind) {
  return names.empty() ? "" : "\n  class " + tuf::join(names, ",") + " " + kind;
}

}  // namespace

std::string chain_mermaid(const Chain& chain) {
  std::string text = "flowchart LR\n  accTitle: Chain of trust of " + chain.gun;
  std::vector<std::string> unusable;
  std::vector<std::string> nearing;
  std::vector<std::string> empty;
  for (std::size_t i = 0; i < chain.roles.size(); ++i) {
    const ChainRole& role = chain.roles[i];
    const std::string name = name_of(i);
    text += "\n  " + name + "[\"" + node(role) + "\"]";
    const bool is_unusable = role.state == ChainRole::State::kUnusable;
    const bool is_empty = role.state == ChainRole::State::kEmpty;
    if (role.above)
      text += "\n  " + name_of(*role.above) + (is_unusable || is_empty ? " -.-> " : " --> ") + name;
    if (is_unusable) unusable.push_back(name);
    if (is_empty) empty.push_back(name);
    if (role.state == ChainRole::State::kNearingExpiry) nearing.push_back(name);
    if (role.more_below == 0) continue;
    text += "\n  " + name + "m[\"" + label(and_more(role.more_below, "delegations")) +
            (role.more_unusable_below > 0
                 ? "<br/>" + label(grouped(role.more_unusable_below) + " of them cannot be used")
                 : "") +
            "\"]\n  " + name + " -.-> " + name + "m";
    (role.more_unusable_below > 0 ? unusable : empty).push_back(name + "m");
  }
  return text +
         "\n  classDef default fill:#f7f9fa,stroke:#8b97a3,color:#1b242d"
         "\n  classDef unusable fill:#fdf2f1,stroke:#c0392f,color:#8f1d16"
         "\n  classDef nearing fill:#fdf6e7,stroke:#b07a1e,color:#6d4500"
         "\n  classDef empty fill:#ffffff,stroke:#8b97a3,color:#5a6672,stroke-dasharray:4 4" +
         members(unusable, "unusable") + members(nearing, "nearing") + members(empty, "empty");
}

}  // namespace agent
