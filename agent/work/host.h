// Host: what a process has for as long as it lives, whatever it is asked to do: settings, secrets, key files.
// Runs of several threads may share it. A front door makes it, of what it has read of arguments and
// environment; nothing below looks for these.
#pragma once

#include <functional>
#include <memory>

#include "agent/config/settings.h"
#include "agent/store/trust_store.h"
#include "hsm/file/key_store.h"
#include "hsm/secret_source.h"

namespace spdlog {
class logger;
}

namespace agent {

class Host {
 public:
  using Clock = std::function<tuf::Time()>;
  using OpenStore = std::function<std::unique_ptr<TrustStore>(const tuf::Gun&, Access)>;

  Host(hsm::SecretSource secrets, Settings settings, Clock clock, std::shared_ptr<spdlog::logger> log);
  Host(const Host&) = delete;  // hands out references to its members
  Host& operator=(const Host&) = delete;

  const Settings& settings() const { return settings_; }
  hsm::SecretSource& secrets() { return secrets_; }
  /// Keys in the trust directory.
  hsm::KeyStore& key_store() { return key_store_; }
  /// Where repositories are, if not where the settings say: a door may have them elsewhere, a test in memory.
  /// Before the first run.
  void open_stores_with(OpenStore open_store) { open_store_ = std::move(open_store); }
  const OpenStore& open_store() const { return open_store_; }
  const Clock& clock() const { return clock_; }
  const std::shared_ptr<spdlog::logger>& log() const { return log_; }

 private:
  hsm::SecretSource secrets_;
  Settings settings_;
  Clock clock_;
  std::shared_ptr<spdlog::logger> log_;
  hsm::KeyStore key_store_;
  OpenStore open_store_;
};

}  // namespace agent
