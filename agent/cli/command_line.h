// CommandLine: argv, parsed. Plain values only; what they mean is for the commands to say.
#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "agent/cli/command_description.h"
#include "agent/config/settings.h"
#include "agent/report/carried_options.h"
#include "agent/report/report.h"
#include "tuf/base/error.h"

namespace agent {

/// The global options beside those that make up Settings.
struct OutputOptions {
  OutputFormat format = OutputFormat::kText;
  bool quiet = false;
  int verbosity = 0;
  bool json_log = false;
  enum class Progress { kAuto, kPlain, kNone } progress = Progress::kAuto;
  CarriedOptions carried;  // in the commands that are printed
};

class Run;

struct CommandLine {
  Options settings;
  OutputOptions output;
  bool dry_run = false;
  bool reset_cache = false;
  bool offline = false;
  std::optional<int> parallel;  // repositories at a time
  std::string command;          // "repo init"
  /// Carries it out with its options: fills the report, throws tuf::Error for all that is not success.
  std::function<void(Run&, Report&)> run;
  /// In the place of that, of a command that speaks of the program itself: no setting is read for it.
  std::function<void(Report&)> speak;
  /// What the command says of settings that no host can be made of; empty: nothing beside the error.
  std::function<void(const tuf::Error&, Report&)> report_bad_settings;

  /// nullopt if help or the version was asked for and written to `out`. Throws kUsage; then `understood`
  /// tells for which command and how to report it.
  struct Understood {
    std::string command;
    OutputOptions output;
  };
  static std::optional<CommandLine> parse(int argc, const char* const* argv, std::ostream& out,
                                          Understood& understood);
};

/// The whole grammar.
CommandDescriptions describe_commands();

}  // namespace agent
