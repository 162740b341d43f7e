// What an error looks like from outside: its name in messages and JSON, its exit code, and the hint for when
// whoever threw it had none. One table for every code; names and numbers are the public contract.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "tuf/base/error.h"

namespace agent {

/// 130 and 143 (interrupted, terminated) come from signals and are not in this list.
enum class ExitCode {
  kOk = 0,
  kInternal = 1,
  kUsage = 2,
  kConfig = 3,
  kUntrusted = 4,
  kPolicy = 5,
  kNotFound = 6,
  kDenied = 7,
  kUnavailable = 8,
  kConflict = 9,
  kKey = 10,
  kLocal = 11,
  kUnknown = 12,
};

struct ExitCodeRow {
  ExitCode code;
  std::string_view name;  // "NOT_FOUND"
  std::string_view meaning;
};
/// In their order, as docs/command-line.md has them.
extern const std::array<ExitCodeRow, 13> kExitCodes;

struct ErrorRow {
  std::string_view name;  // "KEY_NOT_IN_ROLE"
  ExitCode exit_code;
  std::string_view hint;  // one line: a command or an action
};

ErrorRow error_row(tuf::ErrorCode code);

/// The error's own hint, or else that of the table, with the values that the error knows as words of a shell.
std::string hint_of(const tuf::Error& error);

}  // namespace agent
