#include "agent/doctor/repository_checks.h"

#include <algorithm>

#include "agent/report/repository_report.h"
#include "tuf/base/warning.h"
#include "tuf/base/words.h"
#include "tuf/view/health.h"
#include "tuf/view/role_expiry.h"

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
        Run::Repository& open = server_.repository();
        return load_repository(open, patient_.warnings);
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
                                       tuf::trust_root_of(trusted()));
  return "trusted since its first use here: " + tuf::trust_root_of(trusted());
}

std::string RepositoryChecks::look_at_metadata() {
  try {
    trusted_.get();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kExpired || error.code() == ErrorCode::kServerError) fail_expired(error);
    if (error.code() == ErrorCode::kRepositoryBroken) fail_broken(error);
    throw;
  }
  warn_of_expiry();
  const tuf::TrustedRepository& repository = trusted();
  std::vector<std::string> roles;
  for (const tuf::RoleView& role : tuf::view_roles(repository))
    roles.push_back(role.name.text() + " " + std::to_string(role.version));
  return "verified: " + tuf::join(roles);
}

std::optional<tuf::TrustedRepository> RepositoryChecks::load_with(const tuf::Tolerance& tolerance) {
  Run::Repository& open = server_.repository();
  LoadRequest request = open.load;
  request.tolerate = tolerance;
  std::vector<tuf::Warning> said_already;
  try {
    return load_repository({*open.store, open.seen, request}, said_already);
  } catch (const Error&) {
    return std::nullopt;  // more than that is wrong
  }
}

/// Whose business it is depends on the role. A server that can make no timestamp because a snapshot that it
/// does not sign has expired is in trouble, and says no more.
void RepositoryChecks::fail_expired(const Error& error) {
  const auto repository = load_with({.expiry = true});
  if (!repository) throw Ailment(error);
  const std::vector<tuf::RoleExpiry> roles = tuf::role_expiries(*repository, false);
  const auto first = std::find_if(roles.begin(), roles.end(), [&](const tuf::RoleExpiry& role) {
    return role.expires <= patient_.run.now();
  });
  if (first == roles.end()) throw Ailment(error);
  if (first->name == "timestamp") {
    throw Ailment(
        "timestamp-expired",
        error.with_hint("only the server can renew it: whoever runs it looks at notary-server's keys and "
                        "clock"));
  }
  const std::string hint =
      "whoever holds the " + first->name + " key runs: countersign repo refresh " + patient_.gun->text();
  if (error.code() == ErrorCode::kExpired) throw Ailment(first->name + "-expired", error.with_hint(hint));
  throw Ailment(first->name + "-expired",
                Error(ErrorCode::kExpired,
                      "the " + first->name + " of " + patient_.gun->text() + " expired at " +
                          tuf::format_time(first->expires) + ", and the server fails for it: " + error.what(),
                      hint));
}

/// Stored in a form that the server does not find again (section 2.5), or lost.
void RepositoryChecks::fail_broken(const Error& error) {
  if (!load_with({.other_form = true})) throw Ailment(error);
  throw Ailment(
      "role-unservable",
      error.with_hint("whoever holds that role's key runs: countersign repo repair " + patient_.gun->text()));
}

void RepositoryChecks::warn_of_expiry() {
  for (tuf::Warning& warning : health_warnings(trusted())) patient_.warnings.push_back(std::move(warning));
}

}  // namespace agent
