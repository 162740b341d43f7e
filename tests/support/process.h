// Runs a real program and waits for it: openssl, notary.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace test {

struct ProcessResult {
  int exit_code;  // 128 + signal number if a signal ended it
  std::string output;
  std::string errors;
};

/// The program is looked for in PATH. It sees PATH and the given variables, nothing else, and has an empty
/// standard input. Throws std::runtime_error if it cannot be started.
ProcessResult run(const std::vector<std::string>& arguments,
                  const std::map<std::string, std::string>& environment = {},
                  const std::filesystem::path& folder = {});

/// As `run`, but throws std::runtime_error with everything it wrote if it fails.
std::string run_or_throw(const std::vector<std::string>& arguments,
                         const std::map<std::string, std::string>& environment = {},
                         const std::filesystem::path& folder = {});

}  // namespace test
