// What CurlClient sends again, how long it waits, and what became of a publish that got no answer.
#include <thread>

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/http/on_loopback.h"

using agent::CurlClient;
using agent::CurlOptions;
using test::always;
using test::get;
using test::post;
using test::publish_to;
using test::quick_options;
using test::ScriptedServer;
using tuf::ErrorCode;
using Connection = ScriptedServer::Connection;

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

TEST_CASE("what an earlier answer left in its connection is no answer to the next request") {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.respond("200 OK", "whole");
    if (connection.number() > 1 || connection.read_request().empty()) return;
    connection.send("the rest of");
    connection.respond("200 OK", "next");
  });
  CurlClient client(quick_options(server));
  client.send_one(get(server));
  SECTION("a GET is repeated over a connection of its own") {
    CHECK(client.send_one(get(server)).body == "whole");
    CHECK(server.requests().size() == 3);
  }
  SECTION("a POST has an unknown outcome") {
    CHECK_ERROR(client.send_one(post(server)), ErrorCode::kConnectionLost);
    CHECK(server.requests().size() == 2);
  }
}

TEST_CASE("what has come after an answer is not taken for the next one") {
  ScriptedServer server([](Connection& connection) {
    while (!connection.read_request().empty()) {
      connection.respond("200 OK", "own");
      if (connection.number() == 1) connection.respond("200 OK", "of another repository");
    }
  });
  CurlClient client(quick_options(server));
  client.send_one(get(server));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // until it has come
  CHECK(client.send_one(get(server)).body == "own");
  CHECK(client.stats().connections == 2);
}

TEST_CASE("a server whose first answer is no HTTP is not asked again") {
  ScriptedServer server(always([](Connection& connection) { connection.send("what?\r\n"); }));
  CurlClient client(quick_options(server));
  CHECK_ERROR(client.send_one(get(server)), ErrorCode::kServerError);
  CHECK(server.requests().size() == 1);
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
