// signer remove: takes a signer out, and keeps what was released.
#include <utility>

#include "agent/cli/administration.h"
#include "agent/cli/commands.h"
#include "agent/work/change_signers.h"
#include "agent/work/signer_name.h"

namespace agent {
namespace {

struct SignerRemoveOptions {
  std::string name;
  std::vector<std::string> repositories;
  PolicyOptions policy;
};

/// Whoever takes a signer out wants them to release no more: it is said which keys still do.
ChangeRepository telling_what_stays(const std::string& name, std::vector<tuf::Warning>& warnings,
                                    ChangeRepository remove) {
  return [&warnings, name, remove = std::move(remove), said = false](const tuf::TrustedRepository& repository,
                                                                     tuf::RepositoryDraft& draft) mutable {
    remove(repository, draft);
    if (draft.empty() || std::exchange(said, true)) return;
    const auto authority = draft.authority_of(tuf::RoleName::releases());
    if (!authority) return;
    const auto shared = keys_of_others_too(repository, name);
    for (const tuf::PublicKey& key : authority->keys()) {
      const auto other = shared.find(key.canonical_id());
      if (other == shared.end()) continue;
      warnings.push_back({"KEY_STAYS", "key " + key.canonical_id().short_form() + " of " + name +
                                           " stays in targets/releases of " + repository.gun().text() +
                                           ", since " + other->second.text() +
                                           " lists it too: whoever has it can still release"});
    }
  };
}

void signer_remove(const SignerRemoveOptions& options, Run& run, Report& report) {
  require_signer(options.name, options.repositories.front());
  const Administration administration(options.policy, run, report);
  const auto how = [&] {
    return telling_what_stays(
        options.name, report.warnings,
        remove_signer(options.name, run.administrator_keys(), administration.consent()));
  };
  administration.change_each(options.repositories,
                             {how, {"removed signer " + options.name, "remove signer " + options.name}});
}

}  // namespace

void add_signer_remove(Grammar& grammar) {
  auto remove = std::make_shared<SignerRemoveOptions>();
  CLI::App* c =
      grammar.command("signer remove", "Take NAME out, and keep what was released", remove, signer_remove);
  add_operand(c, "name", remove->name, "NAME");
  add_operand(c, "repository", remove->repositories, "REPO");
  add_consent(c, remove->policy);
  add_policy_options(c, remove->policy, "Sign nothing foreign anew");
  grammar.example(c, "countersign signer remove jenkins registry.example.com/team/app");
}

}  // namespace agent
