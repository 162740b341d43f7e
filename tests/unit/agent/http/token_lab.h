// A server that takes tokens, and the service that gives them, both answered from memory.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "agent/http/authenticated_client.h"
#include "tests/support/fake_http.h"

namespace test {

inline const char kBearer[] =
    R"(Bearer realm="https://auth.dct.example/token",service="notary",scope="registry:catalog:*")";

/// A server that wants `Bearer good-N`, and the token service that gives the N-th token.
class TokenLab {
 public:
  TokenLab() {
    options.server = agent::Url::of_server("https://n.dct.example");
    options.scope = "repository:r.example/app:push,pull";
    options.purpose = "publish trust data of r.example/app";
    options.now = [this] { return now; };
    options.find_credential = [this]() -> std::optional<agent::Credential> {
      ++credential_questions;
      return agent::Credential{"NOTARY_AUTH", kind, "alice", hsm::Secret("secret")};
    };
  }

  agent::AuthenticatedClient client() { return {http, options}; }

  agent::HttpResponse answer(const agent::HttpRequest& request) {
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

  agent::AuthOptions options{agent::Url::of_server("https://n.dct.example"), {}, {}, {}};
  std::string challenge = kBearer;
  agent::Credential::Kind kind = agent::Credential::Kind::kPassword;
  std::optional<agent::HttpResponse> token_answer;
  std::optional<int> accepted;  // the only token that the server takes; default: the newest
  int granted_status = 200;
  int tokens = 0;
  int credential_questions = 0;
  std::chrono::steady_clock::time_point now{};
  std::shared_ptr<FakeHttp> http =
      std::make_shared<FakeHttp>([this](const agent::HttpRequest& request) { return answer(request); });
};

inline agent::HttpRequest get(const std::string& url) {
  agent::HttpRequest request;
  request.url = url;
  return request;
}

}  // namespace test
