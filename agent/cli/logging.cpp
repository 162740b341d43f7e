#include "agent/cli/logging.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace agent {

std::shared_ptr<spdlog::logger> make_log(const OutputOptions& output) {
  auto log =
      std::make_shared<spdlog::logger>("countersign", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  log->set_level(output.verbosity == 0   ? spdlog::level::off
                 : output.verbosity == 1 ? spdlog::level::info
                                         : spdlog::level::debug);
  log->set_pattern(
      output.json_log ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%v"})" : "%l: %v",
      spdlog::pattern_time_type::utc);
  return log;
}

}  // namespace agent
