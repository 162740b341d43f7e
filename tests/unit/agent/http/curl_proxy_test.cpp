// CurlClient with a proxy between it and the server.
#include "tests/support/catch.h"
#include "tests/support/child_process.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"
#include "tests/support/variable.h"
#include "tests/unit/agent/http/on_loopback.h"

using agent::CurlClient;
using agent::CurlOptions;
using agent::HttpRequest;
using test::always;
using test::get;
using test::quick_options;
using test::ScriptedServer;
using test::Variable;
using tuf::ErrorCode;
using Connection = ScriptedServer::Connection;

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
