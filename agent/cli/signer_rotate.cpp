// signer rotate: gives a signer other keys.
#include <algorithm>

#include "agent/cli/administration.h"
#include "agent/cli/commands.h"
#include "agent/cli/public_key_operand.h"
#include "agent/report/repository_report.h"
#include "agent/work/change_signers.h"
#include "agent/work/named_keys.h"
#include "agent/work/signer_name.h"
#include "tuf/base/error.h"
#include "tuf/base/shell_word.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

struct SignerRotateOptions {
  std::string name;
  std::vector<std::string> repositories;
  std::vector<std::string> add;     // files
  std::vector<std::string> remove;  // key IDs
  PolicyOptions policy;
};

/// The keys of the signer's own role that are not among `keys`.
std::vector<tuf::PublicKey> other_keys(const tuf::TrustedRepository& repository, const std::string& name,
                                       const std::vector<tuf::PublicKey>& keys) {
  const tuf::Delegation* role = repository.find_delegation(tuf::RoleName::of("targets/" + name));
  std::vector<tuf::PublicKey> others;
  if (!role) return others;
  for (const tuf::PublicKey& key : role->authority.keys()) {
    const auto same = [&](const tuf::PublicKey& other) { return other.canonical_id() == key.canonical_id(); };
    if (std::none_of(keys.begin(), keys.end(), same)) others.push_back(key);
  }
  return others;
}

/// Whether one of the keys stands in the signer's role in another form, too: then none was replaced.
bool is_listed_twice(const tuf::TrustedRepository& repository, const std::string& name,
                     const std::vector<tuf::PublicKey>& keys) {
  const tuf::Delegation* role = repository.find_delegation(tuf::RoleName::of("targets/" + name));
  return role && std::any_of(keys.begin(), keys.end(), [&](const tuf::PublicKey& key) {
           const auto& listed = role->authority.keys();
           return std::count_if(listed.begin(), listed.end(), [&](const tuf::PublicKey& other) {
                    return other.canonical_id() == key.canonical_id();
                  }) > 1;
         });
}

/// A key that is no user's signs nothing that counts.
std::string until_listed(const std::vector<tuf::PublicKey>& keys, const Policy* policy) {
  std::vector<std::string> strangers;
  for (const tuf::PublicKey& key : keys) {
    if (policy && !policy->user_of(key.canonical_id())) strangers.push_back(key.canonical_id().hex());
  }
  return strangers.empty() ? "" : "once the policy lists " + tuf::join(strangers, " and ") + ", ";
}

/// What stands before a signer whose new key was just added, until the old ones are out.
std::vector<std::string> steps_of_rotation(const tuf::TrustedRepository& repository,
                                           const SignerRotateOptions& options,
                                           const std::vector<tuf::PublicKey>& added, const Policy* policy) {
  const std::string& name = options.name;
  const std::string rotate = "countersign signer rotate " + name + " " + repository.gun().text();
  const auto sign_once = [&](const std::string& where) {
    return "let " + name + " sign once where " + where + ": countersign witness " + repository.gun().text() +
           " targets/releases targets/" + name + " --key " + added.front().canonical_id().short_form();
  };
  if (added.size() == 1 && is_listed_twice(repository, name, added)) {
    return {sign_once("the key is"), "then take its other form out: " + rotate + " --add " +
                                         tuf::shell_path(options.add.front()) + " --remove " +
                                         added.front().canonical_id().short_form()};
  }
  const std::vector<tuf::PublicKey> old = other_keys(repository, name, added);
  if (added.empty() || old.empty() || is_listed_twice(repository, name, added)) return {};
  // Of several, only people know which one is replaced: a role may be shared.
  const bool is_known = old.size() == 1;
  const std::string remove =
      (is_known ? "the old key out: " : "which of " + short_forms(canonical_ids(old)) + " it replaces: ") +
      rotate + " --remove " + (is_known ? old.front().canonical_id().short_form() : "KEY");
  return {until_listed(added, policy) + sign_once("the new key is (the next job does, or)"),
          "then take " + std::string(is_known ? "" : "out ") + remove};
}

void signer_rotate(const SignerRotateOptions& options, Run& run, Report& report) {
  require_signer(options.name, options.repositories.front());
  const NamedKeys remove(options.remove, options.repositories.front());
  std::vector<tuf::PublicKey> add;
  if (!options.add.empty()) add = read_signers_keys(options.add, run.now());
  if (add.empty() && remove.empty()) {
    throw Error(ErrorCode::kUsage, "neither a key to add nor one to remove is named",
                "countersign signer rotate " + options.name + " " +
                    tuf::shell_word(options.repositories.front()) + " --add NEW.pub");
  }
  const auto added = add.empty() ? std::vector<DelegationToAdd>() : signer_delegations(options.name, add);
  const Administration administration(options.policy, run, report);
  const std::string what =
      (add.empty() ? "" : ": added " + short_forms(canonical_ids(add))) +
      (remove.empty() ? ""
                      : std::string(add.empty() ? ": " : ", ") + "took out " + tuf::join(options.remove));
  const auto how = [&] {
    return with_keys(remove, [&](const std::set<tuf::KeyId>& ids) {
      return rotate_signer(options.name, add, ids, run.administrator_keys(), administration.consent());
    });
  };
  const auto steps = [&](const tuf::TrustedRepository& now) {
    return steps_of_rotation(now, options, add, administration.policy());
  };
  administration.change_each(options.repositories,
                             {.how = how,
                              .words = {.done = "changed the keys of signer " + options.name + what,
                                        .plan = "change the keys of signer " + options.name + what,
                                        .next = steps},
                              .added = added});
}

}  // namespace

void add_signer_rotate(Grammar& grammar) {
  auto rotate = std::make_shared<SignerRotateOptions>();
  CLI::App* c =
      grammar.command("signer rotate", "Add and remove keys of NAME in one step", rotate, signer_rotate);
  add_operand(c, "name", rotate->name, "NAME");
  add_operand(c, "repository", rotate->repositories, "REPO");
  add_values(c, "--add", rotate->add, "Certificate or public key", "PUBLIC");
  add_values(c, "--remove", rotate->remove, "Key ID, canonical or TUF, or its first digits", "KEYID");
  add_consent(c, rotate->policy);
  add_policy_options(c, rotate->policy, "Sign nothing foreign anew");
  grammar.example(c, "countersign signer rotate jenkins example.com/app --add b.pub --remove 9deed25");
}

}  // namespace agent
