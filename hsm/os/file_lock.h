// FileLock: keeps other processes (and other FileLocks of this one) out until it is destroyed. The kernel
// gives it back when the process ends, however it ends; the file stays and means nothing by itself.
#pragma once

#include <chrono>
#include <filesystem>

#include "hsm/os/file_descriptor.h"

namespace hsm {

enum class LockOutcome { kHeld, kBusy, kImpossible };
/// Waits up to `patience` for the lock of an open file. kBusy: somebody still holds it; kImpossible: the file
/// system has no locks, and errno says why.
LockOutcome wait_for_lock(int descriptor, std::chrono::milliseconds patience);

class FileLock {
 public:
  /// Makes the file (0600) if need be, in a folder that exists, and waits up to `patience` for the lock.
  /// Throws kLocked, naming the file and the process that holds it if it can be told, and kLocal.
  FileLock(const std::filesystem::path& path, std::chrono::milliseconds patience);

 private:
  FileDescriptor fd_;
};

}  // namespace hsm
