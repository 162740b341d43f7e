#include "agent/http/challenge.h"

#include <cctype>
#include <optional>

#include "tuf/base/words.h"

namespace agent {
namespace {

class ChallengeReader {
 public:
  explicit ChallengeReader(std::string_view text) : text_(text) {}

  std::vector<Challenge> read() {
    while (true) {
      skip(" \t,");
      const std::string name = tuf::in_lower_case(take_while(is_token_character));
      if (name.empty()) break;
      const std::size_t after_name = position_;
      skip(" \t");
      if (peek() == '=') {
        if (!read_parameter(name)) break;
      } else if (after_name == text_.size() || peek() == ',' || position_ > after_name) {
        finish();
        current_ = {name, {}};
        open_ = true;
        skip_token68();
      } else {
        break;
      }
    }
    finish();
    return std::move(challenges_);
  }

 private:
  static bool is_token_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
  }
  static bool is_token68_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           (c != '\0' && std::string_view("-._~+/").find(c) != std::string_view::npos);
  }

  char peek() const { return position_ < text_.size() ? text_[position_] : '\0'; }

  void skip(std::string_view characters) {
    position_ = std::min(text_.find_first_not_of(characters, position_), text_.size());
  }

  template <class Predicate>
  std::string_view take_while(Predicate predicate) {
    const std::size_t start = position_;
    while (position_ < text_.size() && predicate(text_[position_])) ++position_;
    return text_.substr(start, position_ - start);
  }

  /// `Negotiate YII=`: a bare value instead of parameters. Nothing that we speak has one.
  void skip_token68() {
    const std::size_t start = position_;
    const bool any = !take_while(is_token68_character).empty();
    take_while([](char c) { return c == '='; });
    skip(" \t");
    const bool alone = any && (position_ == text_.size() || peek() == ',');
    if (!alone) position_ = start;
  }

  /// At the `=`. False if the value is malformed; the challenge is then dropped.
  bool read_parameter(const std::string& name) {
    ++position_;
    skip(" \t");
    const auto value = peek() == '"' ? read_quoted() : read_plain();
    if (!value || !open_) {
      open_ = false;
      return false;
    }
    if (!current_.parameters.emplace(name, *value).second) ambiguous_ = true;
    skip(" \t");
    if (position_ == text_.size() || peek() == ',') return true;
    open_ = false;
    return false;
  }

  std::optional<std::string> read_plain() {
    const std::string_view value = take_while(is_token_character);
    return value.empty() ? std::nullopt : std::optional(std::string(value));
  }

  std::optional<std::string> read_quoted() {
    std::string value;
    for (++position_; position_ < text_.size(); ++position_) {
      char c = text_[position_];
      if (c == '"') {
        ++position_;
        return value;
      }
      if (c == '\\' && ++position_ < text_.size()) c = text_[position_];
      value += c;
    }
    return std::nullopt;
  }

  void finish() {
    if (open_ && !ambiguous_) challenges_.push_back(std::move(current_));
    open_ = false;
    ambiguous_ = false;
  }

  std::string_view text_;
  std::size_t position_ = 0;
  // Not an optional: g++ 12 with -O2 takes that for a use of what is not initialised.
  Challenge current_;
  bool open_ = false;
  bool ambiguous_ = false;  // the one that is open
  std::vector<Challenge> challenges_;
};

}  // namespace

std::string Challenge::parameter(const std::string& name) const {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string() : found->second;
}

std::vector<Challenge> parse_challenges(std::string_view header) {
  return ChallengeReader(header).read();
}

}  // namespace agent
