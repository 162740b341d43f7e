// StartupLock: one process at a time loads a module, looks at its tokens and logs in. SoftHSM rewrites a
// token's file at every login, and a process that reads it at that moment sees no token (SoftHSMv2 issue 757,
// open; seen in 104 of 320 starts with eight processes, in none of 200 with this lock). Signing needs no
// lock. A courtesy among the processes of one user, never a reason not to sign: whoever takes its place, as
// any user can in /tmp, makes it move, and at worst go.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "hsm/os/file_descriptor.h"

namespace hsm {

class StartupLock {
 public:
  /// Waits at most `timeout` for the lock of the module at `module_path`, in the first of `folders` that is
  /// this user's and closed to others; made with mode 0700 if it is missing. Throws kLocked when time is up.
  StartupLock(const std::string& module_path, const std::vector<std::filesystem::path>& folders,
              std::chrono::milliseconds timeout);
  /// False if no folder would do: then nothing is locked.
  bool is_held() const { return static_cast<bool>(descriptor_); }

  /// $XDG_RUNTIME_DIR/countersign, /tmp/countersign-<uid>, ~/.cache/countersign. TMPDIR and HOME are not
  /// asked: two jobs of the same user must find the same lock.
  static std::vector<std::filesystem::path> default_folders();

 private:
  FileDescriptor descriptor_;  // and the lock with it
};

}  // namespace hsm
