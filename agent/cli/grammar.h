// Grammar: the command line as CLI11 knows it. Each command adds itself: its options, their help, and the
// function that carries it out stand together in the command's own file. CLI11 itself is seen by few files:
// it takes longer to compile than any of ours.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/cli/command_description.h"
#include "agent/cli/command_line.h"
#include "agent/cli/option_kinds.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace agent {

class Grammar {
 public:
  /// What is met on the command line is left in `line`.
  explicit Grammar(CommandLine& line);
  ~Grammar();
  Grammar(const Grammar&) = delete;  // CLI11 keeps references into it
  Grammar& operator=(const Grammar&) = delete;

  /// Under which --help lists the commands that follow.
  void section(const std::string& title) { section_ = title; }
  /// "repo": commands named "repo …" follow.
  void group(const std::string& name, const std::string& help);

  /// `name` is "sign" or "repo init". When the command is met, `carry_out` gets the options as they were
  /// parsed.
  template <class T>
  CLI::App* command(const std::string& name, const std::string& help, std::shared_ptr<T> options,
                    void (*carry_out)(const T&, Run&, Report&)) {
    return add_command(name, help,
                       [options, carry_out](Run& run, Report& report) { carry_out(*options, run, report); });
  }

  /// The same of a command that speaks of the program itself, whatever the settings are.
  template <class T>
  CLI::App* command(const std::string& name, const std::string& help, std::shared_ptr<T> options,
                    void (*speak)(const T&, Report&)) {
    return add_command(name, help, [options, speak](Report& report) { speak(*options, report); });
  }
  /// A command line of it, of a kind that people type; --help shows the first.
  void example(const CLI::App* command, const std::string& line) { examples_.emplace(command, line); }

  /// `sign --key`, the same as the global --signing-key.
  void add_signing_keys(CLI::App* command);
  /// The command also prints `format`; all of them print text and JSON.
  void also_prints(const CLI::App* command, OutputFormat format);

  /// Any other option or operand that is given empty is refused: it comes from a variable that is not set.
  void may_be_empty(const CLI::Option* option) { may_be_empty_.insert(option); }

  /// The command has a report for settings that cannot be used, too; the error is thrown all the same.
  void also_reports_bad_settings(CLI::App* command, void (*report)(const tuf::Error&, Report&));

  /// Throws CLI::ParseError, and kUsage for what is empty.
  void parse(int argc, const char* const* argv);
  const CLI::App& app() const { return *app_; }
  /// What was added so far.
  CommandDescriptions describe() const;
  /// "repo init"; empty if none was named.
  std::string named_command() const;

 private:
  CLI::App* add_command(const std::string& name, const std::string& help,
                        std::function<void(Run&, Report&)> run);
  CLI::App* add_command(const std::string& name, const std::string& help, std::function<void(Report&)> speak);
  CLI::App* add_app(const std::string& name, const std::string& help);
  void add_global_options();
  void add_output_options();
  CommandDescription describe(const CLI::App& app, const std::string& name) const;
  const CLI::App& named_app() const;
  std::vector<std::string> formats(const CLI::App& command) const;
  void choose_format();
  void require_values(int argc, const char* const* argv) const;
  void require_operands_behind_dashes(int argc, const char* const* argv) const;
  void carry_options();
  [[noreturn]] void fail_clearly(int argc, const char* const* argv) const;
  [[noreturn]] void fail_unexpected() const;
  [[noreturn]] void fail_no_command(const std::vector<std::string>& rest) const;
  void require_command_first(int argc, const char* const* argv) const;
  std::string help_command() const;

  CommandLine& line_;
  std::vector<std::string> keys_to_sign_with_;
  std::string format_ = "text";
  std::multimap<const CLI::App*, OutputFormat> formats_;
  std::multimap<const CLI::App*, std::string> examples_;
  std::string section_;
  std::set<const CLI::Option*> may_be_empty_;
  std::unique_ptr<CLI::App> app_;
};

}  // namespace agent
