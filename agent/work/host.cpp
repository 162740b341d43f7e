#include "agent/work/host.h"

#include <utility>

namespace agent {

Host::Host(hsm::SecretSource secrets, Settings settings, Clock clock, std::shared_ptr<spdlog::logger> log)
    : secrets_(std::move(secrets)),
      settings_(std::move(settings)),
      clock_(std::move(clock)),
      log_(std::move(log)),
      key_store_(settings_.trust_dir(), secrets_) {}

}  // namespace agent
