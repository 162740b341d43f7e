// RoleName and Gun: the two kinds of names that become URLs and file names. A value of either type has passed
// its grammar, so nobody downstream has to think about `..`, control characters or forged log lines.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tuf {

/// `root`, `targets`, `snapshot`, `timestamp` or a delegation `targets/<a>[/<b>…]` (section 3.7).
class RoleName {
 public:
  static std::optional<RoleName> parse(std::string_view text);
  /// For names written in the program. Throws kInternal if `text` is none.
  static RoleName of(std::string_view text);
  static const RoleName& root();
  static const RoleName& targets();
  static const RoleName& snapshot();
  static const RoleName& timestamp();
  /// `targets/releases`: what pullers get, which everybody signs who releases.
  static const RoleName& releases();

  const std::string& text() const { return text_; }
  /// Directly below `targets` and not `releases`: somebody's own role, whose signature counts. What is deeper
  /// down was set up by whoever signs the role above it.
  bool is_identity() const;
  bool is_delegation() const { return text_.starts_with("targets/"); }
  /// `targets` for `targets/a`, `targets/a` for `targets/a/b`. Only for delegations.
  RoleName parent() const;
  /// The direct child of `targets` that it is or stands below: `targets/a` for `targets/a/b`. Only for
  /// delegations.
  RoleName top() const;
  /// The part behind the parent: `jenkins` of `targets/jenkins`.
  std::string_view leaf() const;

  auto operator<=>(const RoleName&) const = default;

 private:
  explicit RoleName(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// Their texts.
std::vector<std::string> names_of(const std::vector<RoleName>& roles);

/// Globally unique name of a repository, `registry.example.com/team/app`. At most 255 of `[A-Za-z0-9._:/-]`
/// and brackets for IPv6, no empty, `.` or `..` segment.
class Gun {
 public:
  static std::optional<Gun> parse(std::string_view text);
  /// Throws kInvalidReference, the offending text made printable.
  static Gun of(std::string_view text);

  const std::string& text() const { return text_; }
  auto operator<=>(const Gun&) const = default;

 private:
  explicit Gun(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// A target name that every client can read back: not empty, valid UTF-8, no control character.
bool is_valid_target_name(std::string_view name);

}  // namespace tuf
