// repo refresh, rotate, prepare, repair, delete: looking after a repository that exists.
#include <algorithm>
#include <filesystem>

#include "agent/cli/changing.h"
#include "agent/cli/commands.h"
#include "agent/cli/guarding.h"
#include "agent/cli/new_keys.h"
#include "agent/cli/operands.h"
#include "agent/names/image_reference.h"
#include "agent/report/repository_report.h"
#include "agent/work/administer.h"
#include "agent/work/renew_roles.h"
#include "agent/work/rotate_key.h"
#include "agent/work/signing_keys.h"
#include "hsm/certificate/certificate_maker.h"
#include "hsm/file/private_key.h"
#include "hsm/memory_keys.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"
#include "tuf/base/words.h"
#include "tuf/view/role_expiry.h"
#include "tuf/view/signed_state.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::RoleName;

struct RepoRefreshOptions {
  std::vector<std::string> repositories;
  int within_days = 183;
  PolicyOptions policy;
};

struct RepoRotateOptions {
  std::string repository;
  std::string role;
  std::optional<std::string> key;
  bool server_managed = false;
  bool yes = false;
  PolicyOptions policy;
};

struct RepoPrepareOptions {
  std::vector<std::string> repositories;
};

struct RepoRepairOptions {
  std::vector<std::string> repositories;
  PolicyOptions policy;
};

struct RepoDeleteOptions {
  std::string repository;
  bool remote = false;
  bool yes = false;
};

/// As a root lists it: a certificate for `root`, bare for every other role.
tuf::KeyObject listed_key(const RoleName& role, tuf::Signer& signer, const tuf::Gun& gun, tuf::Time now) {
  if (role != RoleName::root()) return signer.public_key().object();
  return tuf::PublicKey::from_certificate(hsm::make_root_certificate(signer, gun, now)).object();
}

void rotate_to_server(Run::Repository& open, const RoleName& role, Run& run, Report& report) {
  ChangeWords words{"the server signs the " + role.text() + " with a new key",
                    "let the server sign the " + role.text() + " with a new key"};
  // A server that is asked for a new key has one more: a rehearsal makes one up.
  std::optional<tuf::KeyObject> key;
  if (run.dry_run()) {
    const auto made_up = hsm::PrivateKey::generate(hsm::KeyAlgorithm::kP256);
    words.stand_ins = {{made_up.public_key().canonical_id(), "the server"}};
    key = made_up.public_key().object();
  } else {
    run.note_sending();
    key = open.store->make_server_key(role);
  }
  hsm::KeyRing& keys = run.administrator_keys();
  const auto how = [&](const PolicyGuard*) { return rotate_key(role, *key, keys); };
  change(open, {how, keys}, words, run, report);  // no policy: the root alone is signed
}

/// Keys that may sign a role, as messages name them.
std::string keys_for(const tuf::TrustedRepository& repository, const std::string& role) {
  const tuf::RoleAuthority authority = authority_of(repository, RoleName::of(role));
  return (authority.keys().size() == 1 ? "key " : "keys ") + short_forms(canonical_ids(authority.keys()));
}

/// A role that expires by then, and that neither this run nor the server has signed anew.
struct StillDue {
  std::string gun;
  tuf::RoleExpiry role;
  std::string keys;  // empty: no key helps, but a new one
};

std::vector<StillDue> still_due(Run::Repository& open, const tuf::TrustedRepository& repository,
                                bool server_renews, tuf::Time due_by) {
  std::vector<StillDue> due;
  for (const tuf::RoleExpiry& role : tuf::role_expiries(repository, server_renews)) {
    if (!role.is_due(due_by)) continue;
    const bool by_server = server_renews && role.name == RoleName::snapshot().text();
    if (by_server && store_signs_snapshot(*open.store, repository)) continue;
    const bool is_role = role.version > 0;  // and not a certificate
    due.push_back({repository.gun().text(), role, is_role ? keys_for(repository, role.name) : ""});
  }
  return due;
}

void describe_due(const std::vector<StillDue>& due, Report& report) {
  OrderedJson list = OrderedJson::array();
  for (const StillDue& one : due) {
    const std::string expires = tuf::format_time(one.role.expires);
    list.push_back({{"role", one.role.name}, {"expires", expires}});
    report.text.push_back("  still due: " + one.role.name + ", expires " + expires +
                          (one.keys.empty() ? "" : " (" + one.keys + ")"));
  }
  report.repositories.back().more["still_due"] = std::move(list);
}

[[noreturn]] void fail_due(const std::vector<StillDue>& due, int within_days) {
  std::vector<std::string> names;
  std::vector<std::string> keys;
  const StillDue& first = due.front();
  for (const StillDue& one : due) {
    names.push_back(one.role.name + " of " + one.gun);
    if (one.gun == first.gun && !one.keys.empty()) keys.push_back(one.keys + " of " + one.role.name);
  }
  const std::string refresh =
      "countersign repo refresh " + first.gun + " --within-days " + std::to_string(within_days);
  throw Error(ErrorCode::kExpiryDue, "what is still due is for others to sign: " + tuf::join(names),
              first.keys.empty()
                  ? "give the root a new key and certificate: countersign repo rotate " + first.gun + " root"
                  : "run it where one of their keys is (" + tuf::join(keys) + "): " + refresh);
}

void refresh(const RepoRefreshOptions& options, Run& run, Report& report) {
  const std::unique_ptr<const Policy> policy = read_policy(options.policy, run.settings());
  const tuf::Time due_by = run.now() + tuf::Days{options.within_days};
  const std::string within = " within " + std::to_string(options.within_days) + " days";
  std::vector<StillDue> all_due;
  for_each_repository(options.repositories, report, [&](const tuf::Gun& gun) {
    Run::Repository open = run.open(gun, Access::kPublish);
    open.load.tolerate.expiry = true;
    hsm::KeyRing& keys = run.administrator_keys();
    const auto how = [&](const PolicyGuard* guard) { return renew_due_roles(due_by, keys, guard); };
    const PublishedChanges changes =
        change(open, {how, keys, policy.get(), options.policy},
               {"signed anew what expires" + within, "sign anew what expires" + within, true}, run, report);
    std::vector<StillDue> due =
        still_due(open, changes.repository, !run.settings().server_for(gun).is_folder(), due_by);
    // What was signed just now lives as long as it can, and what a rehearsal would have signed as well.
    std::erase_if(due, [&](const StillDue& one) {
      return std::any_of(changes.files.begin(), changes.files.end(),
                         [&](const auto& file) { return file.role.text() == one.role.name; });
    });
    if (due.empty()) return;
    describe_due(due, report);
    all_due.insert(all_due.end(), due.begin(), due.end());
  });
  if (!all_due.empty()) fail_due(all_due, options.within_days);
}

/// Whoever takes the snapshot from the server keeps everybody else from publishing: that takes consent.
bool takes_snapshot_from_server(Run::Repository& open, Report& report) {
  const tuf::TrustedRepository trusted = load_repository(open, report.warnings);
  return store_signs_snapshot(*open.store, trusted);
}

[[noreturn]] void refuse_snapshot_here(const Run::Repository& open) {
  const std::string rotate = "countersign repo rotate " + open.load.gun.text() + " snapshot ";
  throw Error(ErrorCode::kUsage,
              open.store->name() + " signs the snapshot of " + open.load.gun.text() +
                  ", so that every signer can publish; with a key of your own only its holders could",
              "let the server make a new one: " + rotate + "--server-managed; or repeat it with --yes");
}

/// What the root says who signs it, or a delegation.
RoleName parse_rotated(const RepoRotateOptions& options) {
  const auto is_top = [](const std::string& text) {
    const auto role = RoleName::parse(text);
    return role && !role->is_delegation();
  };
  const auto role = RoleName::parse(options.role);
  if (role) return *role;
  throw Error(ErrorCode::kInvalidRole, "\"" + tuf::printable(options.role) + "\" is not a role name",
              is_top(options.repository) ? "the repository comes first: countersign repo rotate " +
                                               tuf::shell_word(options.role) + " " + options.repository
                                         : "name root, targets, snapshot or timestamp");
}

void rotate(const RepoRotateOptions& options, Run& run, Report& report) {
  const RoleName role = parse_rotated(options);
  if (role.is_delegation()) {
    const bool is_signer = role.is_identity();
    const std::string repository = tuf::shell_word(options.repository);
    throw Error(
        ErrorCode::kInvalidRole, "the root does not say who signs " + role.text(),
        is_signer
            ? "countersign signer rotate " + std::string(role.leaf()) + " " + repository + " --add NEW.pub"
            : "countersign delegation add " + repository + " " + role.text() + " --key NEW.pub");
  }
  const bool by_server = role == RoleName::timestamp() || options.server_managed;
  if (by_server && role != RoleName::timestamp() && role != RoleName::snapshot()) {
    throw Error(ErrorCode::kUsage, "a server does not manage " + role.text(), "leave --server-managed out");
  }
  if (by_server && options.key) {
    throw Error(ErrorCode::kUsage, "the server makes its key for " + role.text() + " itself",
                "leave --key out");
  }
  const tuf::Gun gun = parse_repository(options.repository);
  Run::Repository open = run.open(gun, by_server ? Access::kAdminister : Access::kPublish);
  open.load.nested.emplace();
  if (by_server) return rotate_to_server(open, role, run, report);
  const bool takes_yes =
      role == RoleName::snapshot() && !options.yes && takes_snapshot_from_server(open, report);
  if (takes_yes && !run.dry_run()) refuse_snapshot_here(open);

  NewKeys new_keys(run);
  const std::shared_ptr<tuf::Signer> signer =
      options.key ? run.named_key(*options.key)
                  : new_keys.make(role.text(), role == RoleName::root() ? "" : gun.text());
  run.administrator_keys().add(std::make_unique<hsm::MemoryKeys>(std::vector{signer}));
  ChangeRepository how =
      rotate_key(role, listed_key(role, *signer, gun, run.now()), run.administrator_keys());
  if (role == RoleName::root()) {
    // It mends a root whose certificate has lapsed, and whatever has expired in the meantime goes with it.
    open.load.tolerate = {.expiry = true, .lapsed_certificate = true};
    how = [rotate = how, renew = renew_due_roles(run.now(), run.administrator_keys())](
              const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft) {
      rotate(repository, draft);
      renew(repository, draft);
    };
  }
  const std::unique_ptr<const Policy> policy = read_policy(options.policy, run.settings());
  ChangeWords words{"gave " + role.text() + " a new key", "give " + role.text() + " a new key"};
  if (run.dry_run() && !options.key) {
    words.stand_ins = {{signer->public_key().canonical_id(), "this machine"}};
  }
  const auto publish = [&] {
    change(open,
           {[&](const PolicyGuard*) { return how; }, run.administrator_keys(), policy.get(), options.policy},
           words, run, report);
  };
  if (run.dry_run()) {
    publish();
    if (takes_yes) report.text.push_back("  signers could no longer publish, which takes --yes");
    return;
  }
  new_keys.store_for(publish);
  if (role == RoleName::root()) report.text.push_back(*report.repositories.back().trust_root);
}

void repair(const RepoRepairOptions& options, Run& run, Report& report) {
  const std::unique_ptr<const Policy> policy = read_policy(options.policy, run.settings());
  for_each_repository(options.repositories, report, [&](const tuf::Gun& gun) {
    Run::Repository open = run.open(gun, Access::kPublish);
    open.load.tolerate = {.expiry = true, .other_form = true};
    hsm::KeyRing& keys = run.administrator_keys();
    const auto how = [&](const PolicyGuard*) { return repair_roles(keys); };
    change(open, {how, keys, policy.get(), options.policy},
           {"signed anew what could not be served", "sign anew what cannot be served", true}, run, report);
    if (run.dry_run()) return;
    // Others may have broken it in the meantime, or something else may be wrong with it.
    open.load.tolerate = {};
    load_repository(open, report.warnings);
  });
}

void prepare(const RepoPrepareOptions& options, Run& run, Report& report) {
  for_each_repository(options.repositories, report, [&](const tuf::Gun& gun) {
    Run::Repository open = run.open(gun, Access::kAdminister);
    open.load.nested.emplace();
    const tuf::TrustedRepository trusted = load_repository(open, report.warnings);
    if (!store_signs_snapshot(*open.store, trusted))
      return rotate_to_server(open, RoleName::snapshot(), run, report);
    describe(trusted, start_report(open, report));
    report.text.push_back(gun.text() + ": unchanged: the server signs the snapshot");
  });
}

void delete_repository(const RepoDeleteOptions& options, Run& run, Report& report) {
  const tuf::Gun gun = parse_repository(options.repository);
  if (!options.yes && !run.dry_run()) {
    throw Error(ErrorCode::kUsage,
                options.remote ? "everything that is signed in " + gun.text() + " would be gone for everybody"
                               : "what was seen of " + gun.text() + " would be forgotten here",
                "repeat it with --yes if that is what you want");
  }
  Run::Repository open = run.open(gun, options.remote ? Access::kAdminister : Access::kRead);
  RepositoryReport& described = start_report(open, report);
  const bool seen = std::filesystem::exists(open.seen.folder());
  const bool there = options.remote ? repository_exists(*open.store) : seen;
  if (!there) {
    // What a run that was stopped half-way has left here goes with what went there.
    const bool forget = seen && !run.dry_run();
    if (forget) open.seen.forget();
    throw Error(ErrorCode::kNoTrustData,
                options.remote ? open.store->name() + " has no trust data for " + gun.text()
                               : "nothing was seen of " + gun.text() + " here",
                forget ? "what was seen of it here is forgotten; check the name and the server"
                       : "nothing was deleted; check the name and the server");
  }
  if (run.dry_run()) {
    report.text.push_back(gun.text() + ": would delete it" +
                          (options.remote ? " on " + described.server : " here") +
                          (options.yes ? "" : ", which takes --yes"));
    return;
  }
  if (options.remote) {
    run.note_sending();
    open.store->remove();
    if (repository_exists(*open.store)) {
      throw Error(ErrorCode::kServerError,
                  described.server + " says that it deleted " + gun.text() + ", but still has it");
    }
    described.published = true;
  }
  open.seen.forget();
  report.text.push_back(gun.text() + ": deleted" +
                        (options.remote ? " on " + described.server + " and here" : " here"));
}

}  // namespace

void add_repo_care(Grammar& grammar) {
  auto refresh_options = std::make_shared<RepoRefreshOptions>();
  CLI::App* c = grammar.command("repo refresh", "Sign anew what expires soon, or has expired",
                                refresh_options, refresh);
  add_operand(c, "repository", refresh_options->repositories, "REPO");
  add_days(c, "--within-days", refresh_options->within_days, "Soon is within N days (default 183)");
  add_policy_options(c, refresh_options->policy, "Sign nothing foreign anew");

  auto rotate_options = std::make_shared<RepoRotateOptions>();
  c = grammar.command("repo rotate", "Give root, targets, snapshot or timestamp a new key", rotate_options,
                      rotate);
  add_operand(c, "repository", rotate_options->repository, "REPO");
  add_operand(c, "role", rotate_options->role, "ROLE");
  add_value(c, "--key", rotate_options->key, "The new key (default: one is made in the trust directory)",
            "REF");
  add_flag(c, "--server-managed", rotate_options->server_managed,
           "Let the server make it: snapshot; always so: timestamp");
  add_flag(c, "--yes", rotate_options->yes, "Even if signers can no longer publish");
  add_policy_options(c, rotate_options->policy, "Sign nothing foreign anew");

  auto prepare_options = std::make_shared<RepoPrepareOptions>();
  c = grammar.command("repo prepare", "Let the server sign the snapshot, so that signers can publish",
                      prepare_options, prepare);
  add_operand(c, "repository", prepare_options->repositories, "REPO");

  auto repair_options = std::make_shared<RepoRepairOptions>();
  c = grammar.command("repo repair", "Sign anew what the server stores but cannot serve", repair_options,
                      repair);
  add_operand(c, "repository", repair_options->repositories, "REPO");
  add_policy_options(c, repair_options->policy, "Sign nothing foreign anew");

  auto delete_options = std::make_shared<RepoDeleteOptions>();
  c = grammar.command("repo delete", "Forget a repository here; with --remote, delete it for everybody",
                      delete_options, delete_repository);
  add_operand(c, "repository", delete_options->repository, "REPO");
  add_flag(c, "--remote", delete_options->remote, "Delete it on the server too");
  add_flag(c, "--yes", delete_options->yes, "Really");
}
}  // namespace agent
