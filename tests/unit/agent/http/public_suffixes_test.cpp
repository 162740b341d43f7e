#include "agent/http/public_suffixes.h"

#include "agent/http/account_home.h"
#include "tests/support/catch.h"

using agent::AccountHome;
using agent::PublicSuffixes;
using agent::Url;

TEST_CASE("hosts under one registrable domain have one owner, under a public suffix each has its own") {
  struct Row {
    const char* host;
    const char* other;
    bool same;
  };
  const std::vector<Row> rows = {
      {"registry.example.com", "auth.example.com", true},
      {"registry.eu.example.com", "example.com", true},
      {"registry-1.docker.io", "auth.docker.io", true},
      {"docker.io", "auth.docker.io", true},
      {"r.acme.co.uk", "auth.acme.co.uk", true},
      {"r.acme.corp", "auth.acme.corp", true},  // a top-level domain that is on no list
      {"xn--85x722f.com.cn", "a.xn--85x722f.com.cn", true},
      {"acme.co.uk", "evil.co.uk", false},
      {"acme.co.uk", "co.uk", false},
      {"r.acme.co.uk", "auth.evil.co.uk", false},
      {"acme.com", "evil.com", false},
      {"acme.github.io", "evil.github.io", false},
      {"acme.s3.amazonaws.com", "evil.s3.amazonaws.com", false},
      {"r.corp", "evil.corp", false},
      {"registry", "evil", false},
      {"localhost", "localhost.localdomain", false},
      {"example.com", "badexample.com", false},
      {"example.com", "example.com.evil.org", false},
      {"xn--85x722f.com.cn", "xn--55qx5d.com.cn", false},
      // Addresses have no domains, and a dot at the end makes another name.
      {"127.0.0.1", "126.0.0.1", false},
      {"10.0.0.1", "11.0.0.1", false},
      {"[2001:db8::1]", "[2001:db8::2]", false},
      {"r.example.com.", "a.example.com.", false},
      {"r.example.com", "a.example.com.", false},
      {"r..example.com", "a.example.com", false},
  };
  // Debian's file, and what libpsl has inside if there is none.
  for (const PublicSuffixes* suffixes : {&PublicSuffixes::of_system(), &PublicSuffixes::inside_libpsl()}) {
    REQUIRE(suffixes->has_list());
    for (const Row& row : rows) {
      CAPTURE(row.host, row.other);
      CHECK(suffixes->have_one_owner(row.host, row.other) == row.same);
      CHECK(suffixes->have_one_owner(row.other, row.host) == row.same);
      CHECK(suffixes->have_one_owner(row.host, row.host));
    }
  }
}

TEST_CASE("without a list only the same host has the same owner") {
  const PublicSuffixes none(nullptr);
  CHECK_FALSE(none.has_list());
  CHECK(none.have_one_owner("registry.example.com", "registry.example.com"));
  CHECK_FALSE(none.have_one_owner("registry.example.com", "auth.example.com"));
  const AccountHome home("registry.example.com:5000", none);
  CHECK(home.owns(*Url::parse("https://registry.example.com/token")));
  CHECK_FALSE(home.owns(*Url::parse("https://auth.example.com/token")));
}

TEST_CASE("an account's home is one host and port, encrypted") {
  const AccountHome home("R.example.com:443");
  CHECK(home.is(*Url::parse("https://r.example.com/v2/")));
  CHECK_FALSE(home.is(*Url::parse("http://r.example.com:443/v2/")));
  CHECK_FALSE(home.is(*Url::parse("https://r.example.com:5000")));
  CHECK_FALSE(home.is(*Url::parse("https://example.com")));
  CHECK_FALSE(home.owns(*Url::parse("http://r.example.com")));
  const AccountHome nobody("not a host");
  CHECK_FALSE(nobody.is(*Url::parse("https://r.example.com")));
  CHECK_FALSE(nobody.owns(*Url::parse("https://r.example.com")));
}
