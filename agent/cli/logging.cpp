#include "agent/cli/logging.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "agent/report/report.h"

namespace agent {

namespace {

/// The message as a JSON string, quotes included: nothing in it can end the string or the line.
class JsonMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    const OrderedJson text = std::string(message.payload.begin(), message.payload.end());
    const std::string quoted = text.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
    out.append(quoted.data(), quoted.data() + quoted.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<JsonMessage>(); }
};

std::unique_ptr<spdlog::formatter> make_formatter(bool json) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<JsonMessage>('*');
  formatter->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%*})" : "%l: %v");
  return formatter;
}

}  // namespace

std::shared_ptr<spdlog::logger> make_log(const OutputOptions& output) {
  auto log =
      std::make_shared<spdlog::logger>("countersign", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  log->set_level(output.verbosity == 0   ? spdlog::level::off
                 : output.verbosity == 1 ? spdlog::level::info
                                         : spdlog::level::debug);
  log->set_formatter(make_formatter(output.json_log));
  return log;
}

}  // namespace agent
