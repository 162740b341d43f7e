// Which servers are spoken to, and what is said of those that are not.
#include "agent/http/curl_client.h"
#include "agent/store/notary_server.h"
#include "tests/support/catch.h"
#include "tests/support/certificates.h"
#include "tests/support/child_process.h"
#include "tests/support/errors.h"
#include "tests/support/notary_process.h"
#include "tests/support/scripted_server.h"
#include "tests/support/test_data.h"

using agent::CurlClient;
using agent::CurlOptions;
using agent::TlsTrust;
using test::CertificateAuthority;
using test::NotaryProcess;
using test::TempDir;
using tuf::ErrorCode;

namespace {

constexpr long kDay = 24 * 3600;

int ask(const std::string& url, CurlOptions options) {
  options.retry_pause = std::chrono::milliseconds(1);
  CurlClient client(std::move(options));
  agent::HttpRequest request;
  request.url = url;
  return client.send_one(request).status;
}

int ask(const std::string& url, TlsTrust trust) {
  CurlOptions options;
  options.trust = std::move(trust);
  return ask(url, std::move(options));
}

std::string health(const NotaryProcess& server) {
  return server.url() + "/_notary_server/health";
}

/// `openssl s_server`, for what notary-server does not do.
class TlsServer {
 public:
  explicit TlsServer(const std::vector<std::string>& options) {
    authority.issue({.name = "server"});
    for (int attempt = 0; attempt < 5; ++attempt) {
      port_ = test::free_port();
      std::vector<std::string> command = {
          "openssl",    "s_server", "-www",       "-quiet",  "-cert",
          "server.crt", "-key",     "server.key", "-accept", "127.0.0.1:" + std::to_string(port_)};
      command.insert(command.end(), options.begin(), options.end());
      process_ = std::make_unique<test::ChildProcess>(command, folder.path(), folder / "log");
      if (test::wait_for_port(port_, *process_)) return;
    }
    FAIL("openssl s_server does not start: " << test::read_file(folder / "log"));
  }

  std::string url() const { return "https://localhost:" + std::to_string(port_) + "/"; }

  TempDir folder;
  CertificateAuthority authority{folder.path()};

 private:
  int port_ = 0;
  std::unique_ptr<test::ChildProcess> process_;
};

}  // namespace

TEST_CASE("a server is trusted through the authority that was named, and only through it") {
  NotaryProcess server;
  CHECK(ask(health(server), TlsTrust::only(server.ca_file())) == 200);
  CHECK_ERROR(ask(health(server), TlsTrust::system()), ErrorCode::kTlsFailed,
              "issued by an authority that is not trusted here");

  TempDir other;
  const CertificateAuthority impostor(other.path());  // of the same name
  CHECK_ERROR(ask(health(server), TlsTrust::only(impostor.certificate())), ErrorCode::kTlsFailed);
}

TEST_CASE("an authority is found among others, also beside one of the same name") {
  NotaryProcess server;
  TempDir folder;
  std::string bundle = "# a comment\n";
  for (const char* name : {"first", "test CA", "last"}) {
    bundle += test::read_file(CertificateAuthority(folder.path(), name).certificate());
    if (std::string(name) == "test CA") bundle += test::read_file(server.ca_file());
  }
  test::write_file(folder / "bundle.crt", bundle);
  CHECK(ask(health(server), TlsTrust::only(folder / "bundle.crt")) == 200);

  TlsTrust both = TlsTrust::only(folder / "ca.crt");
  CHECK_ERROR(ask(health(server), both), ErrorCode::kTlsFailed);
  both.add(server.ca_file());
  CHECK(ask(health(server), both) == 200);
}

TEST_CASE("a publish to a server that is not trusted sends nothing") {
  NotaryProcess server;
  agent::NotaryServer store(std::make_shared<CurlClient>(), agent::Url::of_server(server.url()),
                            tuf::Gun::of("r.example/app"));
  CHECK_ERROR(store.publish({{tuf::RoleName::of("targets"), "{}"}}), ErrorCode::kTlsFailed);
}

TEST_CASE("each flaw of a server's certificate is named") {
  struct Row {
    const char* message;
    CertificateAuthority::Request certificate;
  };
  const Row row = GENERATE(
      Row{"is for another host name", {.name = "server", .alternative_names = {"DNS:other.example"}}},
      Row{"has expired", {.name = "server", .starts_in = -2 * kDay, .ends_in = -kDay}},
      Row{"is not valid yet", {.name = "server", .starts_in = kDay, .ends_in = 2 * kDay}});
  CAPTURE(row.message);
  NotaryProcess server(NotaryProcess::Options{.certificate = row.certificate});
  CHECK_ERROR(ask(health(server), TlsTrust::only(server.ca_file())), ErrorCode::kTlsFailed, row.message);
}

TEST_CASE("a server that does not speak TLS is not spoken to otherwise") {
  test::ScriptedServer server([](test::ScriptedServer::Connection& connection) {
    connection.respond("400 Bad Request",
                       "this is a plain HTTP server, with an answer longer than a TLS header");
    connection.wait_for_hang_up();
  });
  CHECK_ERROR(ask("https://" + server.authority() + "/", TlsTrust::system()), ErrorCode::kTlsFailed,
              "does not speak TLS");
  CHECK(server.requests().empty());
}

TEST_CASE("TLS 1.1 is too old") {
  TlsServer server({"-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"});
  CHECK_ERROR(ask(server.url(), TlsTrust::only(server.authority.certificate())), ErrorCode::kTlsFailed,
              "does not offer TLS 1.2 or newer");
}

TEST_CASE("a server that wants to know its clients gets the client certificate") {
  const auto* version = GENERATE("-tls1_2", "-tls1_3");
  CAPTURE(version);
  TlsServer server({version, "-Verify", "2", "-verify_return_error", "-CAfile", "ca.crt"});
  const test::CertificateFiles ours = server.authority.issue({.name = "client"});
  CurlOptions options;
  options.trust = TlsTrust::only(server.authority.certificate());
  CHECK_ERROR(ask(server.url(), options), ErrorCode::kTlsFailed, "client certificate");
  options.client_certificate = ours.certificate;
  options.client_key = ours.key;
  CHECK(ask(server.url(), options) == 200);
  options.client_key = server.folder / "server.key";
  CHECK_ERROR(ask(server.url(), options), ErrorCode::kFileUnreadable, "client certificate");
  options.client_key = server.folder / "absent.key";
  CHECK_ERROR(ask(server.url(), options), ErrorCode::kFileUnreadable, "client certificate");
}

TEST_CASE("a file of authorities that is none is an error before anything is sent") {
  TempDir folder;
  test::write_file(folder / "empty.crt", "no certificate");
  CHECK_ERROR(ask("https://localhost:1/", TlsTrust::only(folder / "empty.crt")), ErrorCode::kFileUnreadable,
              "empty.crt");
  CHECK_ERROR(ask("https://localhost:1/", TlsTrust::only(folder / "absent.crt")), ErrorCode::kFileUnreadable,
              "absent.crt");
}

TEST_CASE("a server that has gone is unreachable") {
  NotaryProcess server;
  agent::NotaryServer store(server.client(), agent::Url::of_server(server.url()),
                            tuf::Gun::of("r.example/app"));
  CHECK_FALSE(store.fetch({{tuf::RoleName::of("root")}}).front());
  server.stop();
  CHECK_ERROR(store.fetch({{tuf::RoleName::of("root")}}), ErrorCode::kServerUnreachable, "localhost");
  CHECK_ERROR(store.publish({{tuf::RoleName::of("targets"), "{}"}}), ErrorCode::kServerUnreachable);
}
