#include "agent/doctor/server_probe.h"

#include "tests/support/catch.h"
#include "tests/support/fake_http.h"
#include "tests/support/test_data.h"

using agent::HttpResponse;
using agent::ServerKind;
using agent::ServerProbe;
using test::response;

namespace {

const char* const kNotFound = R"({"errors":[{"code":"METADATA_NOT_FOUND","message":"none"}]})";
const char* const kRoot = R"({"signed":{"_type":"Root"},"signatures":[]})";
const std::multimap<std::string, std::string> kRegistry = {
    {"docker-distribution-api-version", "registry/2.0"}};

ServerProbe probe_of(const HttpResponse& trust, const HttpResponse& ping = response(200, "{}")) {
  return {ping, trust};
}

constexpr tuf::Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + std::chrono::hours{22}};

}  // namespace

TEST_CASE("what answers at the address of a trust server shows what it is") {
  const HttpResponse registry = response(200, "{}", kRegistry);
  struct Row {
    ServerProbe probe;
    ServerKind kind;
  };
  const Row rows[] = {
      {probe_of(response(200, kRoot)), ServerKind::kNotary},
      {probe_of(response(404, kNotFound)), ServerKind::kNotary},
      {probe_of(response(404, kNotFound), registry), ServerKind::kNotary},  // both behind one name
      {probe_of(response(401, "{}")), ServerKind::kGuarded},
      {probe_of(response(401, "{}"), registry), ServerKind::kGuarded},
      {probe_of(response(403)), ServerKind::kGuarded},
      {probe_of(response(404, "404 page not found"), registry), ServerKind::kRegistry},
      {probe_of(response(404, "404 page not found"), response(401, "{}", kRegistry)), ServerKind::kRegistry},
      {probe_of(response(404, "<h1>Not here</h1>")), ServerKind::kSomethingElse},
      {probe_of(response(200, "<h1>Welcome</h1>")), ServerKind::kSomethingElse},
      {probe_of(response(200, R"({"signed":1})")), ServerKind::kSomethingElse},
      {probe_of(response(404, R"({"errors":[{"code":"NAME_UNKNOWN"}]})")), ServerKind::kSomethingElse},
      {probe_of(response(301)), ServerKind::kRedirect},
      {probe_of(response(502)), ServerKind::kFailing},
      {probe_of(response(429)), ServerKind::kFailing},
      {probe_of(response(400, "No required SSL certificate was sent")), ServerKind::kWantsCertificate},
      {probe_of(response(400, "Bad request")), ServerKind::kSomethingElse},
  };
  for (const Row& row : rows) {
    INFO(row.probe.trust.status << " " << row.probe.trust.body);
    CHECK(row.probe.kind() == row.kind);
  }
}

TEST_CASE("the server is asked what it is and for a root, and nothing else") {
  test::FakeHttp http([](const agent::HttpRequest&) { return response(404, kNotFound); });
  agent::probe_server(http, agent::Url::of_server("https://n.example:4443/"),
                      tuf::Gun::of("registry.example.com/app"));
  REQUIRE(http.requests.size() == 2);
  CHECK(http.requests[0].url == "https://n.example:4443/v2/");
  CHECK(http.requests[1].url == "https://n.example:4443/v2/registry.example.com/app/_trust/tuf/root.json");
  for (const auto& request : http.requests) CHECK(request.method == agent::HttpMethod::kGet);
}

TEST_CASE("the server's clock is read off its answer, which may come out of a cache") {
  const auto ahead = [](const std::multimap<std::string, std::string>& headers) {
    return probe_of(response(404), response(200, "{}", headers)).clock_ahead(kNow);
  };
  using std::chrono::seconds;
  CHECK(ahead({{"date", "Sat, 21 Nov 2026 22:00:00 GMT"}}) == seconds{0});
  CHECK(ahead({{"date", "Sat, 21 Nov 2026 21:59:00 GMT"}}) == seconds{60});
  CHECK(ahead({{"date", "Sun, 22 Nov 2026 22:00:00 GMT"}}) == seconds{-86400});
  CHECK(ahead({{"date", "Sat, 21 Nov 2026 21:55:00 GMT"}, {"age", "300"}}) == seconds{0});
  CHECK(ahead({{"date", "yesterday at noon or so"}}) == std::nullopt);
  CHECK(ahead({}) == std::nullopt);
}
