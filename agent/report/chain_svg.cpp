#include "agent/report/chain_svg.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "agent/report/markup.h"
#include "tuf/base/printable.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

// Pixels. Text is of fixed width wherever something must fit: nobody here can measure a font of the reader's.
constexpr int kMargin = 28;
constexpr int kCard = 268;
constexpr int kIndent = 22;  // of what stands below root in its own column
constexpr int kGap = 48;
constexpr int kBetween = 16;  // cards of a column
constexpr int kPadding = 14;
constexpr int kLine = 18;
constexpr int kHeadLine = 21;       // where the lines between cards meet them
constexpr double kNameWidth = 7.9;  // of a character, at 13px
constexpr double kTextWidth = 6.7;  // at 11px
constexpr std::size_t kDigestDigits = 12;
constexpr std::size_t kProblemLines = 4;

constexpr std::string_view kStyle = R"(
text{font-family:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;font-size:11.5px}
.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:11px}
.name{font-size:13px;font-weight:600}.title{font-size:16px;font-weight:600}.strong{font-weight:600}
.ground{fill:#fff;stroke:#dde3e8}.card{fill:#f7f9fa;stroke:#cdd5dc}.card.bad{fill:#fdf2f1;stroke:#c0392f}
.card.empty,.card.more{fill:none;stroke-dasharray:4 4}.line{fill:none;stroke:#a3afba;stroke-width:1.5}
.line.bad{stroke:#c0392f;stroke-dasharray:5 4}.line.empty{stroke-dasharray:2 4}.rule{stroke:#e0e6eb}
.ink{fill:#1b242d}.soft{fill:#5a6672}.good{fill:#1c7a4a}.warn{fill:#8a5700}.bad-ink{fill:#b3261e}
.signed{fill:#1c7a4a}.unsigned{fill:none;stroke:#7b8794;stroke-width:1.5}
@media(prefers-color-scheme:dark){
.ground{fill:#11161b;stroke:#2a323a}.card{fill:#182028;stroke:#35404a}.card.bad{fill:#2a1818;stroke:#e5776e}
.line{stroke:#5b6874}.line.bad{stroke:#e5776e}.rule{stroke:#2a343d}.ink{fill:#e7ecf0}.soft{fill:#9ba7b2}
.good{fill:#5fcf98}.warn{fill:#e3b45a}.bad-ink{fill:#ff938a}.signed{fill:#5fcf98}.unsigned{stroke:#7b8794}
.card.empty,.card.more{fill:none}}
)";

std::string number(double value) {
  const auto tenths = static_cast<long>(value * 10 + 0.5);
  return std::to_string(tenths / 10) + (tenths % 10 == 0 ? "" : "." + std::to_string(tenths % 10));
}

std::size_t length_of_character(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/// Columns that a character takes: what is not ASCII may be twice as wide.
int columns_of(char first) {
  return static_cast<unsigned char>(first) < 0x80 ? 1 : 2;
}

/// The beginnings of characters, and the end.
std::vector<std::size_t> characters(const std::string& text) {
  std::vector<std::size_t> at;
  for (std::size_t i = 0; i < text.size(); i += length_of_character(text[i])) at.push_back(i);
  at.push_back(text.size());
  return at;
}

/// What fits of a text, which is made printable; its middle goes, since names differ at their ends.
std::string fitted(const std::string& raw, int width, double character) {
  const std::string text = tuf::printable(raw);
  const int columns = std::max(4, static_cast<int>(width / character));
  const std::vector<std::size_t> at = characters(text);
  int all = 0;
  for (std::size_t i = 0; i + 1 < at.size(); ++i) all += columns_of(text[at[i]]);
  if (all <= columns) return text;
  std::size_t head = 0;
  std::size_t tail = at.size() - 1;
  int left = columns - 1;
  const int for_tail = left / 3;
  while (left > for_tail && left >= columns_of(text[at[head]])) left -= columns_of(text[at[head++]]);
  while (tail > head && left >= columns_of(text[at[tail - 1]])) left -= columns_of(text[at[--tail]]);
  return text.substr(0, at[head]) + "…" + text.substr(at[tail]);
}

/// In lines of that many characters, broken between words where that is possible.
std::vector<std::string> wrapped(const std::string& raw, std::size_t width, std::size_t most) {
  const std::string text = tuf::printable(raw);
  std::vector<std::string> lines;
  std::string line;
  std::size_t columns = 0;
  std::size_t blank = std::string::npos;
  const std::vector<std::size_t> at = characters(text);
  for (std::size_t i = 0; i + 1 < at.size(); ++i) {
    if (text[at[i]] == ' ') blank = line.size();
    line.append(text, at[i], at[i + 1] - at[i]);
    columns += static_cast<std::size_t>(columns_of(text[at[i]]));
    if (columns < width) continue;
    const bool at_blank = blank != std::string::npos && blank > 0;
    std::string rest = at_blank ? line.substr(blank + 1) : "";
    lines.push_back(at_blank ? line.substr(0, blank) : line);
    line = std::move(rest);
    columns = line.size();
    blank = std::string::npos;
    if (lines.size() == most) {
      lines.back() += "…";
      return lines;
    }
  }
  if (!line.empty()) lines.push_back(line);
  return lines;
}

std::string text_at(double x, double y, std::string_view classes, const std::string& text,
                    bool at_end = false) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" class=\"" + std::string(classes) + "\"" +
         (at_end ? " text-anchor=\"end\"" : "") + ">" + markup(text) + "</text>";
}

std::string class_of(ChainRole::State state) {
  return state == ChainRole::State::kUnusable ? " bad" : state == ChainRole::State::kEmpty ? " empty" : "";
}

/// A card, drawn line by line. It grows downwards; nothing in it can reach beyond its edges.
class Card {
 public:
  Card(int width, std::string classes, std::string whole)
      : width_(width), classes_(std::move(classes)), whole_(std::move(whole)) {}

  int height() const { return y_ + kPadding - 4; }
  int inner() const { return width_ - 2 * kPadding; }

  void line(std::string_view classes, const std::string& text) {
    y_ += kLine;
    content_ += text_at(kPadding, y_, classes, text);
  }
  void name(const std::string& text) {
    y_ += kPadding + 12;
    content_ += text_at(kPadding, y_, "mono name ink", fitted(text, inner(), kNameWidth));
  }
  void key(const ChainKey& key) {
    y_ += kLine;
    content_ += "<circle cx=\"" + std::to_string(kPadding + 4) + "\" cy=\"" + std::to_string(y_ - 4) +
                "\" r=\"3.5\" class=\"" + (key.has_signed ? "signed" : "unsigned") + "\"/>";
    content_ += text_at(kPadding + 15, y_, "mono ink", key.id);
    content_ += text_at(kPadding + 72, y_, "soft", key.kind);
    content_ += text_at(width_ - kPadding, y_, key.has_signed ? "good" : "soft",
                        key.has_signed ? "has signed" : "has not signed", true);
  }
  void rule() {
    y_ += 10;
    content_ += "<line x1=\"" + std::to_string(kPadding) + "\" x2=\"" + std::to_string(width_ - kPadding) +
                "\" y1=\"" + std::to_string(y_) + ".5\" y2=\"" + std::to_string(y_) + ".5\" class=\"rule\"/>";
    y_ += 2;
  }
  void tag(const ChainTag& tag) {
    const int at_end = tag.released ? 98 : 78;
    y_ += kLine;
    content_ += text_at(kPadding, y_, "mono ink", fitted(tag.name, inner() - at_end, kTextWidth));
    content_ += tag.released
                    ? text_at(width_ - kPadding, y_, "mono soft", tag.digest.substr(0, kDigestDigits), true)
                    : text_at(width_ - kPadding, y_, "warn", "not released", true);
  }

  std::string at(int x, int y) const {
    const std::string height = std::to_string(this->height());
    return "<svg x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" width=\"" +
           std::to_string(width_) + "\" height=\"" + height + "\"><g><title>" + markup(whole_) +
           "</title><rect x=\"1\" y=\"1\" width=\"" + std::to_string(width_ - 2) + "\" height=\"" +
           std::to_string(this->height() - 2) + "\" rx=\"8\" class=\"card" + classes_ + "\"/>" + content_ +
           "</g></svg>\n";
  }

 private:
  int width_;
  std::string classes_;
  std::string whole_;  // shown where the pointer is
  std::string content_;
  int y_ = 0;
};

void write_state(const ChainRole& role, Card& card) {
  switch (role.state) {
    case ChainRole::State::kUnusable:
      card.line("bad-ink strong", "✕ " + role.state_word + ", so nothing in it is read");
      break;
    case ChainRole::State::kNearingExpiry:
      card.line("warn strong", role.state_word);
      break;
    case ChainRole::State::kEmpty:
      card.line("soft", role.purpose + "; " + role.state_word);
      break;
    case ChainRole::State::kUsable:
      card.line("soft", fitted(role.purpose, card.inner(), kTextWidth));
  }
}

Card card_of(const ChainRole& role, int width) {
  Card card(width, class_of(role.state), role.name + (role.problem.empty() ? "" : ": " + role.problem));
  card.name(role.name);
  write_state(role, card);
  const std::string valid = validity(role);
  if (!valid.empty()) card.line("ink", valid);
  if (role.certificate_expires)
    card.line("ink", "certificate until " + tuf::format_day(*role.certificate_expires));
  card.line("ink", demanded_keys(role));
  for (const ChainKey& key : role.keys) card.key(key);
  if (role.more_keys > 0) card.line("soft", and_more(role.more_keys, "keys"));
  if (role.admits_nothing) card.line("warn", "no paths: it may hold no tags");
  if (!role.paths.empty()) {
    std::string paths = "only tags " + tuf::join(role.paths, "…, ") + "…";
    if (role.more_paths > 0) paths += " " + and_more(role.more_paths, "paths");
    card.line("mono soft", fitted(paths, card.inner(), kTextWidth));
  }
  if (!role.problem.empty()) {
    card.rule();
    const auto width_in_characters = static_cast<std::size_t>(card.inner() / 6);
    for (const std::string& line : wrapped(role.problem, width_in_characters, kProblemLines))
      card.line("bad-ink", line);
  }
  if (!role.tags.empty()) {
    card.rule();
    for (const ChainTag& tag : role.tags) card.tag(tag);
    if (role.more_tags > 0) card.line("soft", and_more(role.more_tags, "tags"));
  }
  return card;
}

Card card_of_more(const ChainRole& role) {
  Card card(kCard, " more", "of " + role.name);
  card.line("soft", "");
  card.line("soft", and_more(role.more_below, "delegations"));
  if (role.more_unusable_below > 0)
    card.line("bad-ink strong", "✕ " + grouped(role.more_unusable_below) + " of them cannot be used");
  return card;
}

/// Cards in columns: root with what stands beside `targets`, then `targets`, then a column for each level of
/// delegations. A role stands beside the first of those that it vouches for, and below everything of the
/// roles before it, so that lines never cross.
class Drawing {
 public:
  explicit Drawing(const Chain& chain) : chain_(chain) {
    const int top = kMargin + 74;
    int y = draw(card_of(chain.roles[0], kCard), 0, kMargin, top) + kBetween;
    for (std::size_t i = 2; i < chain.roles.size() && is_top(i); ++i) {
      const int x = kMargin + kIndent;
      cards_ += elbow(kMargin + kIndent / 2, below_root_, x, y + kHeadLine);
      y = draw(card_of(chain.roles[i], kCard - kIndent), 0, x, y) + kBetween;
    }
    draw_with_delegations(1, 1, top, kMargin + kCard, top + kHeadLine);
  }

  std::string text() const {
    const int width = std::max(right_ + kMargin, 2 * kMargin + 2 * kCard + kGap);
    const int height = bottom_ + kMargin + 26;
    const std::string size =
        "width=\"" + std::to_string(width) + "\" height=\"" + std::to_string(height) + "\"";
    const auto line_at = [&](int y, std::string_view classes, const std::string& line, double character) {
      return text_at(kMargin, y, classes, fitted(line, width - 2 * kMargin, character)) + "\n";
    };
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" " + size + " viewBox=\"0 0 " + std::to_string(width) +
           " " + std::to_string(height) +
           "\" role=\"img\" aria-labelledby=\"chain-title chain-words\">\n<title id=\"chain-title\">" +
           markup("Chain of trust of " + chain_.gun) + "</title>\n<desc id=\"chain-words\">" +
           markup_of_lines(tuf::printable(chain_.in_words(), std::string::npos)) + "</desc>\n<style>" +
           std::string(kStyle) + "</style>\n<rect x=\".5\" y=\".5\" width=\"" + std::to_string(width - 1) +
           "\" height=\"" + std::to_string(height - 1) + "\" rx=\"12\" class=\"ground\"/>\n" +
           line_at(kMargin + 14, "title ink", chain_.gun, 9.0) +
           line_at(kMargin + 34, "soft",
                   "Chain of trust on " + chain_.server + ", read " + tuf::format_day(chain_.read_at) + " " +
                       tuf::format_time(chain_.read_at).substr(11, 5) + " UTC",
                   6.2) +
           line_at(kMargin + 54, "mono soft", "trust root " + chain_.trust_root, kTextWidth) + lines_ +
           cards_ + legend(height - kMargin + 2) + "</svg>";
  }

 private:
  bool is_top(std::size_t place) const { return chain_.roles[place].name.find('/') == std::string::npos; }

  /// Its lower edge.
  int draw(const Card& card, int column, int x, int y) {
    cards_ += card.at(x, y);
    if (column == 0 && below_root_ == 0) below_root_ = y + card.height();
    right_ = std::max(right_, x + kCard);
    bottom_ = std::max(bottom_, y + card.height());
    return y + card.height();
  }

  /// The lower edge of all of it.
  int draw_with_delegations(std::size_t place, int column, int y, int from_x, int from_y) {
    const ChainRole& role = chain_.roles[place];
    const int x = kMargin + column * (kCard + kGap);
    lines_ += connection(from_x, from_y, x, y + kHeadLine, class_of(role.state));
    int bottom = draw(card_of(role, kCard), column, x, y);
    int next = y;
    for (std::size_t i = place + 1; i < chain_.roles.size(); ++i) {
      if (is_top(i) || chain_.roles[i].above != place) continue;
      const int end = draw_with_delegations(i, column + 1, next, x + kCard, y + kHeadLine);
      bottom = std::max(bottom, end);
      next = end + kBetween;
    }
    if (role.more_below > 0) {
      const int more_x = x + kCard + kGap;
      lines_ += connection(x + kCard, y + kHeadLine, more_x, next + kHeadLine, " empty");
      bottom = std::max(bottom, draw(card_of_more(role), column + 1, more_x, next));
    }
    return bottom;
  }

  /// Along, down and along. Only the last piece is of its role's kind: what leads there, others share.
  static std::string connection(int x, int y, int to_x, int to_y, const std::string& classes) {
    const int middle = x + kGap / 2;
    const std::string to_role = "H" + std::to_string(to_x);
    const std::string begin = "M" + std::to_string(x) + " " + std::to_string(y);
    if (to_y == y)
      return path(begin + "H" + std::to_string(middle), "") +
             path("M" + std::to_string(middle) + " " + std::to_string(y) + to_role, classes);
    const std::string turn = std::to_string(to_y - 8);
    return path(begin + "H" + std::to_string(middle - 8) + "q8 0 8 8V" + turn, "") +
           path("M" + std::to_string(middle) + " " + turn + "q0 8 8 8" + to_role, classes);
  }

  static std::string path(const std::string& steps, const std::string& classes) {
    return "<path d=\"" + steps + "\" class=\"line" + classes + "\"/>\n";
  }

  static std::string elbow(int x, int y, int to_x, int to_y) {
    return path("M" + std::to_string(x) + " " + std::to_string(y) + "V" + std::to_string(to_y - 8) +
                    "q0 8 8 8H" + std::to_string(to_x),
                "");
  }

  static std::string legend(int y) {
    const auto dot = [&](int x, const char* kind) {
      return "<circle cx=\"" + std::to_string(x) + "\" cy=\"" + std::to_string(y - 4) +
             "\" r=\"3.5\" class=\"" + kind + "\"/>";
    };
    return dot(kMargin + 4, "signed") +
           text_at(kMargin + 14, y, "soft", "key that has signed the present file") +
           dot(kMargin + 230, "unsigned") + text_at(kMargin + 240, y, "soft", "key that may sign it") +
           text_at(kMargin + 370, y, "bad-ink", "✕ not read by anybody") + "\n";
  }

  const Chain& chain_;
  std::string lines_;
  std::string cards_;
  int below_root_ = 0;
  int right_ = 0;
  int bottom_ = 0;
};

}  // namespace

std::string chain_svg(const Chain& chain) {
  return Drawing(chain).text();
}

}  // namespace agent
