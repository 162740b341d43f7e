// What servers say when one logs in: challenges (WWW-Authenticate), answers of token services, error bodies.
// Challenges read back as they are printed, credentials only go to encrypted services, a token fits a header,
// and no message can forge a line.
//
// Input: the header, a line break, the status as one character ('2' 200, '4' 401, '3' 403, '5' 500), the
// body.
#include "agent/http/error_body.h"
#include "agent/http/token_service.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/fake_http.h"
#include "tuf/base/printable.h"

namespace {

std::string print(const agent::Challenge& challenge) {
  std::string text = challenge.scheme;
  const char* separator = " ";
  for (const auto& [name, value] : challenge.parameters) {
    text += separator + name + "=\"";
    for (const char c : value) text += (c == '"' || c == '\\') ? std::string("\\") + c : std::string(1, c);
    text += '"';
    separator = ", ";
  }
  return text;
}

void check_token(const agent::TokenService& service, char status, std::string_view body) {
  const agent::Credential credential{"test", agent::Credential::Kind::kPassword, "ci", hsm::Secret("secret")};
  const int code = status == '2' ? 200 : status == '4' ? 401 : status == '3' ? 403 : 500;
  test::FakeHttp http([&](const agent::HttpRequest&) { return test::response(code, std::string(body)); });
  const auto token = fuzz::attempt([&] { return service.fetch(http, "repository:a:pull", &credential); });
  const auto url = agent::Url::parse(http.requests.at(0).url);
  fuzz::require(url && url->is_https(), "credentials are sent encrypted only");
  if (!token) return;
  fuzz::require(status == '2', "only an answer with 200 has a token");
  fuzz::require(token->lifetime.count() >= 60 && token->lifetime.count() <= 86400, "a token lives a while");
  for (const char c : token->value) fuzz::require(c > 0x20 && c < 0x7f, "a token fits a header");
  fuzz::require(!token->value.empty(), "a token is not empty");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view body = fuzz::as_text(data, size);
  const std::string_view header = fuzz::take_part(body, "\n");
  const char status = body.empty() ? '2' : body.front();
  if (!body.empty()) body.remove_prefix(1);

  std::string all;
  const std::vector<agent::Challenge> challenges = agent::parse_challenges(header);
  for (const agent::Challenge& challenge : challenges) {
    all += (all.empty() ? "" : ", ") + print(challenge);
    const auto service = fuzz::attempt([&] { return agent::TokenService::of(challenge, {}); });
    if (service) check_token(*service, status, body);
  }
  const std::vector<agent::Challenge> again = agent::parse_challenges(all);
  fuzz::require(again.size() == challenges.size(), "challenges read back as they are printed");
  for (std::size_t i = 0; i < again.size(); ++i) {
    fuzz::require(print(again[i]) == print(challenges[i]), "each challenge reads back as it is printed");
  }

  const std::string text = agent::ErrorBody::parse(body).text();
  fuzz::require(text.size() <= 1024 && tuf::printable(text, text.size()) == text,
                "a server's message is short and forges nothing");
  return 0;
}
