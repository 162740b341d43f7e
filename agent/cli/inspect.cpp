// inspect: signatures, signers and administrative keys, in our own form, in Docker's JSON and in Docker's
// text.
#include <map>

#include "agent/cli/commands.h"
#include "agent/cli/repository_command.h"
#include "agent/names/image_reference.h"
#include "agent/report/chain_mermaid.h"
#include "agent/report/chain_svg.h"
#include "agent/report/delegation_report.h"
#include "agent/report/docker_inspect.h"
#include "agent/report/repository_report.h"
#include "agent/report/text_table.h"
#include "tuf/base/error.h"
#include "tuf/base/warning.h"
#include "tuf/base/words.h"
#include "tuf/view/health.h"
#include "tuf/view/tag_view.h"

namespace agent {
namespace {

struct InspectOptions {
  std::string subject;  // repository or image
  bool pretty = false;
};

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
                 shown_keys(administrative["root"]) + "), expires " +
                 tuf::format_time(repository.root().body.expires) + ", signed by " + by("root"));
  text.push_back("Targets     version " + std::to_string(repository.targets().body.version) + ", key " +
                 shown_keys(administrative["targets"]) + ", expires " +
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
               shown_file_signers(repository, delegation.role.name), shown_keys(delegations[i]["keys"])});
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
  for (tuf::Warning& warning : health_warnings(trusted)) report.warnings.push_back(std::move(warning));
  if (report.format == OutputFormat::kSvg || report.format == OutputFormat::kMermaid) {
    const Chain chain = Chain::of(trusted, tags, described.server);
    report.text = {report.format == OutputFormat::kSvg ? chain_svg(chain) : chain_mermaid(chain)};
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
}

}  // namespace

void add_inspect(Grammar& grammar) {
  auto options = std::make_shared<InspectOptions>();
  CLI::App* c = grammar.command("inspect", "Signatures, signers and administrative keys", options, inspect);
  add_operand(c, "subject", options->subject, "REPO|IMAGE");
  grammar.example(c, "countersign inspect registry.example.com/team/app");
  under(c, kOutput);
  add_flag(c, "--pretty", options->pretty, "The text of `docker trust inspect --pretty`");
  grammar.also_prints(c, OutputFormat::kDocker);
  grammar.also_prints(c, OutputFormat::kSvg);
  grammar.also_prints(c, OutputFormat::kMermaid);
}

}  // namespace agent
