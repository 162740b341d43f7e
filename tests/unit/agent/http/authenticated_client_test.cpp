#include "agent/http/authenticated_client.h"

#include "agent/store/notary_server.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/http/token_lab.h"

using agent::AuthenticatedClient;
using agent::Credential;
using agent::HttpMethod;
using agent::HttpRequest;
using agent::HttpResponse;
using agent::Url;
using test::FakeHttp;
using test::get;
using test::header_of;
using test::response;
using test::TokenLab;
using tuf::ErrorCode;

TEST_CASE("a batch that is refused costs one token and is repeated as a batch") {
  TokenLab lab;
  AuthenticatedClient client = lab.client();
  const auto responses = client.send(
      {get("https://n.dct.example/a"), get("https://n.dct.example/b"), get("https://n.dct.example/c")});
  for (const HttpResponse& each : responses) CHECK(each.status == 200);
  CHECK(lab.http->batch_sizes == std::vector<std::size_t>{3, 1, 3});
  CHECK(lab.tokens == 1);

  CHECK(client.send_one(get("https://n.dct.example/d")).status == 200);
  CHECK(lab.http->batch_sizes.size() == 4);
  CHECK(lab.credential_questions == 1);
}

TEST_CASE("the token is asked for with our scope and the challenge's realm and service") {
  TokenLab lab;
  AuthenticatedClient client = lab.client();
  client.send_one(get("https://n.dct.example/a"));
  const HttpRequest& asked = lab.http->requests.at(1);
  CHECK(asked.method == HttpMethod::kGet);
  CHECK(asked.url ==
        "https://auth.dct.example/"
        "token?account=alice&scope=repository%3Ar.example%2Fapp%3Apush%2Cpull&service=notary");
  CHECK(header_of(asked, "Authorization") == "Basic YWxpY2U6c2VjcmV0");
}

TEST_CASE("an identity token is posted, never put into a URL") {
  TokenLab lab;
  lab.kind = Credential::Kind::kIdentityToken;
  std::string body;
  lab.http = std::make_shared<FakeHttp>([&](const HttpRequest& request) {
    if (request.method == HttpMethod::kPost) body = request.body;
    return lab.answer(request);
  });
  AuthenticatedClient client = lab.client();
  client.send_one(get("https://n.dct.example/a"));
  const HttpRequest& asked = lab.http->requests.at(1);
  CHECK(asked.method == HttpMethod::kPost);
  CHECK(asked.url == "https://auth.dct.example/token");
  CHECK(header_of(asked, "Content-Type") == "application/x-www-form-urlencoded");
  CHECK(body ==
        "grant_type=refresh_token&client_id=countersign&scope=repository%3Ar.example%2Fapp%3Apush%2Cpull"
        "&service=notary&refresh_token=secret");
}

TEST_CASE("without credentials one anonymous token is asked for") {
  TokenLab lab;
  lab.options.find_credential = nullptr;
  AuthenticatedClient client = lab.client();
  CHECK(client.send_one(get("https://n.dct.example/a")).status == 200);
  CHECK(header_of(lab.http->requests.at(1), "Authorization").empty());

  lab.accepted = 99;
  AuthenticatedClient refused = lab.client();
  CHECK_ERROR(refused.send_one(get("https://n.dct.example/a")), ErrorCode::kUnauthorized, "there are none");
}

TEST_CASE("a server that refuses the token hears no third time of it, and the source is named") {
  TokenLab lab;
  lab.accepted = 99;
  AuthenticatedClient client = lab.client();
  CHECK_ERROR(client.send_one(get("https://n.dct.example/a")), ErrorCode::kUnauthorized,
              "refuses the credentials from NOTARY_AUTH");
  CHECK(lab.http->requests.size() == 3);
}

TEST_CASE("at most three tokens are asked for without success") {
  TokenLab lab;
  lab.accepted = 99;
  AuthenticatedClient client = lab.client();
  for (int i = 0; i < 5; ++i)
    CHECK_ERROR(client.send_one(get("https://n.dct.example/a")), ErrorCode::kUnauthorized);
  CHECK(lab.tokens == 3);
}

TEST_CASE("a token that is about to expire is replaced before it is sent") {
  TokenLab lab;
  AuthenticatedClient client = lab.client();
  client.send_one(get("https://n.dct.example/a"));
  lab.now += std::chrono::seconds(80);
  client.send_one(get("https://n.dct.example/a"));
  CHECK(lab.tokens == 1);
  lab.now += std::chrono::seconds(10);
  client.send_one(get("https://n.dct.example/a"));
  CHECK(lab.tokens == 2);
  CHECK(header_of(lab.http->requests.back(), "Authorization") == "Bearer good-2");
  CHECK(lab.http->batch_sizes.size() == 6);  // refused, token, repeated; sent; token, sent
}

TEST_CASE("a token lives at least a minute, whatever its service says") {
  TokenLab lab;
  lab.token_answer = response(200, R"({"access_token":"good-1","expires_in":1})");
  AuthenticatedClient client = lab.client();
  client.send_one(get("https://n.dct.example/a"));
  lab.now += std::chrono::seconds(40);
  client.send_one(get("https://n.dct.example/a"));
  CHECK(lab.tokens == 1);
}

TEST_CASE("a token that the server stops accepting is replaced once") {
  TokenLab lab;
  AuthenticatedClient client = lab.client();
  client.send_one(get("https://n.dct.example/a"));
  lab.accepted = 2;
  CHECK(client.send_one(get("https://n.dct.example/a")).status == 200);
  CHECK(lab.tokens == 2);
}

TEST_CASE("the token's actions follow from what the session will do") {
  const Url server = Url::of_server("https://n.dct.example");
  const tuf::Gun gun = tuf::Gun::of("localhost:5000/team/app");
  CHECK(agent::notary_auth(server, gun, agent::Access::kRead).scope ==
        "repository:localhost:5000/team/app:pull");
  CHECK(agent::notary_auth(server, gun, agent::Access::kPublish).scope ==
        "repository:localhost:5000/team/app:push,pull");
  CHECK(agent::notary_auth(server, gun, agent::Access::kAdminister).scope ==
        "repository:localhost:5000/team/app:*");
}

TEST_CASE("a server that repeats what it was sent does not make us repeat it") {
  TokenLab lab;
  SECTION("the token") {
    lab.token_answer = response(200, R"({"token":"eyJ0b2tlbg/+=="})");
    lab.http = std::make_shared<FakeHttp>([&](const HttpRequest& request) {
      if (request.url.starts_with("https://auth.dct.example/")) return lab.answer(request);
      const std::string sent = header_of(request, "Authorization");
      if (sent.empty()) return response(401, {}, {{"www-authenticate", lab.challenge}});
      return response(403,
                      R"({"errors":[{"code":"DENIED","message":"got )" + sent + R"( or eyJ0b2tlbg\/+=="}]})");
    });
    AuthenticatedClient client = lab.client();
    CHECK_ERROR(client.send_one(get("https://n.dct.example/a")), ErrorCode::kForbidden,
                "DENIED: got Bearer … or …");
  }
  SECTION("the password, by a server of Basic") {
    lab.http = std::make_shared<FakeHttp>([&](const HttpRequest& request) {
      const std::string sent = header_of(request, "Authorization");
      return response(401, R"({"errors":[{"code":"UNAUTHORIZED","message":"no )" + sent + R"( secret"}]})",
                      {{"www-authenticate", "Basic realm=x"}});
    });
    AuthenticatedClient client = lab.client();
    CHECK_ERROR(client.send_one(get("https://n.dct.example/a")), ErrorCode::kUnauthorized,
                "UNAUTHORIZED: no Basic … …");
  }
  SECTION("the password, by a token service") {
    lab.token_answer = response(401, R"({"errors":[{"code":"UNAUTHORIZED","message":"not alice:secret"}]})");
    AuthenticatedClient client = lab.client();
    CHECK_ERROR(client.send_one(get("https://n.dct.example/a")), ErrorCode::kUnauthorized,
                "UNAUTHORIZED: not alice:…");
  }
  SECTION("the identity token, by a token service") {
    lab.kind = Credential::Kind::kIdentityToken;
    lab.options.find_credential = [] {
      return Credential{"NOTARY_AUTH", Credential::Kind::kIdentityToken, "",
                        hsm::Secret("long/identity+token")};
    };
    lab.token_answer =
        response(400, R"({"errors":[{"code":"X","message":"long/identity+token long%2Fidentity%2Btoken"}]})");
    AuthenticatedClient client = lab.client();
    CHECK_ERROR(client.send_one(get("https://n.dct.example/a")), ErrorCode::kUnauthorized, "X: … …");
  }
}
