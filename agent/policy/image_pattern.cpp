#include "agent/policy/image_pattern.h"

#include <string_view>

#include "agent/names/image_reference.h"
#include "tuf/base/error.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

constexpr std::string_view kHub = "docker.io/";
constexpr std::string_view kOldHub = "index.docker.io/";
constexpr std::string_view kOfficial = "library/";
constexpr std::string_view kAll = "/**";

bool has_wildcard(std::string_view text) {
  return text.find_first_of("*?") != std::string_view::npos;
}

/// Whether the pattern is of one segment, whatever its wildcards stand for.
bool is_segment(std::string_view text) {
  return text.find('/') == std::string_view::npos && text.find("**") == std::string_view::npos;
}

bool is_like_host(std::string_view segment) {
  return segment == "localhost" || segment.find_first_of(".:") != std::string_view::npos;
}

/// Of a name that is one segment on Docker Hub. A star that stands alone means every name.
std::string official(const std::string& name) {
  return name == "*" ? "**" : std::string(kOfficial) + name;
}

/// The pattern that is meant, as Docker writes the names out that it should match.
std::string written_out(const std::string& pattern) {
  std::string name = tuf::in_lower_case(pattern);
  if (const std::size_t scheme = name.find("://"); scheme != std::string::npos) name.erase(0, scheme + 3);
  if (name.starts_with(kOldHub)) name.replace(0, kOldHub.size(), kHub);
  if (is_segment(name)) {
    if (is_like_host(name)) return name + std::string(kAll);
    return name == "*" ? "**" : std::string(kHub) + official(name);
  }
  const std::string first = name.substr(0, name.find('/'));
  if (!has_wildcard(first) && !first.empty() && !is_like_host(first)) return std::string(kHub) + name;
  if (name.starts_with(kHub) && is_segment(name.substr(kHub.size())))
    return std::string(kHub) + official(name.substr(kHub.size()));
  return name;
}

bool has_empty_segment(const std::string& name) {
  return name.starts_with('/') || name.ends_with('/') || name.find("//") != std::string::npos;
}

void refuse_unless_matching(const std::string& name, const std::string& tag) {
  std::string meant = written_out(name);
  const std::string first = meant.substr(0, meant.find('/'));
  if (has_empty_segment(meant) || (!has_wildcard(first) && !is_registry(first))) {
    throw Error(ErrorCode::kPolicyMalformed,
                "\"" + name + "\" can match no repository: its name is HOST/NAME or HOST:PORT/NAME");
  }
  if (meant == name) return;
  // What looks like the tag of a host is its port.
  const bool is_port = !tag.empty() && tag.find_first_not_of("0123456789") == std::string::npos;
  if (is_port && meant.ends_with(kAll) && !name.ends_with('*')) {
    meant.insert(meant.size() - kAll.size(), ":" + tag);
  } else if (!tag.empty()) {
    meant += ":" + tag;
  }
  throw Error(ErrorCode::kPolicyMalformed,
              "\"" + name + "\" can match no repository: its name is compared as Docker writes it out",
              "write " + meant + " in the policy file, at the named line");
}

}  // namespace

ImagePattern ImagePattern::parse(const std::string& text) {
  const auto colon = text.rfind(':');
  const auto slash = text.rfind('/');
  const bool has_tag = colon != std::string::npos && (slash == std::string::npos || colon > slash);
  if (text.find('@') != std::string::npos)
    throw Error(ErrorCode::kPolicyMalformed, "a pattern names repositories and tags, not digests");
  ImagePattern pattern{Glob::parse(text.substr(0, has_tag ? colon : text.size())), std::nullopt};
  if (has_tag) pattern.tag = Glob::parse(text.substr(colon + 1));
  refuse_unless_matching(pattern.repository.text(), has_tag ? pattern.tag->text() : "");
  return pattern;
}

}  // namespace agent
