#include "agent/http/authenticated_client.h"

#include "agent/names/log_in_command.h"

#include <catch2/catch.hpp>

#include "agent/store/notary_server.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"
#include "tests/support/fake_http.h"

using agent::AuthenticatedClient;
using agent::AuthOptions;
using agent::Credential;
using agent::HttpMethod;
using agent::HttpRequest;
using agent::HttpResponse;
using agent::Url;
using test::FakeHttp;
using test::header_of;
using test::response;
using tuf::ErrorCode;

namespace {

const char kBearer[] =
    R"(Bearer realm="https://auth.dct.example/token",service="notary",scope="registry:catalog:*")";

/// A server that wants `Bearer good-N`, and the token service that gives the N-th token.
class Lab {
 public:
  Lab() {
    options.server = Url::of_server("https://n.dct.example");
    options.scope = "repository:r.example/app:push,pull";
    options.purpose = "publish trust data of r.example/app";
    options.now = [this] { return now; };
    options.find_credential = [this]() -> std::optional<Credential> {
      ++credential_questions;
      return Credential{"NOTARY_AUTH", kind, "alice", hsm::Secret("secret")};
    };
  }

  AuthenticatedClient client() { return {http, options}; }

  HttpResponse answer(const HttpRequest& request) {
    if (request.url.starts_with("https://auth.dct.example/")) {
      ++tokens;
      return token_answer
                 ? *token_answer
                 : response(200, R"({"token":"good-)" + std::to_string(tokens) + R"(","expires_in":100})");
    }
    if (header_of(request, "Authorization") == "Bearer good-" + std::to_string(accepted.value_or(tokens)) &&
        tokens > 0) {
      return response(granted_status);
    }
    return response(401, {}, {{"www-authenticate", challenge}});
  }

  AuthOptions options{Url::of_server("https://n.dct.example"), {}, {}, {}};
  std::string challenge = kBearer;
  Credential::Kind kind = Credential::Kind::kPassword;
  std::optional<HttpResponse> token_answer;
  std::optional<int> accepted;  // the only token that the server takes; default: the newest
  int granted_status = 200;
  int tokens = 0;
  int credential_questions = 0;
  std::chrono::steady_clock::time_point now{};
  std::shared_ptr<FakeHttp> http =
      std::make_shared<FakeHttp>([this](const HttpRequest& request) { return answer(request); });
};

HttpRequest get(const std::string& url) {
  HttpRequest request;
  request.url = url;
  return request;
}

}  // namespace

TEST_CASE("a batch that is refused costs one token and is repeated as a batch") {
  Lab lab;
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
  Lab lab;
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
  Lab lab;
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
  Lab lab;
  lab.options.find_credential = nullptr;
  AuthenticatedClient client = lab.client();
  CHECK(client.send_one(get("https://n.dct.example/a")).status == 200);
  CHECK(header_of(lab.http->requests.at(1), "Authorization").empty());

  lab.accepted = 99;
  AuthenticatedClient refused = lab.client();
  CHECK_ERROR(refused.send_one(get("https://n.dct.example/a")), ErrorCode::kUnauthorized, "there are none");
}

TEST_CASE("a server that refuses the token hears no third time of it, and the source is named") {
  Lab lab;
  lab.accepted = 99;
  AuthenticatedClient client = lab.client();
  CHECK_ERROR(client.send_one(get("https://n.dct.example/a")), ErrorCode::kUnauthorized,
              "refuses the credentials from NOTARY_AUTH");
  CHECK(lab.http->requests.size() == 3);
}

TEST_CASE("at most three tokens are asked for without success") {
  Lab lab;
  lab.accepted = 99;
  AuthenticatedClient client = lab.client();
  for (int i = 0; i < 5; ++i)
    CHECK_ERROR(client.send_one(get("https://n.dct.example/a")), ErrorCode::kUnauthorized);
  CHECK(lab.tokens == 3);
}

TEST_CASE("a token that is about to expire is replaced before it is sent") {
  Lab lab;
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
  Lab lab;
  lab.token_answer = response(200, R"({"access_token":"good-1","expires_in":1})");
  AuthenticatedClient client = lab.client();
  client.send_one(get("https://n.dct.example/a"));
  lab.now += std::chrono::seconds(40);
  client.send_one(get("https://n.dct.example/a"));
  CHECK(lab.tokens == 1);
}

TEST_CASE("a token that the server stops accepting is replaced once") {
  Lab lab;
  AuthenticatedClient client = lab.client();
  client.send_one(get("https://n.dct.example/a"));
  lab.accepted = 2;
  CHECK(client.send_one(get("https://n.dct.example/a")).status == 200);
  CHECK(lab.tokens == 2);
}

TEST_CASE("a realm that cannot be trusted gets nothing") {
  const auto* realm =
      GENERATE("http://auth.dct.example/token", "https://alice@auth.dct.example/token", "javascript:alert(1)",
               "//auth.dct.example/token", "", "https://auth.dct.example\\\\@evil/");
  CAPTURE(realm);
  Lab lab;
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
  Lab lab;
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

  Lab anonymous;
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
  Lab lab;
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
  Lab lab;
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
  Lab lab;
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
  Lab lab;
  lab.options.realm_hosts = {"auth.dct.example"};
  lab.options.find_credential = [] {
    return Credential{"auths", Credential::Kind::kPassword, "alice", hsm::Secret("secret"), "r.corp.example"};
  };
  AuthenticatedClient client = lab.client();
  CHECK(client.send_one(get("https://n.dct.example/a")).status == 200);
  CHECK(header_of(lab.http->requests.at(1), "Authorization") == "Basic YWxpY2U6c2VjcmV0");
  CHECK(header_of(lab.http->requests.back(), "Authorization") == "Bearer good-1");

  Lab basic;
  basic.challenge = "Basic";
  basic.options.realm_hosts = {"n.dct.example", "auth.dct.example"};
  basic.options.find_credential = lab.options.find_credential;
  AuthenticatedClient refused = basic.client();
  CHECK_ERROR(refused.send_one(get("https://n.dct.example/a")), ErrorCode::kUnauthorized, "not given");
  CHECK(basic.http->requests.size() == 1);
}

TEST_CASE("a login that has expired is told apart from one that may not, and reading wants read access") {
  Lab lab;
  lab.challenge = "Basic";
  std::string body;
  lab.http = std::make_shared<FakeHttp>([&](const HttpRequest& request) {
    if (header_of(request, "Authorization").empty())
      return response(401, {}, {{"www-authenticate", "Basic"}});
    return response(403, body);
  });
  lab.options.log_in_hint = "log in with: docker login n.dct.example";
  AuthenticatedClient client = lab.client();
  body =
      R"({"errors":[{"code":"DENIED","message":"Your authorization token has expired. Reauthenticate and try again."}]})";
  const auto expired = test::error_of([&] { client.send_one(get("https://n.dct.example/a")); });
  REQUIRE(expired);
  CHECK(expired->code() == ErrorCode::kUnauthorized);
  CHECK(expired->hint() == "log in with: docker login n.dct.example");
  body = R"({"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]})";
  const auto denied = test::error_of([&] { client.send_one(get("https://n.dct.example/a")); });
  REQUIRE(denied);
  CHECK(denied->code() == ErrorCode::kForbidden);
  CHECK(denied->hint().find("read access") != std::string::npos);
  CHECK(denied->hint().find("push") == std::string::npos);
}

TEST_CASE("a login that has expired is told by what registries say of it, also after HEAD") {
  Lab lab;
  lab.challenge = "Basic";
  const auto* message =
      GENERATE("Your authorization token has expired.", "The token is EXPIRED", "Reauthenticate",
               "Token is no longer valid", "Session ended, please log in again");
  lab.http = std::make_shared<FakeHttp>([&](const HttpRequest& request) {
    if (header_of(request, "Authorization").empty())
      return response(401, {}, {{"www-authenticate", "Basic"}});
    if (request.method == agent::HttpMethod::kHead) return response(403);
    return response(403, R"({"errors":[{"code":"DENIED","message":")" + std::string(message) + R"("}]})");
  });
  AuthenticatedClient client = lab.client();
  HttpRequest head = get("https://n.dct.example/a");
  head.method = agent::HttpMethod::kHead;
  CHECK(client.send_one(head).status == 403);  // says nothing
  CHECK_ERROR(client.send_one(get("https://n.dct.example/a")), ErrorCode::kUnauthorized, message);
}

TEST_CASE("whoever may not even read is not told to ask for push access alone") {
  Lab lab;
  lab.granted_status = 403;
  lab.options.purpose = "publish trust data of r.example/app";
  lab.options.access = "push";
  lab.options.read_purpose = "read trust data of r.example/app";
  AuthenticatedClient client = lab.client();
  const auto error = test::error_of([&] { client.send_one(get("https://n.dct.example/a")); });
  REQUIRE(error);
  CHECK_THAT(error->what(), Catch::Contains("does not let the credentials from NOTARY_AUTH read trust data"));
  CHECK_THAT(error->hint(), Catch::Contains("read and push access"));
}

TEST_CASE("each registry is logged in to by the command that its cloud has for it") {
  const std::string ecr = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
  CHECK(agent::log_in_command(ecr) ==
        "aws ecr get-login-password --region eu-central-1 | docker login --username AWS "
        "--password-stdin " +
            ecr);
  CHECK_THAT(agent::log_in_command("1.dkr.ecr.cn-north-1.amazonaws.com.cn"),
             Catch::Contains("--region cn-north-1 "));
  CHECK_THAT(agent::log_in_command("public.ecr.aws"), Catch::StartsWith("aws ecr-public get-login-password"));
  CHECK(agent::log_in_command("team.azurecr.io") == "az acr login --name team");
  CHECK_THAT(agent::log_in_command("europe-docker.pkg.dev"),
             Catch::StartsWith("gcloud auth print-access-token"));
  CHECK_THAT(agent::log_in_command("eu.gcr.io"), Catch::EndsWith("--password-stdin eu.gcr.io"));
  CHECK(agent::log_in_command("docker.io") == "docker login");
  for (const std::string host : {"registry.example.com:5000", "ghcr.io", "x.dkr.ecr.amazonaws.com",
                                 "a.dkr.ecr.b.c.amazonaws.com", "evil-azurecr.io"}) {
    CHECK(agent::log_in_command(host) == "docker login " + host);
  }
}

TEST_CASE("an identity token is no answer to a Basic challenge") {
  Lab lab;
  lab.challenge = "Basic";
  lab.kind = Credential::Kind::kIdentityToken;
  AuthenticatedClient client = lab.client();
  CHECK_ERROR(client.send_one(get("https://n.dct.example/a")), ErrorCode::kUnauthorized, "identity token");
}

TEST_CASE("a login of an unknown kind is not guessed at") {
  const auto* challenge = GENERATE("Negotiate", "", "Bearer realm=\"https://a\", realm=\"https://b\"");
  Lab lab;
  lab.challenge = challenge;
  AuthenticatedClient client = lab.client();
  CHECK_ERROR(client.send_one(get("https://n.dct.example/a")), ErrorCode::kUnauthorized,
              "neither Bearer nor Basic");
}

TEST_CASE("requests to other origins carry nothing of ours") {
  Lab lab;
  AuthenticatedClient client = lab.client();
  client.send_one(get("https://n.dct.example/a"));
  const auto answer = client.send_one(get("https://n.dct.example:444/a"));
  CHECK(answer.status == 401);
  CHECK(header_of(lab.http->requests.back(), "Authorization").empty());
}

TEST_CASE("403 is an error that says who may not do what") {
  Lab lab;
  lab.granted_status = 403;
  AuthenticatedClient client = lab.client();
  CHECK_ERROR(client.send_one(get("https://n.dct.example/a")), ErrorCode::kForbidden,
              "does not let the credentials from NOTARY_AUTH publish trust data of r.example/app");
}

TEST_CASE("403 of a server that has not asked who it is says that the account at hand was not sent") {
  Lab lab;
  lab.options.tried = "NOTARY_AUTH, /home/ci/.docker/config.json";
  lab.http = std::make_shared<FakeHttp>([](const HttpRequest&) { return response(403); });
  AuthenticatedClient client = lab.client();
  for (int i = 0; i < 2; ++i) {
    CHECK_ERROR(
        client.send_one(get("https://n.dct.example/a")), ErrorCode::kForbidden,
        "does not let anybody unknown publish trust data of r.example/app, and has asked for no account: "
        "nothing of NOTARY_AUTH, /home/ci/.docker/config.json was sent");
  }
  CHECK(lab.credential_questions == 0);
}

TEST_CASE("a token with too little in it means that the account may not, not that it is unknown") {
  Lab lab;
  lab.accepted = 99;
  lab.challenge += ",error=\"insufficient_scope\"";
  AuthenticatedClient client = lab.client();
  CHECK_ERROR(client.send_one(get("https://n.dct.example/a")), ErrorCode::kForbidden,
              "alice (credentials from NOTARY_AUTH) may not publish");
}

TEST_CASE("a token service that refuses or fails is told apart from the trust server") {
  struct Row {
    HttpResponse answer;
    ErrorCode code;
    const char* message;
  };
  const Row row = GENERATE(
      Row{response(401, R"({"errors":[{"code":"UNAUTHORIZED","message":"bad credentials"}]})"),
          ErrorCode::kUnauthorized,
          "token service auth.dct.example refuses the credentials from NOTARY_AUTH: UNAUTHORIZED"},
      Row{response(400), ErrorCode::kUnauthorized, "refuses"},
      Row{response(403), ErrorCode::kForbidden, "refuses"},
      Row{response(500), ErrorCode::kServerUnreachable, "token service auth.dct.example answers 500"},
      Row{response(302), ErrorCode::kServerUnreachable, "answers 302"},
      Row{response(200, "<html>"), ErrorCode::kServerUnreachable, "without a token"},
      Row{response(200, R"({"token":""})"), ErrorCode::kServerUnreachable, "without a token"},
      Row{response(200, R"({"token":"a\r\nX: y"})"), ErrorCode::kServerUnreachable, "without a token"});
  CAPTURE(row.message);
  Lab lab;
  lab.token_answer = row.answer;
  AuthenticatedClient client = lab.client();
  CHECK_ERROR(client.send_one(get("https://n.dct.example/a")), row.code, row.message);
}

TEST_CASE("a token service that cannot be reached never looks like a publish of unknown outcome") {
  const auto thrown = GENERATE(ErrorCode::kConnectionLost, ErrorCode::kTimeout, ErrorCode::kServerError);
  Lab lab;
  lab.http = std::make_shared<FakeHttp>([&](const HttpRequest& request) {
    if (request.url.starts_with("https://auth.dct.example/")) throw tuf::Error(thrown, "gone");
    return lab.answer(request);
  });
  const auto client = std::make_shared<AuthenticatedClient>(lab.http, std::move(lab.options));
  agent::NotaryServer store(client, Url::of_server("https://n.dct.example"), tuf::Gun::of("r.example/app"));
  CHECK_ERROR(store.publish({{tuf::RoleName::of("targets"), "{}"}}), ErrorCode::kServerUnreachable,
              "token service auth.dct.example: gone");
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
  Lab lab;
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
