#include "agent/report/page.h"

#include <algorithm>

#include "agent/report/expiry_page.h"
#include "agent/report/markup.h"
#include "agent/report/verdict_page.h"
#include "tests/support/catch.h"
#include "tests/support/repository_maker.h"
#include "tuf/base/base64.h"
#include "tuf/base/bytes.h"
#include "tuf/base/digest.h"

using agent::Page;
using Piece = Page::Piece;

namespace {

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::ptrdiff_t count(const std::string& text, char c) {
  return std::count(text.begin(), text.end(), c);
}

/// A page in which every text is `text`.
Page made_of(const std::string& text) {
  Page page{text, text, Page::Tone::kBad};
  const Page::Cell cell = {Piece::of(text),
                           Piece::strong(text),
                           Piece::code(text),
                           Piece::soft(text),
                           Piece::badge(text, Page::Tone::kGood),
                           Piece::bar(0.5, Page::Tone::kWarning, text)};
  page.facts = {{text, cell}};
  page.sections = {{text, {{text, cell}}, {text, text}, {{cell, cell}}}};
  page.warnings = {text};
  page.json = "{\"name\": \"</pre>\"}";
  return page;
}

tuf::Time at(const char* text) {
  return tuf::parse_time(text).value();
}

const agent::RunFacts kRun{test::kNow, {}, {{"registry.example.com/app", "pinned by a policy"}}};

}  // namespace

TEST_CASE("markup: nothing in a text opens an element, closes an attribute or is an entity") {
  CHECK(agent::markup("<a b=\"c\">&amp;") == "&lt;a b=&quot;c&quot;&gt;&amp;amp;");
  CHECK(agent::markup("a\nb\x1b[0m") == "a\\nb\\x1b[0m");
  CHECK(agent::markup("\xef\xbf\xbe\xef\xbf\xbf") == "\\u{fffe}\\u{ffff}");  // no characters of XML
  CHECK(agent::markup("\xef\xbf\xbd") == "\xef\xbf\xbd");
  CHECK(agent::markup_of_lines("{\n \"<\"\n}") == "{\n &quot;&lt;&quot;\n}");
}

TEST_CASE("a page keeps its elements and attributes, whatever stands in its texts") {
  const std::string harmless = made_of("harmless").text();
  for (const std::string text :
       {"</title><script>alert(1)</script>", "\" onmouseover=\"alert(1)", "' onclick='x", "<!--", "&lt;b&gt;",
        "</style>", "</pre></details><img src=x onerror=alert(1)>",
        "javascript:alert(1)//\n\x1b\xe2\x80\xae"}) {
    CAPTURE(text);
    const std::string page = made_of(text).text();
    CHECK(count(page, '<') == count(harmless, '<'));
    CHECK(count(page, '>') == count(harmless, '>'));
    CHECK(count(page, '"') == count(harmless, '"'));
    CHECK(page.find('\x1b') == std::string::npos);
    CHECK_FALSE(has(page, "\xe2\x80\xae"));
  }
}

TEST_CASE("a page may load and run nothing, and its style is the one that its policy names") {
  const std::string page = made_of("harmless").text();
  CHECK_FALSE(has(page, "<script"));
  CHECK_FALSE(has(page, "style=\""));  // the policy forbids it
  for (const char* part : {"http:", "https:", "src=", "href=", "url(", "@import"})
    CHECK_FALSE(has(page, part));
  const std::size_t begin = page.find("<style>") + 7;
  const std::string style = page.substr(begin, page.find("</style>") - begin);
  CHECK(has(page, "content=\"default-src 'none'; style-src 'sha256-" +
                      tuf::to_base64(tuf::sha256(tuf::as_bytes(style))) +
                      "'; base-uri 'none'; form-action 'none'\""));
}

TEST_CASE("a bar stays between its ends") {
  Page page{"a", "b"};
  page.facts = {{"c", {Piece::bar(-3, Page::Tone::kBad, "d"), Piece::bar(7, Page::Tone::kGood, "e")}}};
  const std::string text = page.text();
  CHECK(has(text, "class=\"part bad\" width=\"0\""));
  CHECK(has(text, "class=\"part good\" width=\"100\""));
}

TEST_CASE("the page of expiries answers first, names what is due and what cannot be read") {
  agent::ExpiryReport expiry{at("2027-01-01T00:00:00Z"),
                             at("2027-01-31T00:00:00Z"),
                             {{"registry.example.com/app",
                               {{"root", 3, at("2036-01-01T00:00:00Z"), false},
                                {"targets/old", 1, at("2026-12-30T12:00:00Z"), false},
                                {"targets/soon", 2, at("2027-01-31T00:00:00Z"), false}},
                               ""},
                              {"registry.example.com/gone", {}, "no <trust> data"}}};
  agent::Report report;
  report.command = "expiry";
  const tuf::Error error(tuf::ErrorCode::kExpiryDue, "2 roles are due", "countersign sign");
  const std::string page = agent::expiry_page(expiry, kRun, report, error).text();
  CHECK(has(page, "<h1 class=\"bad\">1 of 2 repositories cannot be read, 2 roles are due</h1>"));
  CHECK(has(page, "<span class=\"badge bad\">expired</span>"));
  CHECK(has(page, "<span class=\"badge warn\">due</span>"));
  CHECK(has(page, "<span class=\"badge good\">ok</span>"));
  CHECK(has(page, "no &lt;trust&gt; data"));
  CHECK(has(page, "exit code 5, EXPIRY_DUE"));
  CHECK(has(page, "as it will be seen at 2027-01-01T00:00:00Z"));
  CHECK(has(page, "2026-11-21 22:00:00 UTC"));
  CHECK(has(page, "&quot;command&quot;: &quot;expiry&quot;"));

  expiry.repositories = {{"registry.example.com/app", {{"root", 3, at("2036-01-01T00:00:00Z"), false}}, ""}};
  CHECK(has(agent::expiry_page(expiry, kRun, report, std::nullopt).text(),
            "<h1 class=\"good\">Nothing is due by 2027-01-31</h1>"));
}

TEST_CASE("the page of verdicts shows what may not run first, and by which policy and root it was decided") {
  agent::Verdict allowed;
  allowed.by_policy = true;
  allowed.decision.image = "registry.example.com/app:1.0";
  allowed.decision.allowed = true;
  allowed.decision.signatures = {{"jenkins", "targets/jenkins", true}};
  agent::Verdict refused;
  refused.by_policy = true;
  refused.decision.image = "registry.example.com/app:2.0";
  refused.decision.reasons = {{"TEAM_MISSING", "no <member> of qa has signed", "alice signs it"}};
  agent::Report report;
  report.command = "verify";
  agent::RepositoryReport repository;
  repository.gun = "registry.example.com/app";
  repository.server = "https://notary.example.com";
  repository.trust_root = "abcdef";
  report.repositories = {repository};
  const agent::PolicyOrigin policy{"team/<policy>.json", "0123"};
  const std::string page = agent::verdict_page({{allowed, refused}}, policy, kRun, report,
                                               tuf::Error(tuf::ErrorCode::kPolicy, "refused"))
                               .text();
  CHECK(has(page, "<h1 class=\"bad\">1 of 2 images may not run</h1>"));
  CHECK(page.find("app:2.0") < page.find("app:1.0"));
  CHECK(has(page, "no &lt;member&gt; of qa has signed"));
  CHECK(has(page, "alice signs it"));
  CHECK(has(page, "jenkins in targets/jenkins"));
  CHECK(has(page, "team/&lt;policy&gt;.json"));
  CHECK(has(page, "SHA-256 0123"));
  CHECK(has(page, "<code>abcdef</code>"));
  CHECK(has(page, "pinned by a policy"));

  const std::string good = agent::verdict_page({{allowed}}, policy, kRun, report, std::nullopt).text();
  CHECK(has(good, "<h1 class=\"good\">The image may run</h1>"));
  CHECK(has(agent::verdict_page({{allowed}}, std::nullopt, kRun, report, std::nullopt).text(),
            "The image is signed"));
}
