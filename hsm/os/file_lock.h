// FileLock: keeps other processes (and other FileLocks of this one) out until it is destroyed. The kernel
// gives it back when the process ends, however it ends; the file stays and means nothing by itself.
#pragma once

#include <chrono>
#include <filesystem>

#include "hsm/os/file_descriptor.h"

namespace hsm {

class FileLock {
 public:
  /// Makes the file (0600) if need be, in a folder that exists, and waits up to `patience` for the lock.
  /// Throws kLocked, naming the file and the process that holds it if it can be told, and kLocal.
  FileLock(const std::filesystem::path& path, std::chrono::milliseconds patience);

 private:
  FileDescriptor fd_;
};

}  // namespace hsm
