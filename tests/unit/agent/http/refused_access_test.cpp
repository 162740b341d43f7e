// What is said to whoever is not let in, and what they are to do.
#include "agent/names/log_in_command.h"
#include "agent/store/notary_server.h"
#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/http/token_lab.h"

using agent::AuthenticatedClient;
using agent::HttpRequest;
using agent::HttpResponse;
using agent::Url;
using test::FakeHttp;
using test::get;
using test::header_of;
using test::response;
using test::TokenLab;
using tuf::ErrorCode;

TEST_CASE("a login that has expired is told apart from one that may not, and reading wants read access") {
  TokenLab lab;
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
  TokenLab lab;
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
  TokenLab lab;
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

TEST_CASE("403 is an error that says who may not do what") {
  TokenLab lab;
  lab.granted_status = 403;
  AuthenticatedClient client = lab.client();
  CHECK_ERROR(client.send_one(get("https://n.dct.example/a")), ErrorCode::kForbidden,
              "does not let the credentials from NOTARY_AUTH publish trust data of r.example/app");
}

TEST_CASE("403 of a server that has not asked who it is says that the account at hand was not sent") {
  TokenLab lab;
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
  TokenLab lab;
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
  TokenLab lab;
  lab.token_answer = row.answer;
  AuthenticatedClient client = lab.client();
  CHECK_ERROR(client.send_one(get("https://n.dct.example/a")), row.code, row.message);
}

TEST_CASE("a token service that cannot be reached never looks like a publish of unknown outcome") {
  const auto thrown = GENERATE(ErrorCode::kConnectionLost, ErrorCode::kTimeout, ErrorCode::kServerError);
  TokenLab lab;
  lab.http = std::make_shared<FakeHttp>([&](const HttpRequest& request) {
    if (request.url.starts_with("https://auth.dct.example/")) throw tuf::Error(thrown, "gone");
    return lab.answer(request);
  });
  const auto client = std::make_shared<AuthenticatedClient>(lab.http, std::move(lab.options));
  agent::NotaryServer store(client, Url::of_server("https://n.dct.example"), tuf::Gun::of("r.example/app"));
  CHECK_ERROR(store.publish({{tuf::RoleName::of("targets"), "{}"}}), ErrorCode::kServerUnreachable,
              "token service auth.dct.example: gone");
}
