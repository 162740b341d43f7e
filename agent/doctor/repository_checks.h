// The links that the trust data itself are: who vouches for the root, and whether all of it verifies and
// lasts.
#pragma once

#include <vector>

#include "agent/doctor/check.h"
#include "agent/doctor/once.h"
#include "agent/doctor/server_checks.h"

namespace agent {

class RepositoryChecks {
 public:
  /// Both must outlive this object.
  RepositoryChecks(Patient& patient, ServerChecks& server);

  /// Adds `root` and `metadata`. This object must outlive the chain.
  void add_to(std::vector<Check>& chain);

  /// Verified, as whoever signs gets it.
  const tuf::TrustedRepository& trusted() { return trusted_.get(); }
  bool is_loaded() const { return trusted_.is_known(); }

 private:
  std::string look_at_root();
  std::string look_at_metadata();
  /// What somebody sees who is about to mend it; nullopt if that does not verify either.
  std::optional<tuf::TrustedRepository> load_with(const tuf::Tolerance& tolerance);
  [[noreturn]] void fail_expired(const tuf::Error& error);
  [[noreturn]] void fail_broken(const tuf::Error& error);
  void warn_of_expiry();

  Patient& patient_;
  ServerChecks& server_;
  Once<tuf::TrustedRepository> trusted_;
};

}  // namespace agent
