// repo rotate, repo prepare: gives a role a new key, of the user or of the server.
#include <algorithm>

#include "agent/cli/commands.h"
#include "agent/cli/new_keys.h"
#include "agent/cli/policy_options.h"
#include "agent/cli/repository_command.h"
#include "agent/names/image_reference.h"
#include "agent/report/repository_report.h"
#include "agent/work/renew_roles.h"
#include "agent/work/rotate_key.h"
#include "hsm/certificate/certificate_maker.h"
#include "hsm/memory_keys.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::RoleName;

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
  const std::unique_ptr<const Policy> policy = find_signing_policy(options.policy, run.settings());
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

}  // namespace

void add_repo_rotate(Grammar& grammar) {
  auto options = std::make_shared<RepoRotateOptions>();
  CLI::App* c =
      grammar.command("repo rotate", "Give root, targets, snapshot or timestamp a new key", options, rotate);
  add_operand(c, "repository", options->repository, "REPO");
  add_operand(c, "role", options->role, "ROLE");
  add_value(c, "--key", options->key, "The new key (default: one is made in the trust directory)", "REF");
  add_flag(c, "--server-managed", options->server_managed,
           "Let the server make it: snapshot; always so: timestamp");
  add_flag(c, "--yes", options->yes, "Even if signers can no longer publish");
  add_policy_options(c, options->policy, "Sign nothing foreign anew");
}

void add_repo_prepare(Grammar& grammar) {
  auto options = std::make_shared<RepoPrepareOptions>();
  CLI::App* c = grammar.command(
      "repo prepare", "Let the server sign the snapshot, so that signers can publish", options, prepare);
  add_operand(c, "repository", options->repositories, "REPO");
}

}  // namespace agent
