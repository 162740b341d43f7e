// A real notary-server of a test's own, with certificates, ports and storage (memory) of its own, and a token
// service for it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "agent/http/curl_client.h"
#include "tests/support/certificates.h"
#include "tests/support/child_process.h"
#include "tests/support/test_data.h"

namespace test {

/// tests/support/token_server.py: Docker's token protocol over https. Knows `alice` / `secret`, who may do
/// everything, `bob` / `secret`, who may pull, and nobody else.
class TokenServer {
 public:
  explicit TokenServer(CertificateAuthority& authority, const std::filesystem::path& folder);

  std::string realm() const { return "https://localhost:" + std::to_string(port_) + "/token"; }
  /// PEM certificate whose key signs the tokens.
  const std::filesystem::path& token_certificate() const { return token_certificate_; }
  /// One line per request: method, user, scope, status.
  std::string log() const { return read_file(log_); }

 private:
  std::filesystem::path token_certificate_;
  std::filesystem::path log_;
  int port_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

class NotaryProcess {
 public:
  enum class Mode {
    kLocal,   // the server holds its keys, Ed25519
    kSigner,  // notary-signer holds them, ECDSA
  };
  struct Options {
    Mode mode = Mode::kLocal;
    bool tokens = false;  // demand bearer tokens of a TokenServer
    CertificateAuthority::Request certificate = {.name = "server"};
  };

  explicit NotaryProcess(const Options& options);
  explicit NotaryProcess(Mode mode = Mode::kLocal) : NotaryProcess(Options{.mode = mode}) {}

  /// https://localhost:PORT
  std::string url() const { return "https://localhost:" + std::to_string(port_); }
  int port() const { return port_; }
  const std::filesystem::path& ca_file() const { return authority_.certificate(); }
  CertificateAuthority& authority() { return authority_; }
  /// nullptr unless tokens are demanded.
  TokenServer* token_server() { return token_server_.get(); }
  /// A client that trusts only this server's authority.
  std::shared_ptr<agent::CurlClient> client() const;
  /// Ends the server; the object stays.
  void stop() { server_->stop(); }

 private:
  void start_signer();
  void start_server(const Options& options);

  TempDir folder_;
  CertificateAuthority authority_;
  std::unique_ptr<TokenServer> token_server_;
  std::unique_ptr<ChildProcess> signer_;
  std::unique_ptr<ChildProcess> server_;
  int signer_port_ = 0;
  int port_ = 0;
};

}  // namespace test
