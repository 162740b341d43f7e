// A program that runs beside a test and is gone when the test is over.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace test {

class ChildProcess {
 public:
  /// Starts `arguments[0]` (found through PATH) in `folder` with both outputs going to `log`. The variables
  /// are added to the environment. The child also dies with the test program.
  ChildProcess(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
               const std::filesystem::path& log, const std::map<std::string, std::string>& variables = {});
  ChildProcess(const ChildProcess&) = delete;  // owns a process
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess() { stop(); }

  bool is_running();
  /// Waits for its end and gives its exit code; -1 if a signal ended it.
  int wait();
  /// SIGTERM, and SIGKILL if that does not help.
  void stop();

 private:
  bool reap(int options);

  pid_t pid_ = -1;
  int exit_code_ = -1;
};

/// A port of 127.0.0.1 on which nothing listens at the moment.
int free_port();

/// Waits until something accepts connections on 127.0.0.1:`port`; false if `process` ends before.
bool wait_for_port(int port, ChildProcess& process);

}  // namespace test
