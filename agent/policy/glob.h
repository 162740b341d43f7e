// Glob: the patterns of a policy. `*` stands for any characters but `/`, `**` for any characters, `?` for one
// character but `/`; everything else stands for itself. Never a regular expression: the time of a match is at
// most the length of the pattern times that of the text, whatever either holds.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace agent {

class Glob {
 public:
  static constexpr std::size_t kMaxLength = 255;   // bytes
  static constexpr std::size_t kMaxWildcards = 8;  // `**` is one

  /// Throws kPolicyMalformed, with the reason, for a pattern that is empty, too long, has too many wildcards,
  /// or holds what would mean something else elsewhere: brackets, braces, `\`, `|`, `^`, `$`, `(`, `)`.
  static Glob parse(std::string_view text);

  const std::string& text() const { return text_; }
  /// Characters that are no wildcards: how closely the pattern describes what it matches.
  std::size_t literals() const { return literals_; }

  /// What every text that matches begins and ends with; with no wildcard both are the whole pattern.
  std::string_view head() const { return std::string_view(text_).substr(0, head_); }
  std::string_view tail() const { return std::string_view(text_).substr(text_.size() - tail_); }

  bool matches(std::string_view text) const;

 private:
  struct Token {
    enum class Kind { kLiteral, kOne, kSegment, kAll };
    Kind kind;
    char literal;
  };
  Glob() = default;
  bool runs(std::string_view text) const;

  std::string text_;
  std::vector<Token> tokens_;
  std::size_t literals_ = 0;
  std::size_t head_ = 0;  // literal characters before the first wildcard…
  std::size_t tail_ = 0;  // …and behind the last one
};

}  // namespace agent
