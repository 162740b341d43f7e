// Who is given which credential: a password, an identity token, or nothing.
#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/http/token_lab.h"

using agent::AuthenticatedClient;
using agent::AuthOptions;
using agent::Credential;
using agent::HttpRequest;
using agent::Url;
using test::FakeHttp;
using test::get;
using test::header_of;
using test::response;
using test::TokenLab;
using tuf::ErrorCode;

TEST_CASE("a realm that cannot be trusted gets nothing") {
  const auto* realm =
      GENERATE("http://auth.dct.example/token", "https://alice@auth.dct.example/token", "javascript:alert(1)",
               "//auth.dct.example/token", "", "https://auth.dct.example\\\\@evil/");
  CAPTURE(realm);
  TokenLab lab;
  lab.challenge = std::string("Bearer realm=\"") + realm + "\",service=\"notary\"";
  AuthenticatedClient client = lab.client();
  CHECK_ERROR(client.send_one(get("https://n.dct.example/a")), ErrorCode::kUnauthorized, "cannot be trusted");
  CHECK(lab.http->requests.size() == 1);
  CHECK(lab.credential_questions == 0);
}

TEST_CASE("a token service elsewhere gets credentials only if it was named") {
  const auto* realm =
      GENERATE("https://auth.other.example/token", "https://dct.example.evil.example/token",
               "https://ndct.example/token", "https://example/token", "https://192.0.2.7/token");
  CAPTURE(realm);
  TokenLab lab;
  lab.challenge = std::string("Bearer realm=\"") + realm + "\",service=\"notary\"";
  AuthenticatedClient client = lab.client();
  CHECK_ERROR(client.send_one(get("https://n.dct.example/a")), ErrorCode::kUnauthorized, "is not given");
  CHECK(lab.http->requests.size() == 1);

  std::string host = std::string(realm).substr(8);
  host.resize(host.find('/'));
  lab.options.realm_hosts = {"login.other.example", host};
  AuthenticatedClient named = lab.client();
  CHECK_ERROR(named.send_one(get("https://n.dct.example/a")),
              ErrorCode::kUnauthorized);  // no such service here
  CHECK(lab.http->requests.size() > 2);

  TokenLab anonymous;
  anonymous.challenge = lab.challenge;
  anonymous.options.find_credential = nullptr;
  AuthenticatedClient stranger = anonymous.client();
  CHECK_ERROR(stranger.send_one(get("https://n.dct.example/a")), ErrorCode::kUnauthorized);
  CHECK(anonymous.http->requests.at(1).url.starts_with(realm));
  CHECK(header_of(anonymous.http->requests.at(1), "Authorization").empty());
}

TEST_CASE("a password goes to the host that it is stored for and to its owner's token services") {
  struct Row {
    const char* home;    // of the account
    const char* server;  // that asks
    const char* realm;   // "" for Basic
    bool told;
  };
  const std::vector<Row> rows = {
      // The registry itself.
      {"r.corp.example", "https://r.corp.example", "", true},
      {"r.corp.example:443", "https://r.corp.example", "", true},
      {"docker.io", "https://registry-1.docker.io", "https://auth.docker.io", true},
      {"registry.gitlab.co.uk", "https://registry.gitlab.co.uk", "https://gitlab.co.uk", true},
      {"gitlab.co.uk:5050", "https://gitlab.co.uk:5050", "https://gitlab.co.uk", true},
      {"eu.r.corp.example", "https://eu.r.corp.example", "https://auth.corp.example", true},
      {"127.0.0.1:5000", "https://127.0.0.1:5000", "https://127.0.0.1:5001", true},
      {"[::1]:5000", "https://[::1]:5000", "https://[::1]:5001", true},
      {"localhost:5000", "https://localhost:5000", "https://localhost:5001", true},
      {"acme.co.uk", "https://acme.co.uk", "https://evil.co.uk", false},
      {"r.acme.co.uk", "https://r.acme.co.uk", "https://evil.co.uk", false},
      {"r.acme.co.uk", "https://r.acme.co.uk", "https://co.uk", false},
      {"acme.github.io", "https://acme.github.io", "https://evil.github.io", false},
      {"r.corp.example", "https://r.corp.example", "https://auth.corp.example.evil.example", false},
      {"r.example", "https://r.example", "https://evil.example", false},
      {"registry", "https://registry", "https://evil", false},
      {"127.0.0.1:5000", "https://127.0.0.1:5000", "https://126.0.0.1", false},
      {"localhost:5000", "https://localhost:5000", "https://127.0.0.1:5000", false},
      // A trust server of the same owner: by the token service of both, and never the password itself.
      {"r.corp.example", "https://n.corp.example:4443", "https://auth.corp.example", true},
      {"r.corp.example", "https://n.corp.example:4443", "", false},
      {"r.corp.example:5000", "https://r.corp.example:4443", "", false},
      {"r.corp.example", "https://n.corp.example:4443", "https://evil.example", false},
      // Another owner's: not at all, not even to the registry's own token service.
      {"r.corp.example", "https://n.evil.example", "", false},
      {"r.corp.example", "https://n.evil.example", "https://n.evil.example", false},
      {"r.corp.example", "https://n.evil.example", "https://auth.corp.example", false},
      {"acme.co.uk", "https://evil.co.uk", "https://acme.co.uk", false},
      {"127.0.0.1:5000", "https://localhost:4443", "", false},
      {"localhost:5000", "https://127.0.0.1:4443", "https://127.0.0.1:4443", false},
      // In the clear: never.
      {"r.corp.example", "http://r.corp.example", "", false},
      {"r.corp.example", "http://r.corp.example", "https://r.corp.example", false},
      {"r.corp.example", "http://r.corp.example", "http://r.corp.example", false},
      {"localhost:5000", "http://localhost:5000", "", false},
      {"127.0.0.1:5000", "http://127.0.0.1:5000", "https://127.0.0.1:5000", false},
  };
  for (const Row& row : rows) {
    for (const auto kind : {Credential::Kind::kPassword, Credential::Kind::kIdentityToken}) {
      const std::string realm = row.realm;
      CAPTURE(row.home, row.server, realm, kind == Credential::Kind::kIdentityToken);
      std::string sent;
      const auto http = std::make_shared<FakeHttp>([&](const HttpRequest& request) {
        sent += request.url + " " + request.body + " ";
        for (const auto& [name, value] : request.headers) sent += name + ": " + value + " ";
        if (!realm.empty() && request.url.starts_with(realm + "/token"))
          return response(200, R"({"token":"t"})");
        const bool content = !header_of(request, "Authorization").empty();
        const std::string wanted = realm.empty() ? "Basic" : "Bearer realm=\"" + realm + "/token\"";
        return response(content ? 200 : 401, {}, {{"www-authenticate", wanted}});
      });
      AuthOptions options{*Url::parse(row.server), "repository:a:pull", "read", {}};
      options.http_servers = {options.server.authority()};
      options.find_credential = [&] {
        return Credential{"docker", kind, "ci", hsm::Secret("pass-word"), row.home};
      };
      AuthenticatedClient client(http, options);
      // What comes of it is not the question here.
      static_cast<void>(test::error_of([&] { client.send_one(get(row.server + std::string("/a"))); }));
      const bool told =
          sent.find("pass-word") != std::string::npos || sent.find("Y2k6cGFzcy13b3Jk") != std::string::npos;
      const bool basic_wants_password = realm.empty() && kind == Credential::Kind::kIdentityToken;
      CHECK(told == (row.told && !basic_wants_password));
      CHECK((client.account() != nullptr) == told);
    }
  }
}

TEST_CASE("a Basic challenge is answered with the password, once") {
  TokenLab lab;
  lab.challenge = R"(Basic realm="notary")";
  lab.http = std::make_shared<FakeHttp>([](const HttpRequest& request) {
    const bool known = header_of(request, "Authorization") == "Basic YWxpY2U6c2VjcmV0";
    const bool wanted = request.url.ends_with("/a");
    return response(known && wanted ? 200 : 401, {}, {{"www-authenticate", "Basic realm=\"notary\""}});
  });
  AuthenticatedClient client = lab.client();
  CHECK(client.send_one(get("https://n.dct.example/a")).status == 200);
  CHECK(lab.http->requests.size() == 2);
  // The password is known to be sent: it is not sent again for a second refusal.
  CHECK_ERROR(client.send_one(get("https://n.dct.example/b")), ErrorCode::kUnauthorized, "NOTARY_AUTH");
  CHECK(lab.http->requests.size() == 3);
}

TEST_CASE("an unencrypted server gets no password, though it was named, and nobody is asked for one") {
  const auto* challenge = GENERATE("Basic", "Bearer realm=\"https://auth.dct.example/token\"");
  TokenLab lab;
  lab.challenge = challenge;
  lab.accepted = 99;
  lab.options.server = *Url::parse("http://n.dct.example");
  lab.options.http_servers = {"n.dct.example"};
  lab.options.realm_hosts = {"auth.dct.example"};
  AuthenticatedClient client = lab.client();
  CHECK_ERROR(client.send_one(get("http://n.dct.example/a")), ErrorCode::kUnauthorized, "not encrypted");
  CHECK(lab.credential_questions == 0);
  for (const HttpRequest& each : lab.http->requests)
    CHECK(header_of(each, "Authorization").find("Basic") == std::string::npos);
}

TEST_CASE("an account of another host is not this server's, and the message says whose it is") {
  const auto* challenge = GENERATE("Basic", "Bearer realm=\"https://auth.dct.example/token\"");
  TokenLab lab;
  lab.challenge = challenge;
  lab.accepted = 99;
  lab.options.log_in_hint = "log in with: docker login n.dct.example";
  lab.options.find_credential = [] {
    return Credential{"auths", Credential::Kind::kPassword, "ci", hsm::Secret("x"), "r.corp.example"};
  };
  AuthenticatedClient client = lab.client();
  const auto error = test::error_of([&] { client.send_one(get("https://n.dct.example/a")); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kUnauthorized);
  CHECK(std::string(error->what()).find("not given those from auths, which are for r.corp.example") !=
        std::string::npos);
  CHECK(error->hint().find("docker login n.dct.example") != std::string::npos);
  const bool names_service = error->hint().find("--token-service auth.dct.example") != std::string::npos;
  CHECK(names_service == (challenge != std::string("Basic")));
}

TEST_CASE("an account of another host is used with a token service that was named, and only there") {
  TokenLab lab;
  lab.options.realm_hosts = {"auth.dct.example"};
  lab.options.find_credential = [] {
    return Credential{"auths", Credential::Kind::kPassword, "alice", hsm::Secret("secret"), "r.corp.example"};
  };
  AuthenticatedClient client = lab.client();
  CHECK(client.send_one(get("https://n.dct.example/a")).status == 200);
  CHECK(header_of(lab.http->requests.at(1), "Authorization") == "Basic YWxpY2U6c2VjcmV0");
  CHECK(header_of(lab.http->requests.back(), "Authorization") == "Bearer good-1");

  TokenLab basic;
  basic.challenge = "Basic";
  basic.options.realm_hosts = {"n.dct.example", "auth.dct.example"};
  basic.options.find_credential = lab.options.find_credential;
  AuthenticatedClient refused = basic.client();
  CHECK_ERROR(refused.send_one(get("https://n.dct.example/a")), ErrorCode::kUnauthorized, "not given");
  CHECK(basic.http->requests.size() == 1);
}

TEST_CASE("an identity token is no answer to a Basic challenge") {
  TokenLab lab;
  lab.challenge = "Basic";
  lab.kind = Credential::Kind::kIdentityToken;
  AuthenticatedClient client = lab.client();
  CHECK_ERROR(client.send_one(get("https://n.dct.example/a")), ErrorCode::kUnauthorized, "identity token");
}

TEST_CASE("a login of an unknown kind is not guessed at") {
  const auto* challenge = GENERATE("Negotiate", "", "Bearer realm=\"https://a\", realm=\"https://b\"");
  TokenLab lab;
  lab.challenge = challenge;
  AuthenticatedClient client = lab.client();
  CHECK_ERROR(client.send_one(get("https://n.dct.example/a")), ErrorCode::kUnauthorized,
              "neither Bearer nor Basic");
}

TEST_CASE("requests to other origins carry nothing of ours") {
  TokenLab lab;
  AuthenticatedClient client = lab.client();
  client.send_one(get("https://n.dct.example/a"));
  const auto answer = client.send_one(get("https://n.dct.example:444/a"));
  CHECK(answer.status == 401);
  CHECK(header_of(lab.http->requests.back(), "Authorization").empty());
}
