// Grammar: the command line as CLI11 knows it. Each command adds itself: its options, their help, and the
// function that carries it out stand together in the command's own file.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/cli/command_line.h"

namespace agent {

class Grammar {
 public:
  /// What is met on the command line is left in `line`.
  explicit Grammar(CommandLine& line);
  Grammar(const Grammar&) = delete;  // CLI11 keeps references into it
  Grammar& operator=(const Grammar&) = delete;

  /// "repo": commands named "repo …" follow.
  void group(const std::string& name, const std::string& help);

  /// `name` is "sign" or "repo init". When the command is met, `run` gets the options as they were parsed.
  template <class T>
  CLI::App* command(const std::string& name, const std::string& help, std::shared_ptr<T> options,
                    void (*run)(const T&, Runtime&, Report&)) {
    CLI::App* command = add_command(name, help);
    command->callback([this, name, options, run] {
      line_.command = name;
      line_.run = [options, run](Runtime& runtime, Report& report) { run(*options, runtime, report); };
    });
    return command;
  }

  /// `sign --key`, the same as the global --signing-key.
  void add_signing_keys(CLI::App* command);
  /// The command also prints `format`; all of them print text and JSON.
  void also_prints(const CLI::App* command, OutputFormat format);

  /// The command has a report for settings that cannot be used, too; the error is thrown all the same.
  void also_reports_bad_settings(CLI::App* command, void (*report)(const tuf::Error&, Report&));

  /// Throws CLI::ParseError.
  void parse(int argc, const char* const* argv);
  const CLI::App& app() const { return app_; }
  /// Of the innermost command that was named.
  std::string help() const;
  /// "repo init"; empty if none was named.
  std::string named_command() const;

 private:
  CLI::App* add_command(const std::string& name, const std::string& help);
  void add_global_options();
  const CLI::App& named_app() const;
  void require_format() const;

  CommandLine& line_;
  std::vector<std::string> keys_to_sign_with_;
  std::string progress_ = "auto";
  std::multimap<const CLI::App*, OutputFormat> formats_;
  CLI::App app_;
};

template <class T>
CLI::Option* add_value(CLI::App* command, const std::string& names, T& variable, const std::string& help,
                       const std::string& type) {
  return command->add_option(names, variable, help)->type_name(type);
}

/// One value per occurrence, so that an operand behind it is not taken for another value.
inline CLI::Option* add_values(CLI::App* command, const std::string& names,
                               std::vector<std::string>& variable, const std::string& help,
                               const std::string& type) {
  return command->add_option(names, variable, help)->type_name(type)->allow_extra_args(false);
}

/// A required operand; several if `variable` is a list.
template <class T>
CLI::Option* add_operand(CLI::App* command, const std::string& name, T& variable, const std::string& type,
                         const std::string& help = {}) {
  return command->add_option(name, variable, help)->required()->type_name(type);
}

}  // namespace agent
