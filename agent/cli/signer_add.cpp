// signer add: lets somebody sign into releases and into a role of their own.
#include "agent/cli/administration.h"
#include "agent/cli/commands.h"
#include "agent/cli/public_key_operand.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

struct SignerAddOptions {
  std::string name;
  std::vector<std::string> repositories;
  std::vector<std::string> public_keys;
  PolicyOptions policy;
};

void signer_add(const SignerAddOptions& options, Run& run, Report& report) {
  const auto delegations =
      signer_delegations(options.name, read_signers_keys(options.public_keys, run.now()));
  std::vector<tuf::RoleName> roles;
  for (const DelegationToAdd& delegation : delegations) roles.push_back(delegation.role);
  const std::string where = "the keys to " + tuf::join(tuf::names_of(roles));
  Administration(options.policy, run, report)
      .change_each(options.repositories,
                   {.how = [&] { return add_delegations(delegations, run.administrator_keys()); },
                    .words = {"added " + where, "add " + where},
                    .added = delegations});
}

}  // namespace

void add_signer_add(Grammar& grammar) {
  auto add = std::make_shared<SignerAddOptions>();
  CLI::App* c =
      grammar.command("signer add", "Let NAME sign into targets/releases and targets/NAME", add, signer_add);
  add_operand(c, "name", add->name, "NAME");
  add_operand(c, "repository", add->repositories, "REPO");
  add_values(c, "--key", add->public_keys, "Certificate or public key of the signer", "PUBLIC");
  add_policy_options(c, add->policy, "Sign nothing foreign anew");
  grammar.example(c, "countersign signer add jenkins registry.example.com/team/app --key jenkins.pub");
}

}  // namespace agent
