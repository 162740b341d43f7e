// CurlClient against a server on loopback that misbehaves on command.
#include "agent/http/curl_client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/ui.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <sstream>

#include "agent/store/notary_server.h"
#include "tests/support/child_process.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"
#include "tests/support/scripted_server.h"

using agent::CurlClient;
using agent::CurlOptions;
using agent::HttpMethod;
using agent::HttpRequest;
using agent::HttpResponse;
using test::ScriptedServer;
using tuf::ErrorCode;
using Connection = test::ScriptedServer::Connection;

namespace {

CurlOptions quick_options(const ScriptedServer& server) {
  CurlOptions options;
  options.http_servers = {server.authority()};
  options.retry_pause = std::chrono::milliseconds(1);
  return options;
}

HttpRequest get(const ScriptedServer& server, const std::string& path = "/x") {
  HttpRequest request;
  request.url = server.url() + path;
  return request;
}

HttpRequest post(const ScriptedServer& server, std::string body = "data") {
  HttpRequest request = get(server);
  request.method = HttpMethod::kPost;
  request.body = std::move(body);
  return request;
}

/// Answers every request of a connection in the same way.
auto always(std::function<void(Connection&)> answer) {
  return [answer = std::move(answer)](Connection& connection) {
    while (!connection.read_request().empty()) answer(connection);
  };
}

/// A variable of the environment for the length of a test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* old = getenv(name)) old_ = old;
    setenv(name, value.c_str(), 1);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() {
    if (old_) {
      setenv(name_, old_->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }

 private:
  const char* name_;
  std::optional<std::string> old_;
};

agent::PublishResult publish_to(ScriptedServer& server, CurlOptions options, std::size_t size = 10) {
  agent::NotaryServer store(std::make_shared<CurlClient>(std::move(options)),
                            *agent::Url::parse(server.url()), tuf::Gun::of("r.example/app"));
  return store.publish({{tuf::RoleName::of("targets"), std::string(size, 'x')}});
}

}  // namespace

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

TEST_CASE("a body at the limit is taken, one byte more is not") {
  ScriptedServer server(always([](Connection& connection) { connection.respond("200 OK", "12345"); }));
  CurlClient client(quick_options(server));
  HttpRequest request = get(server);
  request.max_response = 5;
  CHECK(client.send_one(request).body == "12345");
  request.max_response = 4;
  CHECK_ERROR(client.send_one(request), ErrorCode::kServerError, "more than the 4 bytes");
}

TEST_CASE("a body that may be longer is left out, announced or not, and the others of its batch come") {
  const bool announced = GENERATE(true, false);
  ScriptedServer server([announced](Connection& connection) {
    const std::string path = connection.read_request();
    if (announced) return connection.respond("200 OK", std::string(100, 'x'));
    connection.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + std::string(100, 'x'));
  });
  CurlClient client(quick_options(server));
  HttpRequest small = get(server);
  small.max_response = 10;
  small.may_be_longer = true;
  const auto responses = client.send({small, get(server)});
  CHECK(responses[0].too_long);
  CHECK(responses[0].status == 200);
  CHECK(responses[0].body.empty());
  CHECK_FALSE(responses[1].too_long);
  CHECK(responses[1].body.size() == 100);
}

TEST_CASE("a body without an announced length is stopped at the limit") {
  const bool chunked = GENERATE(true, false);
  ScriptedServer server([chunked](Connection& connection) {
    connection.read_request();
    connection.send(chunked ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                            : "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    const std::string kilobyte(1024, ' ');
    for (int i = 0; i < 1000; ++i) connection.send(chunked ? "400\r\n" + kilobyte + "\r\n" : kilobyte);
    if (chunked) connection.send("0\r\n\r\n");
  });
  CurlClient client(quick_options(server));
  HttpRequest request = get(server);
  request.max_response = 10'000;
  CHECK_ERROR(client.send_one(request), ErrorCode::kServerError, "more than the 10000 bytes");
}

TEST_CASE("a header beyond what libcurl takes is the server's fault") {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nX-Long: " + std::string(1 << 20, 'x') + "\r\n\r\n");
    connection.wait_for_hang_up();
  });
  CurlClient client(quick_options(server));
  CHECK_ERROR(client.send_one(get(server)), ErrorCode::kServerError, "header");
}

TEST_CASE("headers without end are not kept") {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 2000; ++i) connection.send("X-Long: " + std::string(100, 'x') + "\r\n");
    connection.wait_for_hang_up();
  });
  CurlClient client(quick_options(server));
  CHECK_ERROR(client.send_one(get(server)), ErrorCode::kServerError, "too many headers");
}

TEST_CASE("a body that ends too early is a lost connection, never a shorter file") {
  const auto* answer = GENERATE("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
                                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
                                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n12345",
                                "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 20", "");
  CAPTURE(answer);
  ScriptedServer server([answer](Connection& connection) {
    connection.read_request();
    connection.send(answer);
  });
  CurlClient client(quick_options(server));
  CHECK_ERROR(client.send_one(get(server)), ErrorCode::kConnectionLost, server.authority());
  CHECK(client.stats().requests == 3);
}

TEST_CASE("a compressed answer is refused") {
  const auto* header = GENERATE("Content-Encoding: gzip\r\n", "content-encoding: br\r\n");
  ScriptedServer server(
      always([header](Connection& connection) { connection.respond("200 OK", "\x1f\x8b", header); }));
  CurlClient client(quick_options(server));
  CHECK_ERROR(client.send_one(get(server)), ErrorCode::kServerError, "not asked for");
  CHECK(server.requests().at(0).find("ccept-Encoding") == std::string::npos);
}

TEST_CASE("what does not answer as HTTP is an error of the server") {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.send("SSH-2.0-OpenSSH_9.2\r\n");
  });
  CurlClient client(quick_options(server));
  CHECK_ERROR(client.send_one(get(server)), ErrorCode::kServerError, "HTTP");
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

TEST_CASE("a lost GET is repeated and succeeds") {
  ScriptedServer server([](Connection& connection) {
    if (connection.number() < 3) {
      connection.read_request();
      connection.reset();
      return;
    }
    while (!connection.read_request().empty()) connection.respond("200 OK", "third");
  });
  CurlClient client(quick_options(server));
  CHECK(client.send_one(get(server)).body == "third");
  CHECK(client.stats().retries == 2);
}

TEST_CASE("a busy server is asked three times, and its last answer is the response") {
  const auto* status = GENERATE("429 Too Many", "502 Bad", "503 Busy", "504 Late");
  ScriptedServer server(always([status](Connection& connection) { connection.respond(status, "busy"); }));
  CurlClient client(quick_options(server));
  CHECK(client.send_one(get(server)).status == std::stoi(status));
  CHECK(server.requests().size() == 3);
}

TEST_CASE("other statuses are not tried again") {
  const auto* status = GENERATE("200 OK", "400 Bad", "401 Who", "404 Gone", "500 Oops", "501 Never");
  ScriptedServer server(always([status](Connection& connection) { connection.respond(status, ""); }));
  CurlClient client(quick_options(server));
  client.send_one(get(server));
  CHECK(server.requests().size() == 1);
}

TEST_CASE("Retry-After is waited for if it fits, and ends the attempts if it does not") {
  const bool fits = GENERATE(true, false);
  ScriptedServer server([fits](Connection& connection) {
    connection.read_request();
    connection.respond("503 Busy", "",
                       std::string("Retry-After: ") + (fits ? "1" : "9999999999999") + "\r\n");
    if (!connection.read_request().empty()) connection.respond("200 OK", "");
  });
  CurlClient client(quick_options(server));
  CHECK(client.send_one(get(server)).status == (fits ? 200 : 503));
  CHECK(server.requests().size() == (fits ? 2 : 1));
}

TEST_CASE("a POST is repeated only after 429") {
  ScriptedServer busy(always([](Connection& connection) { connection.respond("503 Busy", ""); }));
  CurlClient client(quick_options(busy));
  CHECK(client.send_one(post(busy)).status == 503);
  CHECK(busy.requests().size() == 1);

  ScriptedServer limited([](Connection& connection) {
    connection.read_request();
    connection.respond("429 Too Many", "");
    if (!connection.read_request().empty()) connection.respond("200 OK", "");
  });
  CurlClient patient(quick_options(limited));
  CHECK(patient.send_one(post(limited)).status == 200);
  CHECK(limited.requests().at(0) == limited.requests().at(1));
}

TEST_CASE("a POST that is lost on a kept connection is not sent again behind our back") {
  const std::string body = GENERATE("", "data");
  CAPTURE(body);
  ScriptedServer server([](Connection& connection) {
    while (true) {
      const std::string request = connection.read_request();
      if (request.empty()) return;
      if (request.starts_with("POST")) return connection.reset();
      connection.respond("200 OK", "");
    }
  });
  CurlClient client(quick_options(server));
  client.send_one(get(server));
  CHECK_ERROR(client.send_one(post(server, body)), ErrorCode::kConnectionLost);
  CHECK(server.requests().size() == 2);
}

TEST_CASE("a publish that is cut off anywhere has an unknown outcome") {
  struct Row {
    const char* name;
    std::function<void(Connection&)> script;
  };
  const auto row = GENERATE(
      Row{"reset after the request", [](Connection& c) { c.read_request(), c.reset(); }},
      Row{"closed after the request", [](Connection& c) { c.read_request(); }},
      Row{"reset before the end of the body", [](Connection& c) { c.read_head(), c.reset(); }},
      Row{"half an answer", [](Connection& c) { c.read_request(), c.send("HTTP/1.1 200 OK\r\n"); }},
      Row{"a whole head without its body",
          [](Connection& c) { c.read_request(), c.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"); }},
      Row{"a compressed answer",
          [](Connection& c) { c.read_request(), c.respond("200 OK", "x", "Content-Encoding: gzip\r\n"); }},
      Row{"no HTTP", [](Connection& c) { c.read_request(), c.send("what?\r\n"); }},
      Row{"server error", [](Connection& c) { c.read_request(), c.respond("502 Bad", "<html>"); }});
  CAPTURE(row.name);
  ScriptedServer server(row.script);
  CHECK(publish_to(server, quick_options(server), 4 << 20) == agent::PublishResult::kUnknown);
  CHECK(server.requests().size() <= 1);
}

TEST_CASE("a publish to a silent server has an unknown outcome") {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.wait_for_hang_up();
  });
  CurlOptions options = quick_options(server);
  options.total_timeout = std::chrono::milliseconds(300);
  CHECK(publish_to(server, options) == agent::PublishResult::kUnknown);
}

TEST_CASE("a server that refuses a large upload before its end is understood") {
  ScriptedServer server([](Connection& connection) {
    connection.respond("413 Too Large", "<html>", "Connection: close\r\n");
    connection.wait_for_hang_up();
  });
  CHECK_ERROR(publish_to(server, quick_options(server), 8 << 20), ErrorCode::kServerRejected, "too large");
}

TEST_CASE("a silent server is left after the idle time, a slow one after the whole time") {
  const bool silent = GENERATE(true, false);
  ScriptedServer server([silent](Connection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    if (silent) return connection.wait_for_hang_up();
    for (int i = 0; i < 400; ++i) {
      connection.send("x");
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  });
  CurlOptions options = quick_options(server);
  options.idle_timeout = std::chrono::seconds(1);
  options.total_timeout = std::chrono::milliseconds(silent ? 60'000 : 500);
  CurlClient client(options);
  CHECK_ERROR(client.send_one(get(server)), ErrorCode::kTimeout, server.authority());
  CHECK(client.stats().requests == 1);
}

TEST_CASE("no call outlasts the time of the command, whatever it waits for, and the error says so") {
  const std::string what = GENERATE("an answer", "the rest of an answer");
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    if (what == "the rest of an answer") connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx");
    connection.wait_for_hang_up();
  });
  CurlOptions options = quick_options(server);
  options.budget = std::make_shared<hsm::TimeBudget>(std::chrono::milliseconds(300));
  CurlClient client(options);
  const std::string words = "in the 300 ms that this command has";
  CHECK_ERROR(client.send_one(get(server)), ErrorCode::kTimeout, server.authority());
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // now there is nothing left at all
  CHECK_ERROR(client.send_one(get(server)), ErrorCode::kTimeout, words);
}

TEST_CASE("a pause that a server asks for is not made if it is longer than what the command has left") {
  ScriptedServer server(
      always([](Connection& connection) { connection.respond("503 Busy", "", "Retry-After: 30\r\n"); }));
  CurlOptions options = quick_options(server);
  options.budget = std::make_shared<hsm::TimeBudget>(std::chrono::seconds(20));
  CurlClient client(options);
  CHECK(client.send_one(get(server)).status == 503);
  CHECK(client.stats().requests == 1);
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

TEST_CASE("a proxy of the environment is used, except for the hosts it names and for this machine") {
  ScriptedServer proxy(always([](Connection& connection) { connection.respond("200 OK", "by proxy"); }));
  ScriptedServer direct(always([](Connection& connection) { connection.respond("200 OK", "direct"); }));
  const Variable http_proxy("http_proxy", proxy.url());
  // libcurl would read these, and Go does not: nothing but our own reading counts.
  const Variable all_proxy("ALL_PROXY", "http://127.0.0.1:1");
  CurlOptions options = quick_options(direct);
  options.http_servers.emplace_back("notary.example");
  CurlClient client(options);
  HttpRequest request;
  request.url = "http://notary.example/v2/";
  CHECK(client.send_one(request).body == "by proxy");
  CHECK(proxy.requests().at(0).starts_with("GET http://notary.example/v2/ HTTP/1.1\r\n"));
  CHECK(client.send_one(get(direct)).body == "direct");

  const Variable no_proxy("no_proxy", "*.example");
  CurlOptions without = quick_options(direct);
  without.http_servers.emplace_back("notary.example");
  CHECK_ERROR(CurlClient(without).send_one(request), ErrorCode::kServerUnreachable, "no such host");
  CHECK(proxy.requests().size() == 1);
}

TEST_CASE("a proxy that wants a login says so once, and is named without its password") {
  ScriptedServer proxy(always([](Connection& connection) {
    connection.respond("407 Proxy Authentication Required", "", "Proxy-Authenticate: Basic realm=\"x\"\r\n");
  }));
  const auto* scheme = GENERATE("https://", "http://");
  const auto* login = GENERATE("", "user:pass-word@");
  CAPTURE(scheme, login);
  const std::string url = "http://" + std::string(login) + proxy.authority();
  CurlOptions options;
  options.proxies = {url, url, ""};
  options.http_servers = {"notary.example"};
  options.retry_pause = std::chrono::milliseconds(1);
  CurlClient client(options);
  HttpRequest request;
  request.url = std::string(scheme) + "notary.example/";
  const auto error = test::error_of([&] { client.send_one(request); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kServerUnreachable);
  const std::string says = *login == '\0' ? " wants a login (407)" : " refuses the login in HTTP";
  CHECK(test::mentions(error, "cannot reach notary.example: the proxy " + proxy.authority() + says));
  CHECK(error->hint().find("before the proxy's name in HTTP") != std::string::npos);
  CHECK((error->what() + error->hint()).find("pass-word") == std::string::npos);
  CHECK(proxy.requests().size() == 1);
  CHECK(client.stats().requests == 1);
}

TEST_CASE("a server's own 407 is no proxy's") {
  ScriptedServer server(always([](Connection& connection) { connection.respond("407 What", ""); }));
  CHECK(CurlClient(quick_options(server)).send_one(get(server)).status == 407);
}

TEST_CASE("a proxy that is busy is asked again, one that refuses is not") {
  const auto [status, times] = GENERATE(std::pair{"502 Bad Gateway", 3}, std::pair{"403 Forbidden", 1});
  const std::string text = status;
  ScriptedServer proxy(always([text](Connection& connection) { connection.respond(text, ""); }));
  CurlOptions options;
  options.proxies = {proxy.url(), "", ""};
  options.retry_pause = std::chrono::milliseconds(1);
  CurlClient client(options);
  HttpRequest request;
  request.url = "https://notary.example/";
  CHECK_ERROR(client.send_one(request), ErrorCode::kServerUnreachable,
              "the proxy " + proxy.authority() + " answers " + text.substr(0, 3));
  CHECK(client.stats().requests == times);
}

TEST_CASE("a proxy that is not there is named, and its password is not") {
  CurlOptions options;
  const std::string authority = "127.0.0.1:" + std::to_string(test::free_port());
  options.proxies = {"http://user:pass-word@" + authority, "", ""};
  options.retry_pause = std::chrono::milliseconds(1);
  HttpRequest request;
  request.url = "https://notary.example/";
  const auto error = test::error_of([&] { CurlClient(options).send_one(request); });
  CHECK(test::mentions(error, "cannot reach notary.example by the proxy " + authority));
  CHECK_FALSE(test::mentions(error, "pass-word"));
}

TEST_CASE("a publish that the proxy does not let through was not sent") {
  ScriptedServer proxy(always([](Connection& connection) {
    connection.respond("407 Proxy Authentication Required", "", "Proxy-Authenticate: Basic realm=\"x\"\r\n");
  }));
  const Variable https_proxy("https_proxy", proxy.url());
  agent::NotaryServer store(std::make_shared<CurlClient>(), agent::Url::of_server("https://notary.example"),
                            tuf::Gun::of("r.example/app"));
  CHECK_ERROR(store.publish({{tuf::RoleName::of("targets"), "secret"}}), ErrorCode::kServerUnreachable,
              "notary.example");
  for (const std::string& request : proxy.requests()) CHECK(request.find("secret") == std::string::npos);
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
