#include "agent/report/repository_report.h"

#include <algorithm>

#include "tuf/base/digest.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/base/printable.h"
#include "tuf/base/warning.h"
#include "tuf/base/words.h"
#include "tuf/view/provenance.h"
#include "tuf/view/role_expiry.h"

namespace agent {
namespace {

using tuf::RoleName;

/// As the official clients warn (section 7.4).
constexpr tuf::Days kNearingExpiry{183};

template <class T>
std::vector<tuf::KeyId> signers_of(const tuf::Metadata<T>& file, const tuf::RoleAuthority& authority) {
  std::vector<tuf::KeyId> signers;
  for (const tuf::PublicKey& key : authority.keys()) {
    const tuf::KeyId id = key.canonical_id();  // a key may be listed in two forms
    if (tuf::is_signed_by(key, file.signed_text, file.signatures) &&
        std::find(signers.begin(), signers.end(), id) == signers.end())
      signers.push_back(id);
  }
  return signers;
}

template <class T>
RoleReport describe_file(const RoleName& role, const tuf::Metadata<T>& file,
                         const std::vector<tuf::KeyId>& keys, const tuf::RoleAuthority& authority) {
  RoleReport report;
  report.name = role.text();
  report.version = file.body.version;
  report.expires = tuf::format_time(file.body.expires);
  report.length = static_cast<std::int64_t>(file.bytes.size());
  report.sha256 = tuf::to_hex(tuf::sha256(tuf::as_bytes(file.bytes)));
  for (const tuf::KeyId& id : keys) report.key_ids.push_back(id.hex());
  for (const tuf::PublicKey& key : authority.keys())
    report.canonical_key_ids.push_back(key.canonical_id().hex());
  for (const tuf::KeyId& id : signers_of(file, authority)) report.signed_by_key_ids.push_back(id.hex());
  return report;
}

/// Calls `use` with the role's file and who may sign it; not for a delegation whose file is not read.
template <class Use>
void with_file(const tuf::TrustedRepository& repository, const RoleName& role, Use use) {
  if (const tuf::Delegation* delegation = repository.find_delegation(role)) {
    if (delegation->metadata) use(*delegation->metadata, delegation->role.key_ids, delegation->authority);
    return;
  }
  const auto use_top = [&](const auto& file) {
    const tuf::Root& root = repository.root().body;
    use(file, root.role(role).key_ids, tuf::RoleAuthority::of(root, role));
  };
  if (role.text() == "root") use_top(repository.root());
  if (role.text() == "targets") use_top(repository.targets());
  if (role.text() == "snapshot") use_top(repository.snapshot());
  if (role.text() == "timestamp" && repository.has_timestamp()) use_top(repository.timestamp());
}

}  // namespace

RoleReport describe_role(const tuf::TrustedRepository& repository, const RoleName& role) {
  std::optional<RoleReport> report;
  with_file(repository, role, [&](const auto& file, const auto& keys, const auto& authority) {
    report = describe_file(role, file, keys, authority);
  });
  if (!report) throw tuf::Error(tuf::ErrorCode::kInternal, role.text() + " has no file");
  return *report;
}

std::vector<tuf::KeyId> file_signers(const tuf::TrustedRepository& repository, const RoleName& role) {
  std::vector<tuf::KeyId> signers;
  with_file(repository, role, [&](const auto& file, const auto&, const auto& authority) {
    signers = signers_of(file, authority);
  });
  return signers;
}

std::vector<RoleReport> describe_roles(const tuf::TrustedRepository& repository) {
  std::vector<RoleReport> reports;
  for (const char* name : {"root", "targets", "snapshot", "timestamp"}) {
    if (name == std::string_view("timestamp") && !repository.has_timestamp()) continue;
    reports.push_back(describe_role(repository, RoleName::of(name)));
  }
  for (const tuf::Delegation& delegation : repository.delegations()) {
    if (delegation.metadata) reports.push_back(describe_role(repository, delegation.role.name));
  }
  return reports;
}

TargetReport describe_target(const tuf::TagView& view) {
  TargetReport report;
  report.name = view.name;
  report.digest = view.digest();
  report.length = view.target.length;
  report.roles = tuf::names_of(view.roles);
  report.signers = view.signers();
  report.released = view.released;
  report.more["signer"] = signer_kind(view);
  return report;
}

const char* signer_kind(const tuf::TagView& view) {
  if (!view.signers().empty()) return "identity";
  return view.is_in(RoleName::of("targets")) ? "administrator" : "unknown";
}

std::string signed_by(const tuf::TrustedRepository& repository, const tuf::TagView& view) {
  if (!view.signers().empty()) return "signed by " + tuf::join(view.signers());
  if (view.is_in(RoleName::of("targets"))) return "signed by the repository's administrator";
  const RoleName& role = view.releasing_role();
  return "signed and released; which signer is not known (key " +
         short_forms(file_signers(repository, role)) + " of " + role.text() + ")";
}

std::string shown_signers(const tuf::TrustedRepository& repository, const tuf::TagView& view) {
  if (!view.signers().empty() || !view.released) return tuf::join(view.signers());
  if (view.is_in(RoleName::of("targets"))) return "(administrator)";
  return "(key " + short_forms(file_signers(repository, view.releasing_role())) + ")";
}

std::vector<tuf::KeyId> canonical_ids(const std::vector<tuf::PublicKey>& keys) {
  std::vector<tuf::KeyId> ids;
  for (const tuf::PublicKey& key : keys) ids.push_back(key.canonical_id());
  return ids;
}

std::string short_forms(const std::vector<tuf::KeyId>& keys) {
  std::vector<std::string> words;
  for (const tuf::KeyId& key : keys) words.push_back(key.short_form());
  return tuf::join(words);
}

OrderedJson describe_provenance(const tuf::TrustedRepository& repository, const std::vector<RoleName>& roles,
                                const std::string& name) {
  OrderedJson by_role = OrderedJson::object();
  for (const RoleName& role : roles) {
    const tuf::Target* target = repository.find_target(role, name);
    const auto provenance = target ? tuf::find_provenance(*target) : std::nullopt;
    if (!provenance) continue;
    OrderedJson& values = by_role[role.text()] = OrderedJson::object();
    for (const auto& [key, value] : *provenance) values[tuf::printable(key)] = tuf::printable(value);
  }
  return by_role;
}

std::string trust_root_of(const tuf::TrustedRepository& repository) {
  const auto& keys = repository.root().body.role(RoleName::of("root")).key_ids;
  if (keys.empty()) throw tuf::Error(tuf::ErrorCode::kInternal, "a verified root without keys");
  return keys.front().hex();
}

std::optional<std::string> canonical_trust_root_of(const tuf::TrustedRepository& repository) {
  const auto& keys = repository.root().body.keys;
  const auto found = keys.find(*tuf::KeyId::parse(trust_root_of(repository)));
  const auto key = found == keys.end() ? std::nullopt : tuf::PublicKey::from_object(found->second);
  return key ? std::optional(key->canonical_id().hex()) : std::nullopt;
}

void describe_trust_root(const tuf::TrustedRepository& repository, RepositoryReport& report) {
  report.trust_root = trust_root_of(repository);
  if (const auto canonical = canonical_trust_root_of(repository))
    report.more["trust_root_canonical_id"] = *canonical;
}

std::vector<tuf::Warning> health_warnings(const tuf::TrustedRepository& repository) {
  std::vector<tuf::Warning> warnings;
  const auto check = [&](const std::string& role, tuf::Time expires) {
    if (expires > repository.now() + kNearingExpiry) return;
    warnings.push_back({"EXPIRES_SOON", role + " of " + repository.gun().text() + " expires at " +
                                            tuf::format_time(expires)});
  };
  check("root", repository.root().body.expires);
  for (const tuf::RoleExpiry& role : tuf::role_expiries(repository, true)) {
    if (role.name == "root certificate") check(role.name, role.expires);
  }
  check("targets", repository.targets().body.expires);
  for (const tuf::Delegation& delegation : repository.delegations()) {
    const std::string& role = delegation.role.name.text();
    if (delegation.state == tuf::Delegation::State::kUsable) check(role, delegation.metadata->body.expires);
    if (delegation.problem) {
      warnings.push_back({"ROLE_UNUSABLE", role + " of " + repository.gun().text() + " is not read (" +
                                               std::string(tuf::to_string(delegation.state)) +
                                               "): " + delegation.problem->what()});
    }
  }
  return warnings;
}

}  // namespace agent
