#include "agent/doctor/server_probe.h"

#include <curl/curl.h>

#include <cstdlib>

#include "agent/http/error_body.h"
#include "tuf/base/error.h"
#include "tuf/json/json.h"

namespace agent {
namespace {

constexpr std::size_t kMaxAnswer = 1 << 20;

HttpRequest get(const std::string& url) {
  HttpRequest request;
  request.url = url;
  request.max_response = kMaxAnswer;
  request.may_be_longer = true;
  request.headers.emplace_back("Cache-Control", "no-cache");
  return request;
}

bool is_metadata(const std::string& body) {
  try {
    const tuf::Json json = tuf::parse_json(body, "the answer");
    return json.is_object() && json.contains("signed") && json.contains("signatures");
  } catch (const tuf::Error&) {
    return false;
  }
}

/// As only a Notary server, or a folder laid out like one, answers a request for a root.
bool is_notary_answer(const HttpResponse& response) {
  if (response.status == 200) return response.too_long || is_metadata(response.body);
  return response.status == 404 && ErrorBody::parse(response.body).code == "METADATA_NOT_FOUND";
}

}  // namespace

HttpRequest root_request(const Url& server, const tuf::Gun& gun) {
  return get(server.text() + "/v2/" + gun.text() + "/_trust/tuf/root.json");
}

ServerProbe probe_server(HttpClient& http, const Url& server, const tuf::Gun& gun) {
  std::vector<HttpResponse> answers = http.send({get(server.text() + "/v2/"), root_request(server, gun)});
  return {std::move(answers[0]), std::move(answers[1])};
}

ServerKind ServerProbe::kind() const {
  if (is_notary_answer(trust)) return ServerKind::kNotary;
  if (trust.status == 401 || trust.status == 403) return ServerKind::kGuarded;
  if (trust.status >= 300 && trust.status < 400) return ServerKind::kRedirect;
  if (trust.status == 429 || trust.status >= 500) return ServerKind::kFailing;
  // nginx answers so: 400 to its clients, 495 and 496 within.
  if (trust.status >= 400 && trust.body.find("SSL certificate") != std::string::npos)
    return ServerKind::kWantsCertificate;
  if (ping.header("docker-distribution-api-version")) return ServerKind::kRegistry;
  return ServerKind::kSomethingElse;
}

std::optional<std::chrono::seconds> ServerProbe::clock_ahead(tuf::Time now) const {
  const auto date = ping.header("date");
  if (!date) return std::nullopt;
  const std::time_t server_time = curl_getdate(date->c_str(), nullptr);
  if (server_time < 0) return std::nullopt;
  // A cache repeats the time at which it got the answer, and says how long ago that was.
  const long age = std::strtol(ping.header("age").value_or("0").c_str(), nullptr, 10);
  return now.time_since_epoch() - std::chrono::seconds(server_time) - std::chrono::seconds(age);
}

}  // namespace agent
