// signer add|remove|rotate, delegation add|remove|purge, witness: who may sign, and what they have signed.
#include <algorithm>

#include "agent/cli/changing.h"
#include "agent/cli/commands.h"
#include "agent/cli/guarding.h"
#include "agent/cli/operands.h"
#include "agent/names/image_reference.h"
#include "agent/report/repository_report.h"
#include "agent/work/administer.h"
#include "agent/work/change_signers.h"
#include "agent/work/named_keys.h"
#include "agent/work/renew_roles.h"
#include "agent/work/rotate_key.h"
#include "hsm/os/free_name.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"
#include "tuf/base/warning.h"
#include "tuf/base/words.h"
#include "tuf/keys/certificate.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

struct SignerAddOptions {
  std::string name;
  std::vector<std::string> repositories;
  std::vector<std::string> public_keys;
  PolicyOptions policy;
};

struct SignerRemoveOptions {
  std::string name;
  std::vector<std::string> repositories;
  PolicyOptions policy;
};

struct SignerRotateOptions {
  std::string name;
  std::vector<std::string> repositories;
  std::vector<std::string> add;     // files
  std::vector<std::string> remove;  // key IDs
  PolicyOptions policy;
};

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

struct WitnessOptions {
  std::string repository;
  std::vector<std::string> roles;
  bool adopt = false;
  bool empty = false;
  bool bind = false;
  PolicyOptions policy;
};

tuf::RoleName parse_delegation(const std::string& text) {
  const tuf::RoleName role = parse_role(text);
  if (!role.is_delegation()) throw Error(ErrorCode::kInvalidRole, role.text() + " is not a delegation");
  return role;
}

/// What signers are to be known by. A certificate that holds no more is of no use to readers.
std::vector<tuf::PublicKey> read_signers_keys(const std::vector<std::string>& files, tuf::Time now) {
  std::vector<tuf::PublicKey> keys = read_public_keys(files);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto problem = tuf::delegation_certificate_problem(keys[i], now);
    if (!problem) continue;
    const std::string bare = tuf::shell_path(hsm::free_name(files[i], ".pub"));
    throw Error(ErrorCode::kKeyUnsupported, tuf::printable(files[i]) + " cannot be used: " + *problem,
                "name a certificate that holds now, or this one's bare key: openssl x509 -in " +
                    tuf::shell_path(files[i]) + " -noout -pubkey > " + bare + "; then name " + bare);
  }
  return keys;
}

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

/// Of what was added: what is probably not meant, and whether those who are to sign can publish at all.
void warn_of_doubts(const tuf::TrustedRepository& repository, const std::vector<DelegationToAdd>& added,
                    TrustStore& store, Report& report) {
  for (tuf::Warning& doubt : doubts_about(repository, added)) report.warnings.push_back(std::move(doubt));
  if (store_signs_snapshot(store, repository)) return;
  const std::string& gun = repository.gun().text();
  report.warnings.push_back({"SNAPSHOT_BY_CLIENTS", "signers cannot publish to " + gun +
                                                        " without the key of its snapshot; hand that "
                                                        "to the server, once: countersign repo prepare " +
                                                        gun});
}

/// `nested`: what is read below the direct children of `targets` (LoadRequest::nested).
void change_each(const std::vector<std::string>& repositories, const PolicyOptions& options,
                 const Policy* policy, const std::optional<std::vector<tuf::RoleName>>& nested,
                 const std::function<ChangeRepository()>& how, const ChangeWords& words, Run& run,
                 Report& report, const SigningGate::Options& gate = {},
                 const std::vector<DelegationToAdd>& added = {}) {
  for_each_repository(repositories, report, [&](const tuf::Gun& gun) {
    Run::Repository open = run.open(gun, Access::kPublish);
    if (!policy) open.load.nested = nested;  // a policy may demand roles anywhere
    const PublishedChanges changes = change(
        open, {[&](const PolicyGuard*) { return how(); }, run.administrator_keys(), policy, options, gate},
        words, run, report);
    if (!added.empty()) warn_of_doubts(changes.repository, added, *open.store, report);
  });
}

/// --yes, as all have it that take keys or paths from roles.
void add_consent(CLI::App* command, PolicyOptions& options) {
  add_flag(command, "--yes", options.hide_tags, "Even if pullers no longer see some tags");
}

Consent consent_of(const PolicyOptions& options, const Policy* policy, const Run& run) {
  return {.hide_tags = options.hide_tags, .rehearsed = run.dry_run(), .policy = policy};
}

/// Of signers, who are direct children of `targets`.
const std::vector<tuf::RoleName> kNoneNested;

/// Of a repository in which nothing is changed below the direct children of `targets` but `role`.
void change_one(const std::string& repository, const PolicyOptions& options, const Policy* policy,
                const tuf::RoleName& role, const ChangeRepository& how, const ChangeWords& words, Run& run,
                Report& report, const std::vector<DelegationToAdd>& added = {}) {
  // Whoever names a delegation names the role that says who signs it.
  SigningGate::Options gate;
  if (role.parent().is_delegation()) gate.named = {role.parent()};
  change_each(
      {repository}, options, policy, std::vector{role}, [&] { return how; }, words, run, report, gate, added);
}

void signer_add(const SignerAddOptions& options, Run& run, Report& report) {
  const auto delegations =
      signer_delegations(options.name, read_signers_keys(options.public_keys, run.now()));
  std::vector<tuf::RoleName> roles;
  for (const DelegationToAdd& delegation : delegations) roles.push_back(delegation.role);
  const std::string where = "the keys to " + tuf::join(tuf::names_of(roles));
  change_each(
      options.repositories, options.policy, read_policy(options.policy, run.settings()).get(), kNoneNested,
      [&] { return add_delegations(delegations, run.administrator_keys()); },
      {"added " + where, "add " + where}, run, report, {}, delegations);
}

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
  const std::unique_ptr<const Policy> policy = read_policy(options.policy, run.settings());
  change_each(
      options.repositories, options.policy, policy.get(), kNoneNested,
      [&] {
        const Consent consent = consent_of(options.policy, policy.get(), run);
        return telling_what_stays(options.name, report.warnings,
                                  remove_signer(options.name, run.administrator_keys(), consent));
      },
      {"removed signer " + options.name, "remove signer " + options.name}, run, report);
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
  const std::unique_ptr<const Policy> policy = read_policy(options.policy, run.settings());
  const std::string what =
      (add.empty() ? "" : ": added " + short_forms(canonical_ids(add))) +
      (remove.empty() ? ""
                      : std::string(add.empty() ? ": " : ", ") + "took out " + tuf::join(options.remove));
  change_each(
      options.repositories, options.policy, policy.get(), kNoneNested,
      [&] {
        return with_keys(remove, [&](const std::set<tuf::KeyId>& ids) {
          return rotate_signer(options.name, add, ids, run.administrator_keys(),
                               consent_of(options.policy, policy.get(), run));
        });
      },
      {.done = "changed the keys of signer " + options.name + what,
       .plan = "change the keys of signer " + options.name + what,
       .next =
           [&](const tuf::TrustedRepository& now) {
             return steps_of_rotation(now, options, add, policy.get());
           }},
      run, report, {}, added);
}

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
  change_one(options.repository, options.policy, read_policy(options.policy, run.settings()).get(),
             delegation.role, add_delegations({delegation}, run.administrator_keys()), words, run, report,
             added);
}

void delegation_remove(const DelegationRemoveOptions& options, Run& run, Report& report) {
  const NamedKeys keys(options.keys, options.repository);
  DelegationToChange what{parse_delegation(options.role), false, {}, {}};
  what.paths.insert(options.paths.begin(), options.paths.end());
  what.remove = keys.empty() && what.paths.empty();
  const std::string object = what.remove ? what.role.text() : "keys or paths of " + what.role.text();
  const std::unique_ptr<const Policy> policy = read_policy(options.policy, run.settings());
  const auto how = [&](std::set<tuf::KeyId> ids) {
    what.keys = std::move(ids);
    return change_delegation(what, run.administrator_keys(), consent_of(options.policy, policy.get(), run));
  };
  change_one(options.repository, options.policy, policy.get(), what.role, with_keys(keys, how),
             {"removed " + object, "remove " + object}, run, report);
}

void delegation_purge(const DelegationPurgeOptions& options, Run& run, Report& report) {
  const NamedKeys remove(options.keys, options.repositories.front());
  const std::unique_ptr<const Policy> policy = read_policy(options.policy, run.settings());
  change_each(
      options.repositories, options.policy, policy.get(), std::nullopt,
      [&] {
        return with_keys(remove, [&](const std::set<tuf::KeyId>& ids) {
          return purge_keys(ids, run.administrator_keys(), consent_of(options.policy, policy.get(), run));
        });
      },
      {"took the keys out of every delegation", "take the keys out of every delegation"}, run, report);
}

void witness(const WitnessOptions& options, Run& run, Report& report) {
  if (options.adopt && options.empty) {
    throw Error(ErrorCode::kUsage, "--adopt and --empty exclude each other", "give only one of them");
  }
  std::vector<tuf::RoleName> roles;
  for (const std::string& role : options.roles) roles.push_back(parse_delegation(role));
  const std::unique_ptr<const Policy> policy = read_policy(options.policy, run.settings());
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
  change(open,
         {how,
          keys,
          policy.get(),
          options.policy,
          {.named = {roles.begin(), roles.end()}, .bind = options.bind}},
         {"signed " + object, "sign " + object}, run, report);
}

}  // namespace

void add_signers(Grammar& grammar) {
  auto add = std::make_shared<SignerAddOptions>();
  CLI::App* c =
      grammar.command("signer add", "Let NAME sign into targets/releases and targets/NAME", add, signer_add);
  add_operand(c, "name", add->name, "NAME");
  add_operand(c, "repository", add->repositories, "REPO");
  add_values(c, "--key", add->public_keys, "Certificate or public key of the signer (repeatable)", "PUBLIC");
  add_policy_options(c, add->policy, "Sign nothing foreign anew");

  auto remove = std::make_shared<SignerRemoveOptions>();
  c = grammar.command("signer remove", "Take NAME out, and keep what was released", remove, signer_remove);
  add_operand(c, "name", remove->name, "NAME");
  add_operand(c, "repository", remove->repositories, "REPO");
  add_consent(c, remove->policy);
  add_policy_options(c, remove->policy, "Sign nothing foreign anew");

  auto rotate = std::make_shared<SignerRotateOptions>();
  c = grammar.command("signer rotate", "Add and remove keys of NAME in one step", rotate, signer_rotate);
  add_operand(c, "name", rotate->name, "NAME");
  add_operand(c, "repository", rotate->repositories, "REPO");
  add_values(c, "--add", rotate->add, "Certificate or public key (repeatable)", "PUBLIC");
  add_values(c, "--remove", rotate->remove, "Key ID, canonical or TUF, or its first digits (repeatable)",
             "KEYID");
  add_consent(c, rotate->policy);
  add_policy_options(c, rotate->policy, "Sign nothing foreign anew");
}

void add_delegations(Grammar& grammar) {
  auto add = std::make_shared<DelegationAddOptions>();
  CLI::App* c = grammar.command("delegation add", "Add keys and paths to a delegation", add, delegation_add);
  add_operand(c, "repository", add->repository, "REPO");
  add_operand(c, "role", add->role, "ROLE");
  add_values(c, "--key", add->public_keys, "Certificate or public key (repeatable)", "PUBLIC");
  add_values(c, "--path", add->paths, "Admit tags with this prefix, too (repeatable)", "PREFIX");
  add_flag(c, "--all-paths", add->all_paths, "Admit all tags (default of a new role)");
  add_value(c, "--threshold", add->threshold, "Signatures needed", "N");
  add_consent(c, add->policy);
  add_policy_options(c, add->policy, "Sign nothing foreign anew");

  auto remove = std::make_shared<DelegationRemoveOptions>();
  c = grammar.command("delegation remove", "Take a delegation out, or some of its keys and paths", remove,
                      delegation_remove);
  add_operand(c, "repository", remove->repository, "REPO");
  add_operand(c, "role", remove->role, "ROLE");
  add_values(c, "--key", remove->keys, "Only this key ID (repeatable)", "KEYID");
  // The path that admits all tags is empty.
  grammar.may_be_empty(add_values(c, "--path", remove->paths, "Only this path (repeatable)", "PREFIX"));
  add_consent(c, remove->policy);
  add_policy_options(c, remove->policy, "Sign nothing foreign anew");

  auto purge_options = std::make_shared<DelegationPurgeOptions>();
  c = grammar.command("delegation purge", "Take a key out of every delegation", purge_options,
                      delegation_purge);
  add_operand(c, "repository", purge_options->repositories, "REPO");
  require(add_values(c, "--key", purge_options->keys, "Key ID (repeatable)", "KEYID"));
  add_consent(c, purge_options->policy);
  add_policy_options(c, purge_options->policy, "Sign nothing foreign anew");
}

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
}
}  // namespace agent
