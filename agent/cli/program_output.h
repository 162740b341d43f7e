// What the program prints in the end: warnings and results, then the error and what mends it.
#pragma once

#include <optional>
#include <ostream>

#include "agent/cli/command_line.h"
#include "agent/report/report.h"
#include "tuf/base/error.h"
#include "tuf/base/warning.h"

namespace agent {

/// Gives the options of the command line to every command that is printed, as text or as JSON.
void carry_options(const OutputOptions& output, Report& report, std::optional<tuf::Error>& error);

void print_warnings(const std::vector<tuf::Warning>& warnings, const OutputOptions& output,
                    std::ostream& err);

/// What people are told beside a value on stdout; nothing with another format than text.
void print_notes(const std::vector<std::string>& notes, const OutputOptions& output, std::ostream& err);

/// The JSON document, which a failed run has too, or the lines of text.
void print_results(const Report& report, const std::optional<tuf::Error>& error, const OutputOptions& output,
                   std::ostream& out);

/// As a person reads it, one line for what is wrong and one for the mend; or an object for a log.
void print_error(const tuf::Error& error, const OutputOptions& output, std::ostream& err);

/// Prints all that a run can say which cannot go on while its main thread hangs: straight to standard output
/// and standard error, since that thread may hold the locks of their streams. Tells nothing of what was done,
/// and ends the process with the error's exit code.
[[noreturn]] void end_process(const CommandLine& line, const tuf::Error& error);

}  // namespace agent
