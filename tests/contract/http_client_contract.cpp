// What every HTTP client promises, run on each of them: the real one, the one that logs in, and the one of
// the tests.
#include <map>
#include <memory>

#include "agent/http/authenticated_client.h"
#include "agent/http/curl_client.h"
#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"
#include "tests/support/fake_http.h"
#include "tests/support/scripted_server.h"

namespace {

using agent::HttpRequest;
using agent::HttpResponse;
using tuf::ErrorCode;

/// What is served under a path, on a server or in a fake: the status that its name is, and a body.
struct Page {
  int status;
  std::string body;
};

Page page_of(const std::string& path) {
  if (path == "/missing") return {404, "not here"};
  if (path == "/moved") return {301, ""};
  if (path == "/broken") return {500, "in trouble"};
  if (path == "/long") return {200, std::string(5000, 'x')};
  return {200, "this is " + path};
}

class Host {
 public:
  virtual ~Host() = default;
  virtual agent::HttpClient& client() = 0;
  virtual std::string url() const = 0;
};

class ServerHost : public Host {
 public:
  ServerHost()
      : server_([](test::ScriptedServer::Connection& connection) {
          for (std::string request = connection.read_request(); !request.empty();
               request = connection.read_request()) {
            const std::string path =
                request.substr(request.find(' ') + 1, request.find(' ', 5) - request.find(' ') - 1);
            const Page page = page_of(path);
            connection.respond(std::to_string(page.status) + " Whatever", page.body,
                               "X-Path: " + path + "\r\nLocation: /elsewhere\r\n");
          }
        }) {
    agent::CurlOptions options;
    options.http_servers = {server_.authority()};
    options.retry_pause = std::chrono::milliseconds(1);
    client_ = std::make_shared<agent::CurlClient>(options);
  }
  agent::HttpClient& client() override { return *client_; }
  std::string url() const override { return server_.url(); }

 protected:
  test::ScriptedServer server_;
  std::shared_ptr<agent::HttpClient> client_;
};

class LoggedInHost final : public ServerHost {
 public:
  LoggedInHost() {
    agent::AuthOptions options{agent::Url::of_server(server_.url()), "repository:app:pull", "read",
                               [] { return std::optional<agent::Credential>(); }};
    options.http_servers = {server_.authority()};
    client_ = std::make_shared<agent::AuthenticatedClient>(client_, options);
  }
};

class FakeHost final : public Host {
 public:
  agent::HttpClient& client() override { return fake_; }
  std::string url() const override { return "http://fake.example.com"; }

 private:
  test::FakeHttp fake_{[](const HttpRequest& request) {
    const std::string path = request.url.substr(request.url.find('/', 8));
    const Page page = page_of(path);
    return HttpResponse{page.status, {{"x-path", path}, {"location", "/elsewhere"}}, page.body};
  }};
};

std::unique_ptr<Host> make_host(const std::string& kind) {
  if (kind == "curl") return std::make_unique<ServerHost>();
  if (kind == "logged in") return std::make_unique<LoggedInHost>();
  return std::make_unique<FakeHost>();
}

HttpRequest get(const Host& host, const std::string& path) {
  HttpRequest request;
  request.url = host.url() + path;
  return request;
}

}  // namespace

TEST_CASE("Any status is a response, redirects are not followed, and the names of headers are small") {
  const std::string kind = GENERATE("curl", "logged in", "fake");
  CAPTURE(kind);
  const std::unique_ptr<Host> host = make_host(kind);
  for (const std::string path : {"/a", "/missing", "/moved", "/broken"}) {
    CAPTURE(path);
    const HttpResponse response = host->client().send_one(get(*host, path));
    CHECK(response.status == page_of(path).status);
    CHECK(response.body == page_of(path).body);
    CHECK(response.header("x-path") == path);
    CHECK(response.header("location") == "/elsewhere");
    CHECK(response.header("x-other") == std::nullopt);
    CHECK_FALSE(response.too_long);
  }
}

TEST_CASE("Of several requests each gets its own response, in their order") {
  const std::string kind = GENERATE("curl", "logged in", "fake");
  CAPTURE(kind);
  const std::unique_ptr<Host> host = make_host(kind);
  std::vector<HttpRequest> requests;
  for (int i = 0; i < 12; ++i)
    requests.push_back(get(*host, i % 3 == 0 ? "/missing" : "/" + std::to_string(i)));
  const std::vector<HttpResponse> responses = host->client().send(requests);
  REQUIRE(responses.size() == requests.size());
  for (std::size_t i = 0; i < responses.size(); ++i)
    CHECK(host->url() + responses[i].header("x-path").value_or("") == requests[i].url);
  CHECK(host->client().send({}).empty());
}

TEST_CASE("A body that is longer than was asked for is an error, or left out and said to be, never cut") {
  const std::string kind = GENERATE("curl", "logged in", "fake");
  CAPTURE(kind);
  const std::unique_ptr<Host> host = make_host(kind);
  HttpRequest request = get(*host, "/long");
  request.max_response = 5000;
  CHECK(host->client().send_one(request).body.size() == 5000);
  request.max_response = 4999;
  CHECK_ERROR(host->client().send_one(request), ErrorCode::kServerError);
  request.may_be_longer = true;
  const HttpResponse response = host->client().send_one(request);
  CHECK(response.too_long);
  CHECK(response.body.empty());
}
