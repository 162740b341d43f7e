#include "agent/http/url.h"

#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"

using agent::Url;
using tuf::ErrorCode;

TEST_CASE("a URL knows its authority without the scheme's own port") {
  CHECK(Url::parse("https://Notary.Example.com:443/x")->authority() == "notary.example.com");
  CHECK(Url::parse("https://notary.example.com:4443")->authority() == "notary.example.com:4443");
  CHECK(Url::parse("http://h:80/")->authority() == "h");
  CHECK(Url::parse("http://h:443/")->authority() == "h:443");
  CHECK(Url::parse("https://[::1]:5000/x")->authority() == "[::1]:5000");
  CHECK(Url::parse("HTTPS://h")->is_https());
  CHECK_FALSE(Url::parse("http://h")->is_https());
}

TEST_CASE("one host has one authority") {
  CHECK(Url::parse("https://[0:0:0:0:0:0:0:1]/")->authority() == "[::1]");
  CHECK(Url::parse("https://[::FFFF:127.0.0.1]:5000/")->authority() == "[::ffff:127.0.0.1]:5000");
  CHECK(Url::parse("https://127.0.0.1/")->authority() == "127.0.0.1");
  CHECK(Url::parse("https://1.example.com/")->authority() == "1.example.com");
}

TEST_CASE("a URL's path is at least a slash and has no query") {
  CHECK(Url::parse("https://h")->path() == "/");
  CHECK(Url::parse("https://h?a=/b")->path() == "/");
  CHECK(Url::parse("https://h/a/b?c")->path() == "/a/b");
  CHECK(Url::parse("https://h/a?c")->has_query());
  CHECK_FALSE(Url::parse("https://h/a")->has_query());
}

TEST_CASE("what could be read in two ways is not a URL") {
  const auto* text = GENERATE(
      "", "h", "//h", "https:/h", "https://", "https:///x", "ftp://h", "javascript://h/%0a",
      "https://user@h/", "https://user:pw@h/", "https://h@evil/", "https://h#f", "https://h\\@evil/",
      "https://h /", "https://h\n/", "https://%68/", "https://h:/", "https://h:0/", "https://h:65536/",
      "https://h:-1/", "https://h:1x/", "https://[::1/", "https://[]/", "https://[::1]x/", "https://h\x7f/",
      "https://127.1/", "https://0x7f.1/", "https://2130706433/", "https://0177.0.0.1/", "https://256.1.1.1/",
      "https://h.1/", "https://[:]/", "https://[1::2::3]/", "https://h\xc3\xa4/");
  CAPTURE(text);
  CHECK_FALSE(Url::parse(text));
}

TEST_CASE("a trust server is named by a URL whose trailing slashes do not matter") {
  CHECK(Url::of_server("https://notary.example.com:4443/").text() == "https://notary.example.com:4443");
  CHECK(Url::of_server("https://example.com/notary//").text() == "https://example.com/notary");
  CHECK_ERROR(Url::of_server("notary.example.com"), ErrorCode::kConfig,
              "valid https URL required for trust server, got \"notary.example.com\"");
  CHECK_ERROR(Url::of_server("https://user:pw@h"), ErrorCode::kConfig);
  CHECK_ERROR(Url::of_server("https://h?x"), ErrorCode::kConfig);
  CHECK_ERROR(Url::of_server("https://h\nforged"), ErrorCode::kConfig, "\\nforged");
}

TEST_CASE("only servers that were named may do without encryption") {
  CHECK(Url::parse("https://h")->is_allowed({}));
  CHECK_FALSE(Url::parse("http://h")->is_allowed({}));
  CHECK_FALSE(Url::parse("http://h:81")->is_allowed({"h"}));
  CHECK(Url::parse("http://h:81")->is_allowed({"h:81"}));
}

TEST_CASE("an origin is scheme, host and port") {
  const Url server = Url::of_server("https://h:5000");
  CHECK(server.same_origin(*Url::parse("https://H:5000/v2/")));
  CHECK_FALSE(server.same_origin(*Url::parse("http://h:5000/v2/")));
  CHECK_FALSE(server.same_origin(*Url::parse("https://h/v2/")));
  CHECK_FALSE(server.same_origin(*Url::parse("https://h.evil:5000/v2/")));
}

TEST_CASE("A URL is shown without its query, in which a token may stand") {
  CHECK(agent::shown_url("https://h.example/a?token=S#x") == "https://h.example/a?…");
  CHECK(agent::shown_url("/a#token=S") == "/a?…");
  CHECK(agent::shown_url("https://u:p@h.example/a") == "https://…@h.example/a");
  const auto error = test::error_of([] { agent::Url::of_server("https://h.example/?token=S"); });
  REQUIRE(error);
  CHECK_THAT(error->what(), Catch::EndsWith("got \"https://h.example/?…\""));
}
