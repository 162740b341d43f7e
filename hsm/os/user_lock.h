// UserLock: a courtesy among the processes of one user on this machine, never a reason not to go on: whoever
// takes its place, as any user can in /tmp, makes it move, and at worst go.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "hsm/os/file_descriptor.h"
#include "hsm/os/file_lock.h"

namespace hsm {

class UserLock {
 public:
  /// Of the file `name` in the first of `folders` that is this user's and closed to others; made with mode
  /// 0700 if it is missing. Takes no lock yet.
  UserLock(const std::string& name, const std::vector<std::filesystem::path>& folders);

  /// Waits at most `patience`. kImpossible if no folder or no file system will do.
  LockOutcome wait(std::chrono::milliseconds patience);
  /// Gives it back; it can be waited for again.
  void release();

  /// $XDG_RUNTIME_DIR/countersign, /tmp/countersign-<uid>, ~/.cache/countersign. TMPDIR and HOME are not
  /// asked: two jobs of the same user must find the same lock.
  static std::vector<std::filesystem::path> default_folders();

 private:
  FileDescriptor descriptor_;  // and the lock with it
};

}  // namespace hsm
