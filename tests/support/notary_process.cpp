#include "tests/support/notary_process.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace test {
namespace {

using Json = nlohmann::json;

constexpr int kStartAttempts = 5;
const char kService[] = "notary-test";
const char kIssuer[] = "notary-test-issuer";

/// Starts a server on a free port. Another process may take the port first, so it is tried again.
std::unique_ptr<ChildProcess> start_on_free_port(
    int& port, const std::filesystem::path& log,
    const std::function<std::unique_ptr<ChildProcess>(int port)>& start) {
  for (int attempt = 0; attempt < kStartAttempts; ++attempt) {
    port = free_port();
    auto process = start(port);
    if (wait_for_port(port, *process) && process->is_running()) return process;
  }
  throw std::runtime_error("a server for the test does not start: " + read_file(log));
}

}  // namespace

TokenServer::TokenServer(CertificateAuthority& authority, const std::filesystem::path& folder)
    : log_(folder / "token-server.log") {
  const CertificateFiles tls = authority.issue({.name = "token-tls"});
  const CertificateFiles signing = authority.issue({.name = "token-signing"});
  token_certificate_ = signing.certificate;
  const auto users = folder / "users.json";
  write_file(users, R"({"alice": {"password": "secret", "actions": ["pull", "push", "*"]},
                        "bob": {"password": "secret", "actions": ["pull"]}})");
  process_ = start_on_free_port(port_, log_, [&](int port) {
    return std::make_unique<ChildProcess>(
        std::vector<std::string>{"/usr/bin/python3", TEST_DATA_DIR "/../support/token_server.py", "--port",
                                 std::to_string(port), "--tls-cert", tls.certificate, "--tls-key", tls.key,
                                 "--token-cert", signing.certificate, "--token-key", signing.key, "--users",
                                 users, "--issuer", kIssuer},
        folder, log_);
  });
}

NotaryProcess::NotaryProcess(const Options& options) : authority_(folder_.path()) {
  authority_.issue(options.certificate);
  authority_.issue({.name = "signer"});
  authority_.issue({.name = "client"});
  if (options.tokens) token_server_ = std::make_unique<TokenServer>(authority_, folder_.path());
  if (options.mode == Mode::kSigner) start_signer();
  start_server(options);
}

std::shared_ptr<agent::CurlClient> NotaryProcess::client() const {
  agent::CurlOptions options;
  options.trust = agent::TlsTrust::only(ca_file());
  options.retry_pause = std::chrono::milliseconds(1);
  return std::make_shared<agent::CurlClient>(options);
}

void NotaryProcess::start_signer() {
  const auto log = folder_ / "signer.log";
  signer_ = start_on_free_port(signer_port_, log, [&](int port) {
    const Json config = {{"server",
                          {{"grpc_addr", "127.0.0.1:" + std::to_string(port)},
                           {"tls_cert_file", "signer.crt"},
                           {"tls_key_file", "signer.key"},
                           {"client_ca_file", "ca.crt"}}},
                         {"logging", {{"level", "warn"}}},
                         {"storage", {{"backend", "memory"}}}};
    write_file(folder_ / "signer.json", config.dump());
    return std::make_unique<ChildProcess>(
        std::vector<std::string>{"notary-signer", "-config", folder_ / "signer.json"}, folder_.path(), log);
  });
}

void NotaryProcess::start_server(const Options& options) {
  const auto log = folder_ / "server.log";
  Json trust = {{"type", "local"}};
  if (signer_) {
    trust = {{"type", "remote"},
             {"hostname", "127.0.0.1"},
             {"port", std::to_string(signer_port_)},
             {"key_algorithm", "ecdsa"},
             {"tls_ca_file", "ca.crt"},
             {"tls_client_cert", "client.crt"},
             {"tls_client_key", "client.key"}};
  }
  server_ = start_on_free_port(port_, log, [&](int port) {
    Json config = {{"server",
                    {{"http_addr", "127.0.0.1:" + std::to_string(port)},
                     {"tls_cert_file", options.certificate.name + ".crt"},
                     {"tls_key_file", options.certificate.name + ".key"}}},
                   {"trust_service", trust},
                   {"logging", {{"level", "warn"}}},
                   {"storage", {{"backend", "memory"}}}};
    if (options.tokens) {
      config["auth"] = {{"type", "token"},
                        {"options",
                         {{"realm", token_server_->realm()},
                          {"service", kService},
                          {"issuer", kIssuer},
                          {"rootcertbundle", token_server_->token_certificate().string()}}}};
    }
    write_file(folder_ / "server.json", config.dump());
    return std::make_unique<ChildProcess>(
        std::vector<std::string>{"notary-server", "-config", folder_ / "server.json"}, folder_.path(), log);
  });
}

}  // namespace test
