#include "agent/cli/changing.h"

#include "agent/image/image_reference.h"
#include "agent/report/printable.h"
#include "agent/report/repository_report.h"
#include "agent/workflow/change_signers.h"
#include "agent/workflow/signing_keys.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

constexpr std::size_t kMaxNamed = 10;  // entries in one line

}  // namespace

std::string first_of(const std::vector<std::string>& names) {
  std::vector<std::string> first;
  for (std::size_t i = 0; i < names.size() && i < kMaxNamed; ++i) first.push_back(printable(names[i], 128));
  return join(first) +
         (names.size() > kMaxNamed ? " and " + std::to_string(names.size() - kMaxNamed) + " more" : "");
}

RepositoryReport& start_report(const Runtime::Repository& repository, Report& report) {
  RepositoryReport& described = report.repositories.emplace_back();
  described.gun = repository.load.gun.text();
  described.server = repository.store->name();
  described.published = false;
  return described;
}

void describe(const tuf::TrustedRepository& trusted, RepositoryReport& described) {
  describe_trust_root(trusted, described);
  described.roles = describe_roles(trusted);
}

void describe_signed_anew(const std::vector<SigningGate::SignedAnew>& anew, RepositoryReport& repository,
                          std::vector<Warning>& warnings) {
  if (anew.empty()) return;
  OrderedJson list = OrderedJson::array();
  for (const SigningGate::SignedAnew& role : anew) {
    list.push_back({{"role", role.role.text()}, {"entries", role.entries}, {"adopted", role.adopted}});
    if (!role.delegations.empty()) list.back()["delegations"] = role.delegations;
    if (!role.adopted) continue;
    std::vector<std::string> what = role.entries;
    for (const std::string& delegation : role.delegations) what.push_back("delegation " + delegation);
    warnings.push_back(
        {"ADOPTED", role.role.text() + " of " + repository.gun +
                        " was signed by another key, and is signed anew with what that key has "
                        "put into it: " +
                        first_of(what)});
  }
  repository.more["signed_anew"] = std::move(list);
}

void describe_rehearsal(const PublishedChanges& changes, RepositoryReport& repository,
                        std::vector<std::string>& text) {
  OrderedJson files = OrderedJson::array();
  for (const auto& file : changes.files) {
    files.push_back({{"role", file.role.text()}, {"version", file.version}, {"bytes", file.bytes.size()}});
    text.push_back("  would publish " + file.role.text() + " version " + std::to_string(file.version) + " (" +
                   std::to_string(file.bytes.size()) + " bytes)");
  }
  repository.more["would_publish"] = std::move(files);
}

namespace {

/// What a rehearsal tells of who may sign, and of what pullers get.
struct Effects {
  std::vector<SignerChange> signers;
  std::vector<std::string> vanishing;
};

std::string key_list(const std::vector<tuf::KeyId>& keys) {
  std::vector<std::string> words;
  for (const tuf::KeyId& key : keys) words.push_back(key.short_form());
  return (keys.size() == 1 ? "key " : "keys ") + join(words);
}

std::vector<std::string> hex_list(const std::vector<tuf::KeyId>& keys) {
  std::vector<std::string> words;
  for (const tuf::KeyId& key : keys) words.push_back(key.hex());
  return words;
}

void describe_effects(const Effects& effects, RepositoryReport& repository, std::vector<std::string>& text) {
  OrderedJson roles = OrderedJson::array();
  for (const SignerChange& change : effects.signers) {
    const std::string name = change.name.text();
    const char* role = change.role == SignerChange::Role::kComes  ? "new"
                       : change.role == SignerChange::Role::kGoes ? "removed"
                                                                  : "changed";
    roles.push_back({{"name", name},
                     {"role", role},
                     {"keys_added", hex_list(change.added)},
                     {"keys_removed", hex_list(change.removed)}});
    if (!change.added.empty()) text.push_back("  would add " + key_list(change.added) + " to " + name);
    if (!change.removed.empty()) {
      const bool goes = change.role == SignerChange::Role::kGoes;
      text.push_back("  would take " + (goes ? name + " out, with " : "") + key_list(change.removed) +
                     (goes ? "" : " out of " + name));
    }
  }
  if (!effects.signers.empty()) repository.more["would_change"] = std::move(roles);
  repository.more["would_hide"] = effects.vanishing;
  if (!effects.vanishing.empty())
    text.push_back("  pullers would no longer see " + first_of(effects.vanishing) + ", which takes --yes");
}

}  // namespace

PublishedChanges change(Runtime::Repository& repository, const ChangeRepository& how, SigningGate& gate,
                        const ChangeWords& words, Runtime& runtime, Report& report) {
  Effects effects;
  const ChangeRepository rehearsed = [&](const tuf::TrustedRepository& trusted, tuf::RepositoryDraft& draft) {
    how(trusted, draft);
    if (!draft.empty()) effects = {changes_of_signers(trusted, draft), tags_that_vanish(trusted, draft)};
  };
  RepositoryReport& described = start_report(repository, report);
  PublishedChanges changes = publish_changes(
      *repository.store, repository.seen, repository.load, runtime.dry_run() ? rehearsed : how,
      gate.as_function(), signer_look_up(runtime.keys()), runtime.publish_options(), report.warnings);
  described.published = changes.published;
  described.attempts = changes.attempts;
  std::string which;
  if (words.names_roles) {
    std::vector<tuf::RoleName> roles;
    for (const auto& file : changes.files) roles.push_back(file.role);
    which = ": " + join(names_of(roles));
  }
  if (changes.published) described.more["change"] = words.done + which;
  describe(changes.repository, described);
  const bool would = runtime.dry_run() && !changes.files.empty();
  std::vector<std::string> next;
  if (changes.published && words.next) next = words.next(changes.repository);
  if (!next.empty()) described.more["next"] = next;
  report.text.push_back(described.gun + ": " +
                        (would               ? "would " + words.plan + which
                         : changes.published ? words.done + which
                                             : "unchanged"));
  if (changes.published || would) {
    describe_signed_anew(gate.signed_anew(), described, report.warnings);
    for (const SigningGate::SignedAnew& role : gate.signed_anew()) {
      if (!role.entries.empty())
        report.text.push_back("  signed anew in " + role.role.text() + ": " + first_of(role.entries));
      if (!role.delegations.empty())
        report.text.push_back("  who signs below " + role.role.text() + ": " + first_of(role.delegations));
    }
  }
  if (would) {
    describe_effects(effects, described, report.text);
    describe_rehearsal(changes, described, report.text);
  }
  for (const std::string& step : next) report.text.push_back("  next: " + step);
  for (Warning& warning : health_warnings(changes.repository)) report.warnings.push_back(std::move(warning));
  return changes;
}

void for_each_repository(const std::vector<std::string>& repositories, Report& report,
                         const std::function<void(const tuf::Gun&)>& each) {
  std::vector<tuf::Gun> guns;
  for (const std::string& repository : repositories) guns.push_back(parse_repository(repository));
  std::optional<tuf::Error> first_failure;
  std::vector<std::string> failed;
  for (const tuf::Gun& gun : guns) {
    try {
      each(gun);
    } catch (const tuf::Error& error) {
      report.text.push_back(gun.text() + ": failed");
      failed.push_back(gun.text());
      if (!first_failure) first_failure = error.with_value("REPO", gun.text());
    }
  }
  if (first_failure && guns.size() > 1) throw first_failure->with_context("failed for " + join(failed));
  if (first_failure) throw tuf::Error(*first_failure);
}

}  // namespace agent
