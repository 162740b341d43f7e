// What is to be known before the first connection, with the time-outs that docs/command-line.md promises.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "agent/http/proxy_settings.h"
#include "agent/http/tls_trust.h"
#include "hsm/os/time_budget.h"

namespace spdlog {
class logger;
}

namespace agent {

struct CurlOptions {
  TlsTrust trust = TlsTrust::system();
  std::string client_certificate;  // PEM files (`--tlscert`, `--tlskey`); both or neither
  std::string client_key;
  /// Authorities (`host[:port]`, as Url gives them) that may be spoken to without TLS; all others need it.
  std::vector<std::string> http_servers;
  ProxySettings proxies = ProxySettings::of_environment();
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::seconds idle_timeout{10};            // without a single byte
  std::chrono::milliseconds total_timeout{60'000};  // of one call of `send`, with all its repetitions
  /// Of the whole command: no call outlasts it.
  std::shared_ptr<const hsm::TimeBudget> budget = hsm::TimeBudget::without_end();
  int connections_per_host = 6;
  /// A server that answers a handshake so soon gets one connection: more handshakes would take longer than
  /// asking it one thing after the other.
  std::chrono::milliseconds near{8};
  int tries = 3;                               // of a GET or HEAD
  std::chrono::milliseconds retry_pause{200};  // before the second try; doubled for the third, with jitter
  /// Told method, host, path, status and number of bytes at debug level, never a header or a body.
  std::shared_ptr<spdlog::logger> log;
};

}  // namespace agent
