#include "agent/report/page.h"

#include <algorithm>
#include <string_view>

#include "agent/report/markup.h"
#include "tuf/base/base64.h"
#include "tuf/base/bytes.h"
#include "tuf/base/digest.h"

namespace agent {
namespace {

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--ground:#f4f6f7;--paper:#fff;--ink:#1b242d;--soft:#56626d;--rule:#dfe4e9;
--good:#176a40;--good-ground:#e6f4ec;--warn:#7a4d00;--warn-ground:#fcf2dc;--bad:#a8231b;--bad-ground:#fdeceb;--rail:#e4e9ed}
@media screen and (prefers-color-scheme:dark){:root{--ground:#0e1317;--paper:#161d23;--ink:#e7ecf0;--soft:#9ba7b2;
--rule:#2a343d;--good:#6fd6a3;--good-ground:#12301f;--warn:#e8bf6d;--warn-ground:#34280e;--bad:#ff9f97;
--bad-ground:#3a1a18;--rail:#2a343d}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:15px/1.5 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
main{max-width:1000px;margin:0 auto;padding:40px 24px 64px}
header{margin-bottom:28px}
.kind{margin:0 0 4px;color:var(--soft);font-size:13px}
h1{margin:0;font-size:30px;line-height:1.2;font-weight:650;letter-spacing:-.01em;overflow-wrap:anywhere;text-wrap:balance}
h1.good{color:var(--good)}h1.warn{color:var(--warn)}h1.bad{color:var(--bad)}
section{background:var(--paper);border:1px solid var(--rule);border-radius:12px;padding:20px 24px;margin:0 0 20px}
h2{margin:0 0 12px;font-size:17px;font-weight:650;overflow-wrap:anywhere}
dl{margin:0;display:grid;grid-template-columns:minmax(8em,max-content) 1fr;gap:6px 24px}
dl+table{margin-top:16px}
dt{color:var(--soft)}
dd{margin:0;min-width:0}
table{width:100%;border-collapse:collapse}
th{text-align:left;font-size:13px;font-weight:500;color:var(--soft);padding:0 12px 8px 0;border-bottom:1px solid var(--rule)}
td{vertical-align:top;padding:12px 12px 12px 0;border-bottom:1px solid var(--rule);unicode-bidi:isolate}
th:last-child,td:last-child{padding-right:0}
tbody tr:last-child td{border-bottom:0;padding-bottom:0}
td,dd,li{overflow-wrap:anywhere}
p{margin:0}p+p,p+svg{margin-top:3px}td .soft+p:not(.soft){margin-top:10px}
td:nth-child(n+3) p{min-width:9em}
code,pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
.strong{font-weight:600}.soft{color:var(--soft);font-size:13.5px}
.badge{display:inline-block;padding:1px 10px;border-radius:99px;font-size:13px;font-weight:600;white-space:nowrap;
background:var(--rail);color:var(--ink)}
.badge.good{background:var(--good-ground);color:var(--good)}.badge.warn{background:var(--warn-ground);color:var(--warn)}
.badge.bad{background:var(--bad-ground);color:var(--bad)}
.bar{display:block;width:100%;min-width:90px;height:6px;margin-top:8px}
.rail{fill:var(--rail)}.part{fill:var(--soft)}.part.good{fill:var(--good)}.part.warn{fill:var(--warn)}.part.bad{fill:var(--bad)}
ul{margin:0;padding-left:1.2em}li+li{margin-top:6px}
details{color:var(--soft)}summary{cursor:pointer;padding:4px 0}
pre{margin:8px 0 0;padding:16px;background:var(--paper);color:var(--ink);border:1px solid var(--rule);border-radius:12px;
white-space:pre-wrap;overflow-wrap:anywhere}
@media screen and (max-width:700px){main{padding:24px 16px 40px}h1{font-size:24px}h2{font-size:15.5px}section{padding:16px}
dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:10px}
table,tbody,tr,td{display:block}thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tr{padding:14px 0;border-bottom:1px solid var(--rule)}tbody tr:first-child{padding-top:0}
tbody tr:last-child{border-bottom:0;padding-bottom:0}
td{padding:0;border:0}td+td{margin-top:8px}td:empty{display:none}
td[data-column]::before{content:attr(data-column);display:block;color:var(--soft);font-size:13px}}
@media print{:root{--ground:#fff}@page{margin:16mm}body{font-size:10.5pt}main{max-width:none;padding:0}
section{border:0;padding:0 0 12px}tr,h2,dl{break-inside:avoid}h2{break-after:avoid}thead{display:table-header-group}
.badge{border:1px solid currentColor;background:none}details{display:none}}
)";

const char* class_of(Page::Tone tone) {
  switch (tone) {
    case Page::Tone::kGood:
      return " good";
    case Page::Tone::kWarning:
      return " warn";
    case Page::Tone::kBad:
      return " bad";
    case Page::Tone::kPlain:
      break;
  }
  return "";
}

std::string bar(const Page::Piece& piece) {
  const int width = static_cast<int>(std::clamp(piece.share, 0.0, 1.0) * 100 + 0.5);
  return "<svg class=\"bar\" viewBox=\"0 0 100 6\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"" +
         markup(piece.text) + "\"><rect class=\"rail\" width=\"100\" height=\"6\"/><rect class=\"part" +
         class_of(piece.tone) + "\" width=\"" + std::to_string(width) + "\" height=\"6\"/></svg>";
}

std::string html(const Page::Piece& piece) {
  using Kind = Page::Piece::Kind;
  switch (piece.kind) {
    case Kind::kBar:
      return bar(piece);
    case Kind::kStrong:
      return "<p class=\"strong" + std::string(class_of(piece.tone)) + "\">" + markup(piece.text) + "</p>";
    case Kind::kCode:
      return "<p><code>" + markup(piece.text) + "</code></p>";
    case Kind::kSoft:
      return "<p class=\"soft\">" + markup(piece.text) + "</p>";
    case Kind::kBadge:
      return "<p><span class=\"badge" + std::string(class_of(piece.tone)) + "\">" + markup(piece.text) +
             "</span></p>";
    case Kind::kText:
      break;
  }
  return "<p>" + markup(piece.text) + "</p>";
}

std::string html(const Page::Cell& cell) {
  std::string out;
  for (const Page::Piece& piece : cell) out += html(piece);
  return out;
}

std::string html(const std::vector<Page::Fact>& facts) {
  if (facts.empty()) return "";
  std::string out = "<dl>\n";
  for (const Page::Fact& fact : facts)
    out += "<dt>" + markup(fact.name) + "</dt><dd>" + html(fact.value) + "</dd>\n";
  return out + "</dl>\n";
}

std::string html(const Page::Section& section) {
  std::string out = "<section>\n<h2>" + markup(section.title) + "</h2>\n" + html(section.facts);
  if (section.columns.empty()) return out + "</section>\n";
  out += "<table>\n<thead><tr>";
  for (const std::string& column : section.columns) out += "<th scope=\"col\">" + markup(column) + "</th>";
  out += "</tr></thead>\n<tbody>\n";
  for (const std::vector<Page::Cell>& row : section.rows) {
    out += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      // On a phone a cell says itself what it is, but for the first, which the others are about.
      const std::string column = i == 0 ? "" : " data-column=\"" + markup(section.columns[i]) + "\"";
      out += "<td" + column + ">" + html(row[i]) + "</td>";
    }
    out += "</tr>\n";
  }
  return out + "</tbody>\n</table>\n</section>\n";
}

/// Only this very style counts, so not even what slipped through all escaping could load or run anything.
std::string content_security_policy() {
  return "default-src 'none'; style-src 'sha256-" + tuf::to_base64(tuf::sha256(tuf::as_bytes(kStyle))) +
         "'; base-uri 'none'; form-action 'none'";
}

}  // namespace

std::string Page::text() const {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"" +
      content_security_policy() +
      "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" "
      "content=\"no-referrer\">\n"
      "<title>" +
      markup(title) + "</title>\n<style>" + std::string(kStyle) +
      "</style>\n</head>\n<body>\n<main>\n<header>\n<p class=\"kind\">" + markup(title) +
      "</p>\n<h1 class=\"" + (class_of(tone) + (tone == Tone::kPlain ? 0 : 1)) + "\">" + markup(headline) +
      "</h1>\n</header>\n";
  if (!facts.empty()) out += "<section>\n" + html(facts) + "</section>\n";
  for (const Section& section : sections) out += html(section);
  if (!warnings.empty()) {
    out += "<section>\n<h2>Warnings</h2>\n<ul>\n";
    for (const std::string& warning : warnings) out += "<li>" + markup(warning) + "</li>\n";
    out += "</ul>\n</section>\n";
  }
  if (!json.empty()) {
    out += "<details>\n<summary>The same for programs, as JSON</summary>\n<pre id=\"json\">" +
           markup_of_lines(json) + "</pre>\n</details>\n";
  }
  return out + "</main>\n</body>\n</html>";
}

}  // namespace agent
