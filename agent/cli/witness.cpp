// witness: signs delegations anew, whoever has signed them before.
#include "agent/cli/administration.h"
#include "agent/cli/commands.h"
#include "agent/cli/policy_options.h"
#include "agent/cli/repository_command.h"
#include "agent/cli/role_operand.h"
#include "agent/names/image_reference.h"
#include "agent/work/witness_roles.h"
#include "tuf/base/error.h"
#include "tuf/base/warning.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

struct WitnessOptions {
  std::string repository;
  std::vector<std::string> roles;
  bool adopt = false;
  bool empty = false;
  bool bind = false;
  PolicyOptions policy;
};

/// What can be read is no less than it was: --empty is for what cannot.
void warn_of_what_stays(const tuf::TrustedRepository& repository, const std::vector<tuf::RoleName>& roles,
                        Report& report) {
  for (const tuf::RoleName& role : roles) {
    const tuf::Delegation* delegation = repository.find_delegation(role);
    if (!delegation || !delegation->metadata || delegation->metadata->body.targets.empty()) continue;
    report.warnings.push_back(
        {"NOT_EMPTIED", role.text() + " of " + repository.gun().text() +
                            " could be read, so it keeps what it holds; that is taken out "
                            "by name, with: countersign revoke"});
  }
}

void witness(const WitnessOptions& options, Run& run, Report& report) {
  if (options.adopt && options.empty) {
    throw Error(ErrorCode::kUsage, "--adopt and --empty exclude each other", "give only one of them");
  }
  std::vector<tuf::RoleName> roles;
  for (const std::string& role : options.roles) roles.push_back(parse_delegation(role));
  const std::unique_ptr<const Policy> policy = find_signing_policy(options.policy, run.settings());
  if (options.bind && !policy) {
    throw Error(ErrorCode::kUsage, "--bind is for what a policy allows, and none is given",
                "add --policy FILE");
  }
  const UnverifiedContent content = options.adopt   ? UnverifiedContent::kAdopt
                                    : options.empty ? UnverifiedContent::kEmpty
                                                    : UnverifiedContent::kRefuse;
  Run::Repository open = run.open(parse_repository(options.repository), Access::kPublish);
  open.load.nested = roles;
  const std::string object = tuf::join(tuf::names_of(roles)) + " anew";
  hsm::KeyRing& keys = run.administrator_keys();
  const auto how = [&](const PolicyGuard*) { return witness_roles(*open.store, roles, content, keys); };
  const PublishedChanges changes = change(open,
                                          {how,
                                           keys,
                                           policy.get(),
                                           options.policy,
                                           {.named = {roles.begin(), roles.end()}, .bind = options.bind}},
                                          {"signed " + object, "sign " + object}, run, report);
  if (options.empty) warn_of_what_stays(changes.repository, roles, report);
}

}  // namespace

void add_witness(Grammar& grammar) {
  auto options = std::make_shared<WitnessOptions>();
  CLI::App* c =
      grammar.command("witness", "Sign delegations anew, also those whose signer has left", options, witness);
  add_operand(c, "repository", options->repository, "REPO");
  add_operand(c, "role", options->roles, "ROLE");
  grammar.add_signing_keys(c);
  add_flag(c, "--adopt", options->adopt, "Take over content that no trusted key has signed");
  add_flag(c, "--empty", options->empty, "Replace such content by nothing");
  add_flag(c, "--bind", options->bind,
           "Say of all that the policy allows that it was signed for this role; look at it first");
  add_policy_options(c, options->policy, "Sign nothing foreign anew");
  grammar.example(c, "countersign witness registry.example.com/team/app targets/jenkins");
}

}  // namespace agent
