// CurlClient against a server on loopback.
#include "agent/http/curl_client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/ui.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <sstream>
#include <thread>

#include "tests/support/catch.h"
#include "tests/support/child_process.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/http/on_loopback.h"

using agent::CurlClient;
using agent::CurlOptions;
using agent::HttpMethod;
using agent::HttpRequest;
using test::always;
using test::get;
using test::post;
using test::quick_options;
using test::ScriptedServer;
using tuf::ErrorCode;
using Connection = ScriptedServer::Connection;

TEST_CASE("responses come in the order of their requests, over few connections that are kept") {
  ScriptedServer server([](Connection& connection) {
    while (true) {
      const std::string request = connection.read_request();
      if (request.empty()) return;
      connection.respond("200 OK", request.substr(4, request.find(' ', 4) - 4), "X-Case: Kept\r\n");
    }
  });
  CurlClient client(quick_options(server));
  std::vector<HttpRequest> requests;
  for (int i = 0; i < 30; ++i) requests.push_back(get(server, "/" + std::to_string(i)));
  const auto responses = client.send(requests);
  REQUIRE(responses.size() == 30);
  for (int i = 0; i < 30; ++i) {
    CHECK(responses[i].status == 200);
    CHECK(responses[i].body == "/" + std::to_string(i));
    CHECK(responses[i].header("x-case") == "Kept");
  }
  CHECK(client.stats().requests == 30);
  CHECK(client.stats().connections <= 6);
  const int before = client.stats().connections;
  CHECK(client.send_one(post(server)).status == 200);
  CHECK(client.send_one(get(server)).status == 200);
  CHECK(client.stats().connections == before);
  CHECK(client.stats().retries == 0);
}

TEST_CASE("no program that is started beside a connection gets its socket") {
  ScriptedServer server(always([](Connection& connection) { connection.respond("200 OK", "x"); }));
  CurlClient client(quick_options(server));
  client.send_one(get(server));
  int kept = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename().string());
    sockaddr_in peer{};
    socklen_t length = sizeof peer;
    if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) != 0 || peer.sin_family != AF_INET)
      continue;
    if ("127.0.0.1:" + std::to_string(ntohs(peer.sin_port)) != server.authority()) continue;
    ++kept;
    CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  }
  CHECK(kept == 1);
}

TEST_CASE("requests carry what we say of ourselves and nothing more") {
  ScriptedServer server(always([](Connection& connection) { connection.respond("200 OK", ""); }));
  CurlClient client(quick_options(server));
  HttpRequest request = post(server, std::string(3 << 20, 'x'));
  request.headers = {{"Content-Type", "text/x"}};
  client.send_one(request);
  const std::string seen = server.requests().at(0);
  const std::string head = seen.substr(0, seen.find("\r\n\r\n") + 2);
  CHECK(head == "POST /x HTTP/1.1\r\nHost: " + server.authority() +
                    "\r\nUser-Agent: countersign/" COUNTERSIGN_VERSION
                    "\r\nAccept: */*\r\nContent-Type: text/x\r\nContent-Length: 3145728\r\n");
  CHECK(seen.size() == head.size() + 2 + (3 << 20));
}

TEST_CASE("a redirect is a response like any other") {
  ScriptedServer server(always([](Connection& connection) {
    connection.respond("302 Found", "", "Location: /elsewhere\r\nSet-Cookie: a=b\r\n");
  }));
  CurlClient client(quick_options(server));
  CHECK(client.send_one(get(server)).status == 302);
  client.send_one(get(server));
  REQUIRE(server.requests().size() == 2);
  CHECK(server.requests()[1].find("Cookie") == std::string::npos);
}

TEST_CASE("a batch that is longer than the connections allow waits for its turn, however slow") {
  ScriptedServer server(always([](Connection& connection) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    connection.respond("200 OK", "");
  }));
  CurlOptions options = quick_options(server);
  options.near = std::chrono::milliseconds(0);
  options.connections_per_host = 2;
  options.connect_timeout = std::chrono::milliseconds(150);  // of a connection, not of the queue before it
  CurlClient client(options);
  const auto responses = client.send(std::vector<HttpRequest>(8, get(server)));
  CHECK(responses.size() == 8);
  CHECK(client.stats().connections == 2);
}

TEST_CASE("a server that answers at once is asked for all of a batch over one connection") {
  ScriptedServer server(always([](Connection& connection) { connection.respond("200 OK", ""); }));
  CurlOptions options = quick_options(server);
  options.near = std::chrono::seconds(10);
  CurlClient client(options);
  CHECK(client.send(std::vector<HttpRequest>(8, get(server))).size() == 8);
  CHECK(client.send(std::vector<HttpRequest>(3, get(server))).size() == 3);
  CHECK(client.stats().connections == 1);
}

TEST_CASE("a server that takes its time to answer is asked over several connections") {
  ScriptedServer server(always([](Connection& connection) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    connection.respond("200 OK", "");
  }));
  CurlOptions options = quick_options(server);
  options.near = std::chrono::milliseconds(1);
  CurlClient client(options);
  CHECK(client.send(std::vector<HttpRequest>(4, get(server))).size() == 4);
  CHECK(client.stats().connections == 4);
}

TEST_CASE("a server that takes one request at a time is asked for one thing after the other") {
  std::atomic<int> active = 0;
  ScriptedServer server([&](Connection& connection) {
    while (!connection.read_request().empty()) {
      const bool is_one_too_many = ++active > 1;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      --active;
      connection.respond(is_one_too_many ? "429 Too Many" : "200 OK", "");
    }
  });
  CurlOptions options = quick_options(server);
  options.near = std::chrono::milliseconds(0);
  CurlClient client(options);
  for (const auto& response : client.send(std::vector<HttpRequest>(5, get(server))))
    CHECK(response.status == 200);
}

TEST_CASE("one lost request of a batch fails it, and the client stays usable") {
  ScriptedServer server([](Connection& connection) {
    while (true) {
      const std::string request = connection.read_request();
      if (request.empty()) return;
      if (request.starts_with("GET /bad")) return connection.reset();
      if (request.starts_with("GET /slow")) return connection.wait_for_hang_up();
      connection.respond("200 OK", "");
    }
  });
  CurlOptions options = quick_options(server);
  options.near = std::chrono::milliseconds(0);  // each over a connection of its own
  CurlClient client(options);
  CHECK_ERROR(client.send({get(server), get(server, "/slow"), get(server, "/bad")}),
              ErrorCode::kConnectionLost);
  CHECK(client.send_one(get(server)).status == 200);
}

TEST_CASE("a server that is down is unreachable, also for a publish") {
  CurlOptions options;
  const std::string authority = "127.0.0.1:" + std::to_string(test::free_port());
  options.http_servers = {authority};
  options.retry_pause = std::chrono::milliseconds(1);
  auto client = std::make_shared<CurlClient>(options);
  HttpRequest request;
  request.url = "http://" + authority + "/";
  CHECK_ERROR(client->send_one(request), ErrorCode::kServerUnreachable, "cannot reach " + authority);
  CHECK(client->stats().requests == 3);
  agent::NotaryServer store(client, *agent::Url::parse("http://" + authority), tuf::Gun::of("a/b"));
  CHECK_ERROR(store.publish({{tuf::RoleName::of("targets"), "x"}}), ErrorCode::kServerUnreachable);
  CHECK(client->stats().requests == 4);
}

TEST_CASE("a host that does not exist is unreachable") {
  CurlClient client;
  HttpRequest request;
  request.url = "https://does-not-exist.invalid/";
  request.method = HttpMethod::kPost;
  CHECK_ERROR(client.send_one(request), ErrorCode::kServerUnreachable, "does-not-exist.invalid");
}

TEST_CASE("without being named no server is spoken to in the clear") {
  ScriptedServer server(always([](Connection& connection) { connection.respond("200 OK", ""); }));
  CurlClient client;
  CHECK_ERROR(client.send_one(get(server)), ErrorCode::kConfig, "not be encrypted");
  HttpRequest file;
  file.url = "file:///etc/passwd";
  CHECK_ERROR(client.send_one(file), ErrorCode::kConfig, "not a usable URL");
  CHECK(server.requests().empty());
}

TEST_CASE("the log knows method, path, status and size, and no secret") {
  ScriptedServer server(always([](Connection& connection) { connection.respond("200 OK", "marker-body"); }));
  std::ostringstream text;
  CurlOptions options = quick_options(server);
  options.log =
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(text));
  options.log->set_level(spdlog::level::debug);
  CurlClient client(options);
  HttpRequest request = get(server, "/v2/x?account=marker-query");
  request.headers = {{"Authorization", "Bearer marker-token"}};
  client.send_one(request);
  CHECK(text.str().find("GET " + server.authority() + " /v2/x: 200, 11 bytes") != std::string::npos);
  CHECK(text.str().find("marker") == std::string::npos);
}

TEST_CASE("OpenSSL asks nobody on the terminal for the passphrase of a file that it is given") {
  const CurlClient client{CurlOptions()};
  REQUIRE(UI_get_default_method() != UI_OpenSSL());
  std::array<char, 64> answer{};
  CHECK(EVP_read_pw_string(answer.data(), answer.size(), "passphrase: ", 0) != 0);
}
