// StartupLock: one process at a time loads a module, looks at its tokens and logs in. SoftHSM rewrites a
// token's file at every login, and a process that reads it at that moment sees no token (SoftHSMv2 issue 757,
// open; seen in 104 of 320 starts with eight processes, in none of 200 with this lock). Signing needs no
// lock.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

namespace hsm {

class StartupLock {
 public:
  /// Waits at most `timeout` for the lock of the module at `module_path`. `folder` is made with mode 0700 if
  /// it is missing; empty means `default_folder()`. Throws kLocked when time is up, kLocal if the folder is
  /// not safe.
  StartupLock(const std::string& module_path, const std::filesystem::path& folder,
              std::chrono::milliseconds timeout);
  StartupLock(StartupLock&& other) noexcept;
  StartupLock& operator=(StartupLock&&) = delete;
  // A lock has one owner.
  StartupLock(const StartupLock&) = delete;
  StartupLock& operator=(const StartupLock&) = delete;
  ~StartupLock();

  /// $XDG_RUNTIME_DIR/countersign, else /tmp/countersign-<uid>. TMPDIR is not asked: two jobs of the same
  /// user must find the same lock.
  static std::filesystem::path default_folder();

 private:
  int descriptor_;
};

}  // namespace hsm
