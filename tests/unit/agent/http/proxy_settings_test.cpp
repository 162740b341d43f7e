// The tables of Go's own tests (golang.org/x/net/http/httpproxy, proxy_test.go), which docker's behaviour
// follows from, and what users write besides.
#include "agent/http/proxy_settings.h"

#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"

using agent::ProxySettings;
using agent::Url;
using tuf::ErrorCode;

namespace {

bool uses_proxy(const std::string& no_proxy, const std::string& url) {
  const ProxySettings settings("http://secure.proxy.tld", "http://http.proxy.tld", no_proxy);
  const auto parsed = Url::parse(url);
  REQUIRE(parsed);
  return settings.proxy_for(*parsed).has_value();
}

}  // namespace

TEST_CASE("NO_PROXY is read as Go reads it") {
  const std::string no_proxy =
      "foobar.com, .barbaz.net, *.wildcard.io, 192.168.1.1, 192.168.1.2:81, 192.168.1.3:80, 10.0.0.0/30, "
      "2001:db8::52:0:1, [2001:db8::52:0:2]:443, [2001:db8::52:0:3]:80, 2002:db8:a::45/64";
  const std::vector<std::pair<const char*, bool>> rows = {
      // Never for this machine.
      {"localhost", false},
      {"127.0.0.1", false},
      {"127.0.0.2", false},
      {"[::1]", false},
      {"[::ffff:127.0.0.1]", false},
      {"[::2]", true},
      {"192.168.1.1", false},
      {"192.168.1.2", true},  // another port
      {"192.168.1.3", false},
      {"192.168.1.4", true},
      {"10.0.0.2", false},
      {"10.0.0.4", true},
      {"[::ffff:10.0.0.2]", false},
      {"[2001:db8::52:0:1]", false},
      {"[2001:db8::52:0:2]", true},  // another port
      {"[2001:db8::52:0:3]", false},
      {"[2002:db8:a::123]", false},
      {"[2002:db8:a:1::123]", true},
      {"[fe80::424b:c8be:1643:a1b6]", true},
      {"barbaz.net", true},
      {"www.barbaz.net", false},
      {"foobar.com", false},
      {"FooBar.com", false},
      {"www.foobar.com", false},
      {"foofoobar.com", true},
      {"baz.com", true},
      {"localhost.net", true},
      {"local.localhost", true},
      {"barbarbaz.net", true},
      {"wildcard.io", true},
      {"nested.wildcard.io", false},
      {"awildcard.io", true},
  };
  for (const auto& [host, proxied] : rows) {
    CAPTURE(host);
    CHECK(uses_proxy(no_proxy, "http://" + std::string(host) + ":80") == proxied);
    CHECK_FALSE(uses_proxy("*", "http://" + std::string(host)));
    CHECK_FALSE(uses_proxy("other.example, *", "http://" + std::string(host)));
  }
}

TEST_CASE("NO_PROXY as users write it") {
  struct Row {
    const char* no_proxy;
    const char* url;
    bool proxied;
  };
  const std::vector<Row> rows = {
      {"", "https://example.com", true},
      {"example.com", "https://example.com/", false},
      {".example.com", "https://example.com/", true},
      {"ample.com", "https://example.com/", true},
      {"example.com", "https://foo.example.com/", false},
      {"*.corp", "https://registry.corp", false},
      {"*.corp", "https://a.registry.corp:5000", false},
      {"*.corp", "https://corp", true},
      {"corp", "https://registry.corp", false},
      {"*corp", "https://registry.corp", true},
      {"registry.corp:5000", "https://registry.corp:5000", false},
      {"registry.corp:5000", "https://registry.corp", true},
      {"registry.corp:443", "https://registry.corp", false},
      {"registry.corp:80", "http://registry.corp", false},
      {"*.corp:5000", "https://registry.corp:5000", false},
      {"*.corp:5000", "https://registry.corp:5001", true},
      {"[2001:db8::1]", "https://[2001:db8::1]:5000", false},
      {"[2001:db8::1]:5000", "https://[2001:db8::1]:5000", false},
      {"[2001:DB8:0::1]:5000", "https://[2001:db8::1]", true},
      {"2001:db8::/32", "https://[2001:db8::1]", false},
      {"10.0.0.0/8", "https://10.1.2.3:5000", false},
      {"10.0.0.0/8", "https://ten.example", true},
      {"0.0.0.0/0", "https://10.1.2.3", false},
      {"0.0.0.0/0", "https://[2001:db8::1]", true},
      {"::/0", "https://10.1.2.3", true},
      {"::/0", "https://[2001:db8::1]", false},
      {"::ffff:10.0.0.0/104", "https://10.1.2.3", false},
      {"10.0.0.0/33", "https://10.0.0.1", true},
      {"10.0.0.0/", "https://10.0.0.0", true},
      {"0.0.1", "https://10.0.0.1", true},  // an address has no domains
      {" EXAMPLE.com ,other", "https://example.com", false},
      {"a.example b.example", "https://b.example", true},  // commas, no blanks
      {":1", "https://example.com", true},
      {",,", "https://example.com", true},
      {"[", "https://example.com", true},
      {"[]:80", "https://example.com", true},
      {".", "https://example.com", true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.no_proxy, row.url);
    CHECK(uses_proxy(row.no_proxy, row.url) == row.proxied);
  }
}

TEST_CASE("a proxy is a URL or a host, and its password stands in no name") {
  struct Row {
    const char* text;
    const char* url;
    const char* name;
    bool has_login;
  };
  const std::vector<Row> rows = {
      {"127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1:8080", false},
      {"cache.corp.example.com:1234", "http://cache.corp.example.com:1234", "cache.corp.example.com:1234",
       false},
      {"localhost", "http://localhost", "localhost", false},
      {"https://cache.corp.example.com", "https://cache.corp.example.com", "cache.corp.example.com", false},
      {"socks5://127.0.0.1", "socks5://127.0.0.1", "127.0.0.1", false},
      {" http://[2001:db8::1]:3128/ ", "http://[2001:db8::1]:3128/", "[2001:db8::1]:3128", false},
      {"http://me:p@ss@proxy:3128", "http://me:p@ss@proxy:3128", "proxy:3128", true},
      {"me:pass@proxy:3128", "http://me:pass@proxy:3128", "proxy:3128", true},
  };
  const Url https = *Url::parse("https://r.example");
  const Url http = *Url::parse("http://r.example");
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto proxy = ProxySettings(row.text, "", "").proxy_for(https);
    REQUIRE(proxy);
    CHECK(proxy->url == row.url);
    CHECK(proxy->name == row.name);
    CHECK(proxy->has_login == row.has_login);
    CHECK_FALSE(ProxySettings(row.text, "", "").proxy_for(http));
    CHECK_FALSE(ProxySettings("", row.text, "").proxy_for(https));
    CHECK(ProxySettings("", row.text, "").proxy_for(http)->variable == "HTTP_PROXY");
  }
  for (const char* text : {"http://", "gopher://proxy", "http://me:pass-word@", "me:pass-word@pro xy", "://x",
                           "http://proxy:99999"}) {
    CAPTURE(text);
    const auto error = test::error_of([&] { ProxySettings(text, "", "").proxy_for(https); });
    REQUIRE(error);
    CHECK(error->code() == ErrorCode::kConfig);
    CHECK(test::mentions(error, "HTTPS_PROXY does not name a proxy"));
    CHECK_FALSE(test::mentions(error, "pass-word"));
  }
  CHECK_FALSE(ProxySettings(" ", "", "").proxy_for(https));
}
