// delegation add, remove, purge: who may sign a role, of which tags, and how many of them.
#include "agent/cli/administration.h"
#include "agent/cli/commands.h"
#include "agent/cli/policy_options.h"
#include "agent/cli/public_key_operand.h"
#include "agent/cli/role_operand.h"
#include "agent/work/change_signers.h"
#include "agent/work/named_keys.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

struct DelegationAddOptions {
  std::string repository;
  std::string role;
  std::vector<std::string> public_keys;
  std::vector<std::string> paths;
  bool all_paths = false;
  std::optional<int> threshold;
  PolicyOptions policy;
};

struct DelegationRemoveOptions {
  std::string repository;
  std::string role;
  std::vector<std::string> keys;  // IDs
  std::vector<std::string> paths;
  PolicyOptions policy;
};

struct DelegationPurgeOptions {
  std::vector<std::string> repositories;
  std::vector<std::string> keys;  // IDs
  PolicyOptions policy;
};

void delegation_add(const DelegationAddOptions& options, Run& run, Report& report) {
  DelegationToAdd delegation{parse_delegation(options.role), {}, options.paths, options.threshold};
  if (options.all_paths && !options.paths.empty()) {
    throw Error(ErrorCode::kUsage, "--all-paths and --path exclude each other", "give only one of them");
  }
  const bool only_limits =
      options.public_keys.empty() && (options.all_paths || !options.paths.empty() || options.threshold);
  if (!only_limits) delegation.keys = read_signers_keys(options.public_keys, run.now());
  if (options.all_paths) delegation.paths.emplace_back();
  const std::string& role = delegation.role.text();
  const ChangeWords words = only_limits ? ChangeWords{"changed what " + role + " admits or needs",
                                                      "change what " + role + " admits or needs"}
                                        : ChangeWords{"added the keys to " + role, "add the keys to " + role};
  const std::vector<DelegationToAdd> added(only_limits ? 0 : 1, delegation);
  Administration(options.policy, run, report)
      .change_one(options.repository, delegation.role,
                  {.how = [&] { return add_delegations({delegation}, run.administrator_keys()); },
                   .words = words,
                   .added = added});
}

void delegation_remove(const DelegationRemoveOptions& options, Run& run, Report& report) {
  const NamedKeys keys(options.keys, options.repository);
  DelegationToChange what{parse_delegation(options.role), false, {}, {}};
  what.paths.insert(options.paths.begin(), options.paths.end());
  what.remove = keys.empty() && what.paths.empty();
  const std::string object = what.remove ? what.role.text() : "keys or paths of " + what.role.text();
  const Administration administration(options.policy, run, report);
  const auto how = [&](std::set<tuf::KeyId> ids) {
    what.keys = std::move(ids);
    return change_delegation(what, run.administrator_keys(), administration.consent());
  };
  administration.change_one(
      options.repository, what.role,
      {[&] { return with_keys(keys, how); }, {"removed " + object, "remove " + object}});
}

void delegation_purge(const DelegationPurgeOptions& options, Run& run, Report& report) {
  const NamedKeys remove(options.keys, options.repositories.front());
  const Administration administration(options.policy, run, report);
  const auto how = [&] {
    return with_keys(remove, [&](const std::set<tuf::KeyId>& ids) {
      return purge_keys(ids, run.administrator_keys(), administration.consent());
    });
  };
  administration.change_each(options.repositories, {how,
                                                    {"took the keys out of every delegation",
                                                     "take the keys out of every delegation"},
                                                    std::nullopt});
}

}  // namespace

void add_delegations(Grammar& grammar) {
  auto add = std::make_shared<DelegationAddOptions>();
  CLI::App* c = grammar.command("delegation add", "Add keys and paths to a delegation", add, delegation_add);
  add_operand(c, "repository", add->repository, "REPO");
  add_operand(c, "role", add->role, "ROLE");
  add_values(c, "--key", add->public_keys, "Certificate or public key", "PUBLIC");
  add_values(c, "--path", add->paths, "Admit tags with this prefix, too", "PREFIX");
  add_flag(c, "--all-paths", add->all_paths, "Admit all tags (default of a new role)");
  add_value(c, "--threshold", add->threshold, "Signatures needed", "N");
  add_consent(c, add->policy);
  add_policy_options(c, add->policy, "Sign nothing foreign anew");
  grammar.example(c, "countersign delegation add example.com/app targets/qa --key qa.pub --path 1.");

  auto remove = std::make_shared<DelegationRemoveOptions>();
  c = grammar.command("delegation remove", "Take a delegation out, or some of its keys and paths", remove,
                      delegation_remove);
  add_operand(c, "repository", remove->repository, "REPO");
  add_operand(c, "role", remove->role, "ROLE");
  add_values(c, "--key", remove->keys, "Only this key ID", "KEYID");
  // The path that admits all tags is empty.
  grammar.may_be_empty(add_values(c, "--path", remove->paths, "Only this path", "PREFIX"));
  add_consent(c, remove->policy);
  add_policy_options(c, remove->policy, "Sign nothing foreign anew");
  grammar.example(c, "countersign delegation remove example.com/app targets/qa --key 9deed25");

  auto purge_options = std::make_shared<DelegationPurgeOptions>();
  c = grammar.command("delegation purge", "Take a key out of every delegation", purge_options,
                      delegation_purge);
  add_operand(c, "repository", purge_options->repositories, "REPO");
  require(add_values(c, "--key", purge_options->keys, "Key ID", "KEYID"));
  add_consent(c, purge_options->policy);
  add_policy_options(c, purge_options->policy, "Sign nothing foreign anew");
  grammar.example(c, "countersign delegation purge example.com/app --key 9deed25");
}

}  // namespace agent
