// For tests of CurlClient against a server on loopback that misbehaves on command.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "agent/http/curl_client.h"
#include "agent/store/notary_server.h"
#include "tests/support/scripted_server.h"

namespace test {

inline agent::CurlOptions quick_options(const ScriptedServer& server) {
  agent::CurlOptions options;
  options.http_servers = {server.authority()};
  options.retry_pause = std::chrono::milliseconds(1);
  return options;
}

inline agent::HttpRequest get(const ScriptedServer& server, const std::string& path = "/x") {
  agent::HttpRequest request;
  request.url = server.url() + path;
  return request;
}

inline agent::HttpRequest post(const ScriptedServer& server, std::string body = "data") {
  agent::HttpRequest request = get(server);
  request.method = agent::HttpMethod::kPost;
  request.body = std::move(body);
  return request;
}

/// Answers every request of a connection in the same way.
inline auto always(std::function<void(ScriptedServer::Connection&)> answer) {
  return [answer = std::move(answer)](ScriptedServer::Connection& connection) {
    while (!connection.read_request().empty()) answer(connection);
  };
}

inline agent::PublishResult publish_to(ScriptedServer& server, agent::CurlOptions options,
                                       std::size_t size = 10) {
  agent::NotaryServer store(std::make_shared<agent::CurlClient>(std::move(options)),
                            *agent::Url::parse(server.url()), tuf::Gun::of("r.example/app"));
  return store.publish({{tuf::RoleName::of("targets"), std::string(size, 'x')}});
}

}  // namespace test
