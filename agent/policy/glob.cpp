#include "agent/policy/glob.h"

#include <bitset>

#include "tuf/base/error.h"

namespace agent {
namespace {

constexpr std::string_view kForbidden = "[]{}()\\|^$";

[[noreturn]] void refuse(const std::string& reason) {
  throw tuf::Error(tuf::ErrorCode::kPolicyMalformed, reason);
}

}  // namespace

Glob Glob::parse(std::string_view text) {
  if (text.empty()) refuse("an empty pattern");
  if (text.size() > kMaxLength) refuse("a pattern longer than " + std::to_string(kMaxLength) + " bytes");
  Glob glob;
  glob.text_ = text;
  std::size_t wildcards = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c <= 0x20 || c >= 0x7f)
      refuse("a pattern with a space, a control character or a letter beyond ASCII");
    if (kForbidden.find(c) != std::string_view::npos) {
      refuse(std::string("a pattern with \"") + c + "\": only *, ** and ? are special, and no pattern is a " +
             "regular expression");
    }
    if (c != '*' && c != '?') {
      glob.tokens_.push_back({Token::Kind::kLiteral, c});
      ++glob.literals_;
      ++glob.tail_;
      if (wildcards == 0) ++glob.head_;
      continue;
    }
    glob.tail_ = 0;
    if (c == '?') {
      glob.tokens_.push_back({Token::Kind::kOne, c});
    } else {
      std::size_t stars = 1;
      for (; i + 1 < text.size() && text[i + 1] == '*'; ++i) ++stars;
      if (stars > 2) refuse("a pattern with " + std::to_string(stars) + " stars in a row");
      glob.tokens_.push_back({stars == 2 ? Token::Kind::kAll : Token::Kind::kSegment, c});
    }
    if (++wildcards > kMaxWildcards)
      refuse("a pattern with more than " + std::to_string(kMaxWildcards) + " wildcards");
  }
  return glob;
}

bool Glob::matches(std::string_view text) const {
  // Most patterns that do not match differ here already.
  if (head_ == text_.size()) return text == text_;
  return text.size() >= head_ + tail_ && text.starts_with(head()) && text.ends_with(tail()) && runs(text);
}

/// All the places in the pattern that the text so far can have led to, carried along at once: no guess is
/// ever taken back.
bool Glob::runs(std::string_view text) const {
  using Places = std::bitset<kMaxLength + 1>;
  const auto skip_stars = [&](Places& places) {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const bool star = tokens_[i].kind == Token::Kind::kSegment || tokens_[i].kind == Token::Kind::kAll;
      if (star && places[i]) places.set(i + 1);
    }
  };
  Places places;
  places.set(0);
  skip_stars(places);
  for (const char c : text) {
    Places next;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (!places[i]) continue;
      const Token& token = tokens_[i];
      switch (token.kind) {
        case Token::Kind::kLiteral:
          if (token.literal == c) next.set(i + 1);
          break;
        case Token::Kind::kOne:
          if (c != '/') next.set(i + 1);
          break;
        case Token::Kind::kSegment:
          if (c != '/') next.set(i);
          break;
        case Token::Kind::kAll:
          next.set(i);
          break;
      }
    }
    if (next.none()) return false;
    skip_stars(next);
    places = next;
  }
  return places[tokens_.size()];
}

}  // namespace agent
