// The links between this machine and the trust server: its address, the way to it, TLS, what it is, and whom
// it lets in.
#pragma once

#include <vector>

#include "agent/doctor/check.h"
#include "agent/doctor/once.h"
#include "agent/doctor/patient.h"
#include "agent/doctor/server_probe.h"

namespace agent {

class ServerChecks {
 public:
  /// `patient` must outlive this object.
  explicit ServerChecks(Patient& patient);

  /// Adds `server`, and for a server that is no folder `reachable`, `tls`, `clock` and `trust-server`. With a
  /// repository also `credentials`, `repository` and `push`, which change nothing on the server. This object
  /// must outlive the chain.
  void add_to(std::vector<Check>& chain);

  /// For reports: the host or folder; empty if none is known.
  std::string name() const;
  /// The repository, opened as for publishing.
  Run::Repository& repository() { return repository_.get(); }

 private:
  std::string look_at_address();
  std::string look_at_reach();
  std::string look_at_tls();
  std::string look_at_clock();
  std::string look_at_kind();
  std::string look_at_credentials();
  std::string look_at_existence();
  std::string look_at_push();

  /// nullopt: every repository has its own, and none is named.
  std::optional<ServerUrl> server() const;
  /// Nothing but a trust server, or one that does not say what it is before a log-in.
  void require_trust_server(const ServerProbe& probe) const;
  [[noreturn]] void fail_denied(const tuf::Error& error, const std::string& forbidden, bool has_account);

  Patient& patient_;
  Once<ServerProbe> probe_;
  Once<Run::Repository> repository_;
  bool exists_ = false;
};

}  // namespace agent
