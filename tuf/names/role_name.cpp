#include "tuf/names/role_name.h"

#include <algorithm>

#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/json/json.h"

namespace tuf {
namespace {

constexpr std::size_t kMaxNameLength = 255;
constexpr std::size_t kShown = 80;  // bytes of what is no name, in messages

/// No empty, `.` or `..` segment, also at either end.
bool has_clean_segments(std::string_view path) {
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    if (segment.empty() || segment == "." || segment == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_role_character(char c) {
  return is_lower_or_digit(c) || c == '-' || c == '_' || c == '/';
}

bool is_gun_character(char c) {
  return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') ||
         std::string_view("._:/-[]").find(c) != std::string_view::npos;
}

}  // namespace

std::optional<RoleName> RoleName::parse(std::string_view text) {
  const bool top = text == "root" || text == "targets" || text == "snapshot" || text == "timestamp";
  if (!top && (!text.starts_with("targets/") || text.size() > kMaxNameLength || !has_clean_segments(text) ||
               !std::all_of(text.begin(), text.end(), is_role_character))) {
    return std::nullopt;
  }
  return RoleName(std::string(text));
}

RoleName RoleName::of(std::string_view text) {
  if (auto name = parse(text)) return *name;
  throw Error(ErrorCode::kInternal, "not a role name: " + printable(text, kShown));
}

const RoleName& RoleName::root() {
  static const RoleName name("root");
  return name;
}

const RoleName& RoleName::targets() {
  static const RoleName name("targets");
  return name;
}

const RoleName& RoleName::snapshot() {
  static const RoleName name("snapshot");
  return name;
}

const RoleName& RoleName::timestamp() {
  static const RoleName name("timestamp");
  return name;
}

const RoleName& RoleName::releases() {
  static const RoleName name("targets/releases");
  return name;
}

bool RoleName::is_identity() const {
  return is_delegation() && *this != releases() && parent() == targets();
}

RoleName RoleName::parent() const {
  if (!is_delegation()) throw Error(ErrorCode::kInternal, text_ + " has no parent");
  return RoleName(text_.substr(0, text_.rfind('/')));
}

RoleName RoleName::top() const {
  const RoleName above = parent();
  return above.is_delegation() ? above.top() : *this;
}

std::string_view RoleName::leaf() const {
  return std::string_view(text_).substr(text_.rfind('/') + 1);
}

std::vector<std::string> names_of(const std::vector<RoleName>& roles) {
  std::vector<std::string> names;
  for (const RoleName& role : roles) names.push_back(role.text());
  return names;
}

std::optional<Gun> Gun::parse(std::string_view text) {
  if (text.size() > kMaxNameLength || !has_clean_segments(text) ||
      !std::all_of(text.begin(), text.end(), is_gun_character)) {
    return std::nullopt;
  }
  return Gun(std::string(text));
}

Gun Gun::of(std::string_view text) {
  if (auto gun = parse(text)) return *gun;
  throw Error(ErrorCode::kInvalidReference, "not a repository name: \"" + printable(text, kShown) + "\"");
}

bool is_valid_target_name(std::string_view name) {
  if (name.empty() || !has_wire_form(name) || name.find('\x7f') != std::string_view::npos) return false;
  try {
    static_cast<void>(Json(std::string(name)).dump());  // throws for invalid UTF-8
    return true;
  } catch (const Json::exception&) {
    return false;
  }
}

}  // namespace tuf
