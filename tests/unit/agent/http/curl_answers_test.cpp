// Answers that are too long, too short, or none: what CurlClient takes of them.
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/http/on_loopback.h"

using agent::CurlClient;
using agent::HttpRequest;
using test::always;
using test::get;
using test::quick_options;
using test::ScriptedServer;
using tuf::ErrorCode;
using Connection = ScriptedServer::Connection;

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
