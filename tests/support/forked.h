// Runs a piece of a test in a process of its own, for what ends or starts processes.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace test {

struct ForkedResult {
  int exit_code;  // 128 + signal number if a signal ended it
  std::string errors;
};

/// `work` gives the exit code; an exception is written to standard error and gives 99. Starts `count`
/// processes at once and waits for all.
std::vector<ForkedResult> forked(int count, const std::function<int()>& work);
ForkedResult forked(const std::function<int()>& work);

}  // namespace test
