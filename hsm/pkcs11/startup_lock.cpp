#include "hsm/pkcs11/startup_lock.h"

#include "tuf/base/digest.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"

namespace hsm {

StartupLock::StartupLock(const std::string& module_path, const std::vector<std::filesystem::path>& folders,
                         std::chrono::milliseconds timeout) {
  const std::string name =
      "token-" + tuf::to_hex(tuf::sha256(tuf::as_bytes(module_path))).substr(0, 16) + ".lock";
  UserLock lock(name, folders);
  const LockOutcome outcome = lock.wait(timeout);
  if (outcome == LockOutcome::kBusy) {
    throw tuf::Error(tuf::ErrorCode::kLocked,
                     "another process of this user has been starting with " + module_path + " for too long",
                     "wait for it to end; see which it is with: lslocks | grep " + name);
  }
  if (outcome == LockOutcome::kHeld) lock_ = std::move(lock);
}

}  // namespace hsm
