#include "agent/report/change_report.h"

#include <algorithm>

#include "agent/report/repository_report.h"
#include "tuf/base/words.h"
#include "tuf/view/health.h"

namespace agent {
namespace {

std::string key_list(const std::vector<tuf::KeyId>& keys) {
  std::vector<std::string> words;
  for (const tuf::KeyId& key : keys) words.push_back(key.short_form());
  return (keys.size() == 1 ? "key " : "keys ") + tuf::join(words);
}

std::vector<std::string> hex_list(const std::vector<tuf::KeyId>& keys) {
  std::vector<std::string> words;
  for (const tuf::KeyId& key : keys) words.push_back(key.hex());
  return words;
}

std::string tags_of(const std::vector<std::string>& paths) {
  if (std::find(paths.begin(), paths.end(), "") != paths.end()) return "all tags";
  return "tags that begin with " + tuf::first_of(paths);
}

const char* name_of(KeyMaker maker) {
  return maker == KeyMaker::kServer ? "the server" : "this machine";
}

OrderedJson signer_change_json(const SignerChange& change) {
  const char* role = change.role == SignerChange::Role::kComes  ? "new"
                     : change.role == SignerChange::Role::kGoes ? "removed"
                                                                : "changed";
  OrderedJson json = {{"name", change.name.text()},
                      {"role", role},
                      {"keys_added", hex_list(change.added)},
                      {"keys_removed", hex_list(change.removed)}};
  if (!change.paths_added.empty()) json["paths_added"] = change.paths_added;
  if (!change.paths_removed.empty()) json["paths_removed"] = change.paths_removed;
  if (change.threshold != change.threshold_before) {
    json["threshold"] = change.threshold;
    json["threshold_before"] = change.threshold_before;
  }
  return json;
}

void describe_revived(const std::vector<RevivedRole>& roles, bool would, RepositoryReport& repository,
                      Report& report) {
  if (roles.empty()) return;
  OrderedJson list = OrderedJson::array();
  for (const RevivedRole& revived : roles) {
    list.push_back({{"role", revived.role.text()}, {"tags", revived.tags}});
    report.warnings.push_back(
        {"REVIVED", "what was signed in " + revived.role.text() + " of " + repository.gun + " before " +
                        (would ? "would count" : "counts") + " again: " + tuf::first_of(revived.tags)});
    report.text.push_back("  " + std::string(would ? "would revive" : "revived") + " in " +
                          revived.role.text() + ": " + tuf::first_of(revived.tags));
  }
  repository.more["revives"] = std::move(list);
}

}  // namespace

RepositoryReport& start_report(const Run::Repository& repository, Report& report) {
  return start_report(repository.load.gun, repository.store->name(), report);
}

RepositoryReport& start_report(const tuf::Gun& gun, const std::string& server, Report& report) {
  RepositoryReport& described = report.repositories.emplace_back();
  described.gun = gun.text();
  described.server = server;
  described.published = false;
  return described;
}

void describe(const tuf::TrustedRepository& trusted, RepositoryReport& described) {
  describe_trust_root(trusted, described);
  described.roles = tuf::view_roles(trusted);
}

ChangeWords rotation_words(const tuf::RoleName& role, bool by_server, std::vector<StandIn> stand_ins) {
  const std::string& name = role.text();
  ChangeWords words = by_server ? ChangeWords{"the server signs the " + name + " with a new key",
                                              "let the server sign the " + name + " with a new key"}
                                : ChangeWords{"gave " + name + " a new key", "give " + name + " a new key"};
  words.stand_ins = std::move(stand_ins);
  return words;
}

void describe_signed_anew(const std::vector<SigningGate::SignedAnew>& anew, RepositoryReport& repository,
                          std::vector<tuf::Warning>& warnings) {
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
                        tuf::first_of(what)});
  }
  repository.more["signed_anew"] = std::move(list);
}

void describe_rehearsal(const std::vector<tuf::PublishTransaction::File>& published,
                        RepositoryReport& repository, std::vector<std::string>& text) {
  OrderedJson files = OrderedJson::array();
  for (const auto& file : published) {
    files.push_back({{"role", file.role.text()}, {"version", file.version}, {"bytes", file.bytes.size()}});
    text.push_back("  would publish " + file.role.text() + " version " + std::to_string(file.version) + " (" +
                   std::to_string(file.bytes.size()) + " bytes)");
  }
  repository.more["would_publish"] = std::move(files);
}

void describe_signers(std::vector<SignerChange> changes, const std::vector<StandIn>& stand_ins, bool would,
                      RepositoryReport& repository, std::vector<std::string>& text) {
  if (changes.empty()) return;
  OrderedJson roles = OrderedJson::array();
  const auto say = [&](const std::string& plan, const std::string& done, const std::string& what) {
    text.push_back("  " + (would ? "would " + plan : done) + " " + what);
  };
  for (SignerChange& change : changes) {
    const std::string name = change.name.text();
    std::string made_by;
    for (const StandIn& stand_in : stand_ins) {
      if (std::erase(change.added, stand_in.id) > 0) made_by = name_of(stand_in.maker);
    }
    roles.push_back(signer_change_json(change));
    if (!made_by.empty()) {
      roles.back()["new_key_by"] = made_by;
      say("add", "added", "a new key to " + name + ", made by " + made_by);
    }
    if (!change.added.empty()) say("add", "added", key_list(change.added) + " to " + name);
    if (change.role == SignerChange::Role::kGoes) {
      say("take", "took",
          name + " out" + (change.removed.empty() ? "" : ", with " + key_list(change.removed)));
      continue;
    }
    if (!change.removed.empty()) say("take", "took", key_list(change.removed) + " out of " + name);
    if (!change.paths_added.empty()) say("admit", "admitted", tags_of(change.paths_added) + " to " + name);
    if (!change.paths_removed.empty())
      say("no longer admit", "no longer admitted", tags_of(change.paths_removed) + " to " + name);
    const bool comes = change.role == SignerChange::Role::kComes;
    if (change.threshold != (comes ? 1 : change.threshold_before))
      say("have", "had",
          name + " signed by " + std::to_string(change.threshold) + " of its keys" +
              (comes ? "" : ", not " + std::to_string(change.threshold_before)));
  }
  repository.more[would ? "would_change" : "changed"] = std::move(roles);
}

std::string ChangeWords::roles_in(const PublishedChanges& changes) const {
  if (!names_roles) return "";
  std::vector<tuf::RoleName> roles;
  for (const auto& file : changes.files) roles.push_back(file.role);
  return ": " + tuf::join(tuf::names_of(roles));
}

void describe_change(const RepositoryChange& change, const ChangeWords& words, bool dry_run, Report& report) {
  RepositoryReport& described = report.repositories.back();
  const PublishedChanges& changes = *change.result;
  described.published = changes.published;
  described.attempts = changes.attempts;
  if (changes.published) described.more["change"] = words.done_by(changes);
  describe(changes.repository, described);
  const bool would = dry_run && !changes.files.empty();
  std::vector<std::string> next;
  if (changes.published && words.next) next = words.next(changes.repository);
  if (!next.empty()) described.more["next"] = next;
  report.text.push_back(described.gun + ": " +
                        (would               ? "would " + words.plan + words.roles_in(changes)
                         : changes.published ? words.done_by(changes)
                                             : "unchanged"));
  if (changes.published || would) {
    describe_signed_anew(change.signed_anew, described, report.warnings);
    for (const SigningGate::SignedAnew& role : change.signed_anew) {
      if (!role.entries.empty())
        report.text.push_back((would ? "  would sign anew in " : "  signed anew in ") + role.role.text() +
                              ": " + tuf::first_of(role.entries));
      if (!role.delegations.empty())
        report.text.push_back("  who signs below " + role.role.text() + ": " +
                              tuf::first_of(role.delegations));
    }
    describe_signers(change.signers, words.stand_ins, would, described, report.text);
    if (would) {
      described.more["would_hide"] = change.hidden;
      if (!change.hidden.empty())
        report.text.push_back("  pullers would no longer see " + tuf::first_of(change.hidden) +
                              ", which takes --yes");
    }
    describe_revived(change.revived, would, described, report);
  }
  if (would) describe_rehearsal(changes.files, described, report.text);
  for (const std::string& step : next) report.text.push_back("  next: " + step);
  for (tuf::Warning& warning : tuf::health_warnings(changes.repository))
    report.warnings.push_back(std::move(warning));
}

}  // namespace agent
