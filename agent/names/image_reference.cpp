#include "agent/names/image_reference.h"

#include <algorithm>
#include <array>

#include "agent/names/log_in_command.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

constexpr std::size_t kMaxPathLength = 255;
constexpr std::size_t kMaxTagLength = 128;
constexpr std::size_t kQuoted = 160;  // bytes of the offending text in a message

constexpr std::string_view kHub = "docker.io";
constexpr std::string_view kOldHub = "index.docker.io";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_alphanumeric(char c) {
  return is_digit(c) || is_lower(c) || is_upper(c);
}

template <class Predicate>
bool all_of(std::string_view text, Predicate predicate) {
  return std::all_of(text.begin(), text.end(), predicate);
}

bool has_upper(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_upper);
}

/// Calls `accept` for every part of `text` between `separator`s; true if it accepts all.
template <class Predicate>
bool all_parts(std::string_view text, char separator, Predicate accept) {
  while (true) {
    const std::size_t end = text.find(separator);
    if (!accept(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

bool is_host_label(std::string_view label) {
  return !label.empty() && label.front() != '-' && label.back() != '-' &&
         all_of(label, [](char c) { return is_alphanumeric(c) || c == '-'; });
}

/// A host name, an IPv4 address or an IPv6 address in brackets, with or without a port.
bool is_host_and_port(std::string_view text) {
  std::string_view host = text;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
    const auto is_ipv6 = [](char c) {
      return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':';
    };
    if (host.empty() || !all_of(host, is_ipv6)) return false;
  } else {
    host = text.substr(0, text.find(':'));
    rest = text.substr(host.size());
    if (!all_parts(host, '.', is_host_label)) return false;
  }
  return rest.empty() || (rest.size() > 1 && rest.front() == ':' && all_of(rest.substr(1), is_digit));
}

/// Runs of [a-z0-9], joined by `.`, `_`, `__` or any number of `-`.
bool is_path_component(std::string_view text) {
  const auto is_word = [](char c) { return is_lower(c) || is_digit(c); };
  if (text.empty() || !is_word(text.front()) || !is_word(text.back())) return false;
  for (std::size_t i = 0; i < text.size();) {
    if (is_word(text[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (!is_word(text[end])) ++end;  // ends: the last character is a word character
    const std::string_view separator = text.substr(i, end - i);
    const bool dashes = all_of(separator, [](char c) { return c == '-'; });
    if (!dashes && separator != "." && separator != "_" && separator != "__") return false;
    i = end;
  }
  return true;
}

/// Not repeated: it may carry a PIN.
void refuse_token_uri(std::string_view text) {
  if (tuf::starts_ignoring_case(text, "pkcs11:"))
    throw Error(ErrorCode::kInvalidReference, "a pkcs11: URI is no image", "name a key with --key");
}

[[noreturn]] void fail(std::string_view text, const std::string& reason, std::string hint = {}) {
  throw Error(ErrorCode::kInvalidReference,
              "image reference \"" + tuf::printable(text, kQuoted) + "\": " + reason, std::move(hint));
}

/// What stands in front of the `@` is not repeated: it may be a password, whatever is in it.
void refuse_login(std::string_view text) {
  std::size_t at = text.rfind('@');
  const auto is_digest = [](std::string_view word) {
    return word.size() > 3 && word.starts_with("sha") && is_digit(word[3]);
  };
  if (at != std::string_view::npos && is_digest(text.substr(at + 1)))
    at = at == 0 ? std::string_view::npos : text.rfind('@', at - 1);
  if (at == std::string_view::npos) return;
  const std::string_view image = text.substr(at + 1);
  const bool is_host = text.substr(0, at).find(':') != std::string_view::npos &&
                       image.find_first_of(".:") != std::string_view::npos && is_host_and_port(image);
  if (!is_host && image.find('/') == std::string_view::npos) return;
  const std::string registry = tuf::shell_word(tuf::printable(image.substr(0, image.find('/')), kQuoted));
  fail("…@" + std::string(image), "a login stands in it",
       "log in with: " + log_in_command(registry) + ", and leave it out: " + tuf::printable(image, kQuoted));
}

/// How other tools say where an image lies. Only told where the text is no name: `oci:1.0` is one.
std::optional<std::string> transport_hint(std::string_view text) {
  constexpr std::array kLayouts = {"oci:", "oci-archive:", "docker-archive:"};
  constexpr std::array kOthers = {"docker-daemon:", "containers-storage:", "dir:", "docker:"};
  for (const std::string_view prefix : kLayouts) {
    if (text.starts_with(prefix))
      return "name the image without " + std::string(prefix) + ", and where it lies with --oci-layout PATH";
  }
  for (const std::string_view prefix : kOthers) {
    if (text.starts_with(prefix))
      return "name the image without " + std::string(prefix) + ": it is looked up in its registry";
  }
  return std::nullopt;
}

/// A placeholder as template languages write it, and what fills it in.
struct Placeholder {
  std::string_view begin;
  std::string_view end;  // empty: a name follows at once
  std::string_view hint;
};

constexpr std::string_view kOtherwise = "give the name as the tool that knows these marks fills it in";
constexpr std::array kPlaceholders = {
    Placeholder{
        "${{", "}}",
        "the workflow fills it in where it hands the name over, as in: env: IMAGE: …, then \"$IMAGE\""},
    Placeholder{"$[[", "]]",
                "GitLab fills it in where the component is included: give the name as the job sees it"},
    Placeholder{"{{", "}}",
                "render it first, with: helm template CHART, and give the name that stands there"},
    Placeholder{
        "${", "}",
        "render it first, with: docker compose config (or envsubst), and give the name that stands there; a "
        "shell fills it in outside of single quotes"},
    Placeholder{"$(", ")",
                "a shell or pipeline fills it in, outside of single quotes: give the name that it becomes"},
    Placeholder{"$", "",
                "a shell or envsubst fills it in, outside of single quotes: give the name that it becomes"},
    Placeholder{"<%", "%>", "render it first, with: erb FILE, and give the name that stands there"},
    Placeholder{"<", ">", "put your own name in the place of the words in <>"},
    Placeholder{"((", "))", "give the name as fly set-pipeline or bosh interpolate fills it in"},
    Placeholder{"[[", "]]", kOtherwise},
    Placeholder{"#{", "}", kOtherwise},
    Placeholder{"{", "}", kOtherwise},
    Placeholder{"%", "%", "a batch file fills it in: give the name that it becomes"},
    Placeholder{"@@", "@@", kOtherwise},
};

/// No name of an image has these marks, so whoever gives them has forgotten to render a template.
void refuse_placeholder(std::string_view text) {
  for (const Placeholder& known : kPlaceholders) {
    const std::size_t begin = text.find(known.begin);
    if (begin == std::string_view::npos) continue;
    const std::size_t inside = begin + known.begin.size();
    std::size_t end = known.end.empty() ? text.find_first_of("/:@", inside) : text.find(known.end, inside);
    if (end == std::string_view::npos && !known.end.empty()) continue;
    end = std::min(text.size(), end == std::string_view::npos ? end : end + known.end.size());
    const std::string_view placeholder = text.substr(begin, end - begin);
    fail(text, "nobody has filled in \"" + tuf::printable(placeholder, kQuoted) + "\"",
         std::string(known.hint));
  }
}

struct Split {
  std::string registry;
  std::string rest;  // path[:tag][@digest]
};

/// Docker's guess of where the registry ends. The first segment is one if it looks like a host or if it could
/// not be part of a repository name.
Split split_registry(std::string_view text) {
  Split split{std::string(kHub), std::string(text)};
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view first = text.substr(0, slash);
    const bool host =
        first == "localhost" || first.find_first_of(".:") != std::string_view::npos || has_upper(first);
    if (host) split = {std::string(first == kOldHub ? kHub : first), std::string(text.substr(slash + 1))};
  }
  if (split.registry == kHub && split.rest.find('/') == std::string::npos) split.rest.insert(0, "library/");
  return split;
}

void check_path(std::string_view text, std::string_view path) {
  if (path.empty()) fail(text, "it names no repository");
  if (has_upper(path)) {
    fail(text, "the repository name has upper-case letters",
         "write the repository in lower case; only a tag may have capitals");
  }
  if (!all_parts(path, '/', is_path_component)) {
    fail(text, "\"" + tuf::printable(path, kQuoted) + "\" is not a repository name",
         "between slashes stand a-z and 0-9, joined by one . or up to two _ or any number of -");
  }
  if (path.size() > kMaxPathLength) fail(text, "the repository name is longer than 255 characters");
}

void check_registry(std::string_view text, std::string_view registry) {
  if (is_host_and_port(registry)) return;
  const bool is_ipv6 = registry.starts_with('[') || std::count(registry.begin(), registry.end(), ':') > 1;
  fail(text, "\"" + tuf::printable(registry, kQuoted) + "\" is not the host[:port] of a registry",
       transport_hint(text).value_or(is_ipv6 ? "IPv6 addresses stand in brackets, as in [::1]:5000/app"
                                             : "write it as registry.example.com/app or "
                                               "registry.example.com:5000/app"));
}

tuf::Gun gun_of(std::string_view text, const std::string& name) {
  if (auto gun = tuf::Gun::parse(name)) return *gun;
  fail(text, "registry and repository together are longer than the 255 characters that trust servers store");
}

void check_tag(std::string_view text, std::string_view tag) {
  if (is_valid_tag(tag)) return;
  const std::string reason = tag.empty() ? "the tag behind : is empty"
                             : tag.size() > kMaxTagLength
                                 ? "the tag is longer than 128 characters"
                                 : "\"" + tuf::printable(tag, kQuoted) + "\" is not a tag";
  throw Error(ErrorCode::kInvalidTag, "image reference \"" + tuf::printable(text, kQuoted) + "\": " + reason,
              transport_hint(text).value_or(""));
}

/// As `docker images --no-trunc` and `docker inspect` show it, with or without sha256: in front.
bool is_identifier(std::string_view text) {
  constexpr std::string_view kAlgorithm = "sha256:";
  if (text.starts_with(kAlgorithm)) text.remove_prefix(kAlgorithm.size());
  return text.size() == 64 && all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

}  // namespace

bool is_valid_tag(std::string_view text) {
  const auto is_word = [](char c) { return is_alphanumeric(c) || c == '_'; };
  return !text.empty() && text.size() <= kMaxTagLength && is_word(text.front()) &&
         all_of(text, [&](char c) { return is_word(c) || c == '.' || c == '-'; });
}

ImageReference parse_image(std::string_view text) {
  if (text.empty()) fail(text, "it is empty");
  refuse_token_uri(text);
  refuse_placeholder(text);
  if (is_identifier(text)) {
    fail(text, "64 hex digits are a digest or the ID of an image, not a name",
         "name the repository: REPOSITORY@sha256:<the digest>");
  }
  refuse_login(text);
  if (text.find_first_of(" \t\r\n") != std::string_view::npos) {
    fail(text, "a blank stands in it", "leave it out; each image is an argument of its own");
  }
  if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos) {
    fail(text, "it is a URL", "leave " + tuf::printable(text.substr(0, scheme + 3), kQuoted) + " out");
  }
  const Split split = split_registry(text);
  std::string_view rest = split.rest;
  std::optional<std::string_view> digest;
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    digest = rest.substr(at + 1);
    rest = rest.substr(0, at);
  }
  std::optional<std::string_view> tag;
  if (const std::size_t colon = rest.find(':'); colon != std::string_view::npos) {
    tag = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
  }
  check_registry(text, split.registry);
  check_path(text, rest);
  ImageReference reference{gun_of(text, split.registry + "/" + std::string(rest)), split.registry, {}, {}};
  if (tag) {
    check_tag(text, *tag);
    reference.tag = *tag;
  }
  if (digest) reference.digest = Digest::parse(*digest);
  return reference;
}

tuf::Gun parse_repository(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view first = text.substr(0, slash);
  // What only notary knows: a host, and behind it names that Docker would not take.
  const bool host =
      slash != std::string_view::npos && is_registry(first) && first != kHub && first != kOldHub;
  const std::string_view path = host ? text.substr(slash + 1) : std::string_view();
  if (host && path.find_first_of(":@[]") == std::string_view::npos) {
    if (auto gun = tuf::Gun::parse(text)) return *gun;
  }
  const ImageReference reference = parse_image(text);
  if (reference.tag || reference.digest) {
    fail(text, "a repository is wanted here, without tag and digest",
         "leave tag and digest out: " + reference.gun.text());
  }
  return reference.gun;
}

bool is_registry(std::string_view segment) {
  return (segment == "localhost" || segment.find_first_of(".:") != std::string_view::npos) &&
         is_host_and_port(segment);
}

std::string registry_of(const tuf::Gun& gun) {
  return gun.text().substr(0, gun.text().find('/'));
}

}  // namespace agent
