// Page: a report that can be sent to somebody: one HTML file, without a script and without anything from
// elsewhere, which its Content-Security-Policy holds the browser to. Texts are texts: whatever stands in
// them, it is escaped here.
#pragma once

#include <string>
#include <vector>

namespace agent {

struct Page {
  enum class Tone { kPlain, kGood, kWarning, kBad };

  /// A line within a cell.
  struct Piece {
    enum class Kind { kText, kStrong, kCode, kSoft, kBadge, kBar };
    Kind kind = Kind::kText;
    std::string text;
    Tone tone = Tone::kPlain;
    double share = 0;  // of a bar, 0 to 1; its text is for who does not see it

    static Piece of(std::string text) { return {Kind::kText, std::move(text)}; }
    static Piece strong(std::string text) { return {Kind::kStrong, std::move(text)}; }
    static Piece code(std::string text) { return {Kind::kCode, std::move(text)}; }
    static Piece soft(std::string text) { return {Kind::kSoft, std::move(text)}; }
    static Piece badge(std::string text, Tone tone) { return {Kind::kBadge, std::move(text), tone}; }
    static Piece bar(double share, Tone tone, std::string text) {
      return {Kind::kBar, std::move(text), tone, share};
    }
  };
  using Cell = std::vector<Piece>;

  struct Fact {
    std::string name;
    Cell value;
  };

  /// A row has as many cells as there are columns.
  struct Section {
    std::string title;
    std::vector<Fact> facts = {};
    std::vector<std::string> columns = {};
    std::vector<std::vector<Cell>> rows = {};
  };

  std::string title;     // of the window: "Verified images"
  std::string headline;  // the answer: "2 of 3 images may run"
  Tone tone = Tone::kPlain;
  std::vector<Fact> facts = {};
  std::vector<Section> sections = {};
  std::vector<std::string> warnings = {};
  std::string json = {};  // the same for machines, at the end; in ASCII

  /// The document, without a line break at its end.
  std::string text() const;
};

}  // namespace agent
