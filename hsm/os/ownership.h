// Whether a file is one that only this user, or root, could have made.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

namespace hsm {

/// The owner can replace the content at any time, whatever the mode says.
inline bool is_foreign(const struct stat& status) {
  return status.st_uid != ::geteuid() && status.st_uid != 0;
}

}  // namespace hsm
