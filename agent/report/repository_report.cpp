#include "agent/report/repository_report.h"

#include "tuf/base/printable.h"
#include "tuf/base/words.h"
#include "tuf/view/provenance.h"

namespace agent {

using tuf::RoleName;

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
  return view.is_in(RoleName::targets()) ? "administrator" : "unknown";
}

std::string signed_by(const tuf::TrustedRepository& repository, const tuf::TagView& view) {
  if (!view.signers().empty()) return "signed by " + tuf::join(view.signers());
  if (view.is_in(RoleName::targets())) return "signed by the repository's administrator";
  const RoleName& role = view.releasing_role();
  return "signed and released; which signer is not known (key " +
         short_forms(tuf::file_signers(repository, role)) + " of " + role.text() + ")";
}

std::string shown_signers(const tuf::TrustedRepository& repository, const tuf::TagView& view) {
  if (!view.signers().empty() || !view.released) return tuf::join(view.signers());
  if (view.is_in(RoleName::targets())) return "(administrator)";
  return "(key " + short_forms(tuf::file_signers(repository, view.releasing_role())) + ")";
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
    const auto target = repository.find_target(role, name);
    const auto provenance = target ? tuf::find_provenance(*target) : std::nullopt;
    if (!provenance) continue;
    OrderedJson& values = by_role[role.text()] = OrderedJson::object();
    for (const auto& [key, value] : *provenance) values[tuf::printable(key)] = tuf::printable(value);
  }
  return by_role;
}

void describe_trust_root(const tuf::TrustedRepository& repository, RepositoryReport& report) {
  report.trust_root = tuf::trust_root_of(repository);
  if (const auto canonical = tuf::canonical_trust_root_of(repository))
    report.more["trust_root_canonical_id"] = *canonical;
}

void note_root_key(const RepositoryReport& described, Report& report) {
  const std::string canonical = described.more.value("trust_root_canonical_id", "");
  if (canonical.empty()) return;
  report.notes.push_back("trust root " + *described.trust_root + " of " + described.gun + " is key " +
                         canonical + " of key list and of key files; --trust-root takes either");
}

}  // namespace agent
