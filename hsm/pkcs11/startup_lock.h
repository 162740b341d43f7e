// StartupLock: one process at a time loads a module, looks at its tokens and logs in. SoftHSM rewrites a
// token's file at every login, and a process that reads it at that moment sees no token (SoftHSMv2 issue 757,
// open; seen in 104 of 320 starts with eight processes, in none of 200 with this lock). Signing needs no
// lock.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hsm/os/user_lock.h"

namespace hsm {

class StartupLock {
 public:
  /// Waits at most `timeout` for the lock of the module at `module_path`, in one of `folders` (UserLock).
  /// Throws kLocked when time is up.
  StartupLock(const std::string& module_path, const std::vector<std::filesystem::path>& folders,
              std::chrono::milliseconds timeout);
  /// False if no folder would do: then nothing is locked.
  bool is_held() const { return lock_.has_value(); }

 private:
  std::optional<UserLock> lock_;
};

}  // namespace hsm
