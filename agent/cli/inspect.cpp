// inspect: signatures, signers and administrative keys, in our own form, in Docker's JSON and in Docker's
// text.
#include <algorithm>
#include <map>

#include "agent/cli/commands.h"
#include "agent/cli/repository_command.h"
#include "agent/names/image_reference.h"
#include "agent/report/docker_inspect.h"
#include "agent/report/repository_report.h"
#include "agent/report/text_table.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/warning.h"
#include "tuf/base/words.h"
#include "tuf/keys/public_key.h"
#include "tuf/view/health.h"
#include "tuf/view/tag_view.h"

namespace agent {
namespace {

struct InspectOptions {
  std::string subject;  // repository or image
  bool pretty = false;
};

struct DelegationListOptions {
  std::string repository;
};

/// IDs of a role's keys in both forms, with what kind of key each is, and whether it has signed the present
/// file.
OrderedJson describe_keys(const std::map<tuf::KeyId, tuf::KeyObject>& keys,
                          const std::vector<tuf::KeyId>& ids, const std::vector<tuf::KeyId>& signers) {
  OrderedJson list = OrderedJson::array();
  for (const tuf::KeyId& id : ids) {
    OrderedJson entry = {{"id", id.hex()}};
    const auto found = keys.find(id);
    const auto key = found == keys.end() ? std::nullopt : tuf::PublicKey::from_object(found->second);
    if (key) {
      entry["canonical_id"] = key->canonical_id().hex();
      entry["type"] = key->description();
      entry["certificate"] = key->id() != key->canonical_id();
    }
    entry["signed"] = key && std::find(signers.begin(), signers.end(), key->canonical_id()) != signers.end();
    list.push_back(std::move(entry));
  }
  return list;
}

OrderedJson describe_delegations(const tuf::TrustedRepository& repository) {
  OrderedJson list = OrderedJson::array();
  for (const tuf::Delegation& delegation : repository.delegations()) {
    OrderedJson entry = {{"name", delegation.role.name.text()},
                         {"state", tuf::to_string(delegation.state)},
                         {"paths", delegation.role.paths},
                         {"threshold", delegation.role.threshold},
                         {"keys", describe_keys(delegation.keys, delegation.role.key_ids,
                                                tuf::file_signers(repository, delegation.role.name))}};
    if (delegation.stored_version) entry["version"] = delegation.stored_version;
    if (delegation.metadata) entry["expires"] = tuf::format_time(delegation.metadata->body.expires);
    if (delegation.problem) entry["problem"] = tuf::printable(delegation.problem->what());
    list.push_back(std::move(entry));
  }
  return list;
}

/// Each once: a key that is listed bare and in a certificate is one key.
std::string canonical_ids(const OrderedJson& keys) {
  std::map<std::string, int> forms;
  std::vector<std::string> ids;
  for (const OrderedJson& key : keys) {
    const std::string id = key.value("canonical_id", key.value("id", ""));
    if (++forms[id] == 1) ids.push_back(id);
  }
  for (std::string& id : ids)
    if (forms[id] > 1) id += " (in " + std::to_string(forms[id]) + " forms)";
  return tuf::join(ids);
}

/// Which of a role's keys have signed its present file: "639830a"; "-" if none.
std::string shown_file_signers(const tuf::TrustedRepository& repository, const tuf::RoleName& role) {
  const std::string signers = short_forms(tuf::file_signers(repository, role));
  return signers.empty() ? "-" : signers;
}

std::string shown_paths(const std::vector<std::string>& paths) {
  std::vector<std::string> shown;
  for (const std::string& path : paths) shown.push_back(path.empty() ? "all" : path);
  return shown.empty() ? "none" : tuf::join(shown);
}

void write_text(const tuf::TrustedRepository& repository, const std::vector<tuf::TagView>& tags,
                const OrderedJson& delegations, const OrderedJson& administrative,
                std::vector<std::string>& text) {
  const auto append = [&](const TextTable& table) {
    for (std::string& line : table.lines()) text.push_back(std::move(line));
  };
  const auto by = [&](const char* role) { return shown_file_signers(repository, tuf::RoleName::of(role)); };
  text.push_back("Repository  " + repository.gun().text());
  text.push_back("Root        version " + std::to_string(repository.root().body.version) + ", key " +
                 administrative["root"][0].value("id", "") + " (in key list " +
                 canonical_ids(administrative["root"]) + "), expires " +
                 tuf::format_time(repository.root().body.expires) + ", signed by " + by("root"));
  text.push_back("Targets     version " + std::to_string(repository.targets().body.version) + ", key " +
                 canonical_ids(administrative["targets"]) + ", expires " +
                 tuf::format_time(repository.targets().body.expires) + ", signed by " + by("targets"));
  text.push_back("");
  TextTable roles({"DELEGATION", "STATE", "VERSION", "EXPIRES", "PATHS", "THRESHOLD", "SIGNED BY", "KEYS"});
  for (std::size_t i = 0; i < repository.delegations().size(); ++i) {
    const tuf::Delegation& delegation = repository.delegations()[i];
    const auto& file = delegation.metadata;
    roles.add({delegation.role.name.text(), std::string(tuf::to_string(delegation.state)),
               delegation.stored_version ? std::to_string(delegation.stored_version) : "-",
               file ? tuf::format_time(file->body.expires) : "-", shown_paths(delegation.role.paths),
               std::to_string(delegation.role.threshold),
               shown_file_signers(repository, delegation.role.name), canonical_ids(delegations[i]["keys"])});
  }
  append(roles);
  text.push_back("");
  TextTable table({"TAG", "DIGEST", "SIZE", "SIGNERS", "ROLES"});
  for (const tuf::TagView& tag : tags) {
    table.add({tag.name, tag.digest(), std::to_string(tag.target.length), shown_signers(repository, tag),
               tuf::join(tuf::names_of(tag.roles)) + (tag.released ? "" : " (not released)")});
  }
  append(table);
}

/// What the entries of one tag say of their origin, once for roles that say the same.
void write_provenance(const std::vector<TargetReport>& targets, std::vector<std::string>& text) {
  TextTable table({"PROVENANCE IN", "KEY", "VALUE, AS THE SIGNER'S CI CLAIMED"});
  bool any = false;
  for (const TargetReport& target : targets) {
    if (!target.more.contains("provenance")) continue;
    std::map<OrderedJson, std::vector<std::string>> roles;  // by what they say
    for (const auto& [role, values] : target.more["provenance"].items()) roles[values].push_back(role);
    for (const auto& [values, names] : roles) {
      for (const auto& [key, value] : values.items())
        table.add({tuf::join(names), key, value.get<std::string>()});
      any = true;
    }
  }
  if (!any) return;
  text.push_back("");
  for (std::string& line : table.lines()) text.push_back(std::move(line));
}

void inspect(const InspectOptions& options, Run& run, Report& report) {
  const ImageReference subject = parse_image(options.subject);
  const tuf::TrustedRepository trusted = look_at(subject.gun, run, report);
  RepositoryReport& described = report.repositories.back();
  std::vector<tuf::TagView> tags =
      subject.tag ? tuf::view_tag(trusted, *subject.tag) : tuf::view_tags(trusted);
  if (subject.tag && tags.empty()) {
    throw tuf::Error(tuf::ErrorCode::kNotSigned, subject.gun.text() + ":" + *subject.tag + " is not signed");
  }
  if (report.format == OutputFormat::kDocker || options.pretty) {
    const std::string shown = subject.tag ? options.subject : subject.gun.text();
    report.text = options.pretty ? docker_pretty(trusted, tags, shown)
                                 : std::vector{docker_json(trusted, tags, options.subject)};
    return;
  }
  described.roles = tuf::view_roles(trusted);
  for (const tuf::TagView& tag : tags) {
    TargetReport& target = described.targets.emplace_back(describe_target(tag));
    OrderedJson provenance = describe_provenance(trusted, tag.roles, tag.name);
    if (!provenance.empty()) target.more["provenance"] = std::move(provenance);
  }
  const tuf::Root& root = trusted.root().body;
  OrderedJson administrative;
  for (const char* role : {"root", "targets", "snapshot", "timestamp"}) {
    administrative[role] = describe_keys(root.keys, root.roles.at(role).key_ids,
                                         tuf::file_signers(trusted, tuf::RoleName::of(role)));
  }
  OrderedJson delegations = describe_delegations(trusted);
  write_text(trusted, tags, delegations, administrative, report.text);
  if (subject.tag) write_provenance(described.targets, report.text);
  described.more["administrative_keys"] = std::move(administrative);
  described.more["delegations"] = std::move(delegations);
  for (tuf::Warning& warning : health_warnings(trusted)) report.warnings.push_back(std::move(warning));
}

void delegation_list(const DelegationListOptions& options, Run& run, Report& report) {
  const tuf::TrustedRepository trusted = look_at(parse_repository(options.repository), run, report);
  RepositoryReport& described = report.repositories.back();
  OrderedJson delegations = describe_delegations(trusted);
  TextTable table({"ROLE", "STATE", "PATHS", "THRESHOLD", "SIGNED BY", "KEY IDS"});
  for (std::size_t i = 0; i < trusted.delegations().size(); ++i) {
    const tuf::Delegation& delegation = trusted.delegations()[i];
    table.add({delegation.role.name.text(), std::string(tuf::to_string(delegation.state)),
               shown_paths(delegation.role.paths), std::to_string(delegation.role.threshold),
               shown_file_signers(trusted, delegation.role.name), canonical_ids(delegations[i]["keys"])});
  }
  report.text =
      trusted.delegations().empty() ? std::vector{"no delegations in " + described.gun} : table.lines();
  described.more["delegations"] = std::move(delegations);
}

}  // namespace

void add_inspect(Grammar& grammar) {
  auto options = std::make_shared<InspectOptions>();
  CLI::App* c = grammar.command("inspect", "Signatures, signers and administrative keys", options, inspect);
  add_operand(c, "subject", options->subject, "REPO|IMAGE");
  add_flag(c, "--pretty", options->pretty, "The text of `docker trust inspect --pretty`");
  grammar.also_prints(c, OutputFormat::kDocker);
}

void add_delegation_list(Grammar& grammar) {
  auto options = std::make_shared<DelegationListOptions>();
  CLI::App* c =
      grammar.command("delegation list", "Delegations with keys, paths and state", options, delegation_list);
  add_operand(c, "repository", options->repository, "REPO");
}
}  // namespace agent
