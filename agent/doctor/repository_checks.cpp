#include "agent/doctor/repository_checks.h"

#include <algorithm>

#include "agent/report/repository_report.h"
#include "agent/workflow/role_expiry.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::RoleName;

bool is_about_the_root(ErrorCode code) {
  return code == ErrorCode::kUnpinnedRoot || code == ErrorCode::kPinMismatch ||
         code == ErrorCode::kBadRootCertificate;
}

}  // namespace

RepositoryChecks::RepositoryChecks(Patient& patient, ServerChecks& server)
    : patient_(patient), server_(server), trusted_([this] {
        Runtime::Repository& open = server_.repository();
        return load_repository(*open.store, open.seen, open.load, patient_.warnings);
      }) {}

void RepositoryChecks::add_to(std::vector<Check>& chain) {
  chain.push_back({"root", [this] { return look_at_root(); }});
  chain.push_back({"metadata", [this] { return look_at_metadata(); }});
}

std::string RepositoryChecks::look_at_root() {
  const tuf::Gun& gun = *patient_.gun;
  const RootTrust trust = patient_.settings().root_trust_for(gun);
  try {
    trusted_.get();
  } catch (const Error& error) {
    if (is_about_the_root(error.code())) throw;
    return trust.pin ? "pinned by " + trust.origin : "not pinned";  // what is wrong is told below
  }
  if (trust.pin) return "pinned by " + trust.origin;
  patient_.warn("ROOT_NOT_PINNED", "nothing but its first use here vouches for the root of " + gun.text() +
                                       "; compare it with its owner's, and pin it with --trust-root " +
                                       trust_root_of(trusted()));
  return "trusted since its first use here: " + trust_root_of(trusted());
}

std::string RepositoryChecks::look_at_metadata() {
  try {
    trusted_.get();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kExpired) fail_expired(error);
    throw;
  }
  warn_of_expiry();
  const tuf::TrustedRepository& repository = trusted();
  std::vector<std::string> roles;
  for (const RoleReport& role : describe_roles(repository))
    roles.push_back(role.name + " " + std::to_string(role.version));
  return "verified: " + join(roles);
}

/// Whose business it is depends on the role.
void RepositoryChecks::fail_expired(const Error& error) {
  Runtime::Repository& open = server_.repository();
  LoadRequest tolerant = open.load;
  tolerant.tolerate_expiry = true;
  std::vector<Warning> said_already;
  std::vector<RoleExpiry> roles;
  try {
    roles = role_expiries(load_repository(*open.store, open.seen, tolerant, said_already), false);
  } catch (const Error&) {
    throw Ailment(error);  // what comes after it is broken as well
  }
  const auto first = std::find_if(roles.begin(), roles.end(), [&](const RoleExpiry& role) {
    return role.expires <= patient_.runtime.now();
  });
  const std::string gun = patient_.gun->text();
  if (first == roles.end()) throw Ailment(error);
  if (first->name == "timestamp") {
    throw Ailment(
        "timestamp-expired",
        error.with_hint("only the server can renew it: whoever runs it looks at notary-server's keys and "
                        "clock"));
  }
  throw Ailment(first->name + "-expired", error.with_hint("whoever holds the " + first->name +
                                                          " key runs: countersign repo refresh " + gun));
}

void RepositoryChecks::warn_of_expiry() {
  for (Warning& warning : health_warnings(trusted())) patient_.warnings.push_back(std::move(warning));
}

}  // namespace agent
