#include "agent/config/server_url.h"

#include "tests/support/catch.h"
#include "tests/support/error_code.h"

namespace {

using agent::ServerUrl;
using test::code_of;
using test::error_of;
using test::mentions;
using tuf::ErrorCode;

}  // namespace

TEST_CASE("A trust server is https with host and port, or a folder") {
  const auto parse = [](const std::string& text) { return ServerUrl::parse(text, {}); };
  CHECK(parse("https://notary.example.com").authority() == "notary.example.com");
  CHECK(parse("https://notary.example.com/").text() == "https://notary.example.com");
  CHECK(parse("https://notary_server:4443").authority() == "notary_server:4443");
  CHECK(parse("https://127.0.0.1:4443").text() == "https://127.0.0.1:4443");
  CHECK(parse("https://[::1]:4443/").authority() == "[::1]:4443");
  CHECK_FALSE(parse("https://a").is_folder());
  CHECK(parse("file:/srv/trust").folder() == "/srv/trust");
  CHECK(parse("file:///srv/trust").folder() == "/srv/trust");
  CHECK(parse("file:trust/x").folder() == "trust/x");
  CHECK(parse("file:trust").text() == "file:trust");
  CHECK(parse("file:trust").is_folder());
  CHECK(parse("file:job@2/trust").folder() == "job@2/trust");
  CHECK(parse("file:/srv/a:b/c").folder() == "/srv/a:b/c");
  CHECK(ServerUrl::parse("file:../trust", {"/etc/notary", false}).folder() == "/etc/trust");
  CHECK(ServerUrl::parse("file:/srv", {"/etc/notary", false}).folder() == "/srv");

  for (const char* text : {"",
                           "notary.example.com",
                           "notary.example.com:4443",
                           "https://",
                           "https:///",
                           "https://:4443",
                           "https://a:",
                           "https://a:0",
                           "https://a:65536",
                           "https://a:4443x",
                           "https://a b",
                           "https://a/v2",
                           "https://a//",
                           "https://a?x=1",
                           "https://a#x",
                           "https://[::1",
                           "https://[]:1",
                           "https://[abc]",
                           "https://-a",
                           "https://127.1",
                           "https://a%2eb",
                           "https://a\nb",
                           "HTTPS://a",
                           "ftp://a",
                           "file:",
                           "file://",
                           "file://host/dir"}) {
    INFO(text);
    CHECK(code_of([&] { parse(text); }) == ErrorCode::kUsage);
  }
}

TEST_CASE("Plain http needs an explicit demand") {
  CHECK(code_of([] { ServerUrl::parse("http://localhost:4443", {}); }) == ErrorCode::kUsage);
  const ServerUrl url = ServerUrl::parse("http://localhost:4443/", {{}, true});
  CHECK(url.text() == "http://localhost:4443");
  CHECK(url.is_plain_http());
  CHECK_FALSE(ServerUrl::parse("https://localhost:4443", {{}, true}).is_plain_http());
}

TEST_CASE("A password or a token in a server URL does not get into the message") {
  for (const char* text :
       {"https://ci:hunter2@notary.example.com", "ci:hunter2@notary.example.com",
        "https://notary.example.com/?token=hunter2", "http://notary.example.com/a#hunter2",
        "notary.example.com?hunter2", "file:ci:hunter2@notary.example.com",
        "file:ci:hun/hunter2@notary.example.com", "file:/srv/ci:hunter2@notary.example.com",
        "file:///ci:hunter2@notary.example.com/x"}) {
    const auto error = error_of([&] { ServerUrl::parse(text, {}); }).value();
    CHECK(error.code() == ErrorCode::kUsage);
    CHECK_FALSE(mentions(error, "hunter2"));
    CHECK(error.hint().find("hunter2") == std::string::npos);
  }
}
