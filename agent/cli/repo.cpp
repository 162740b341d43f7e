// repo init, repo pin: setting a repository up, and what its readers must know.
#include <algorithm>
#include <filesystem>

#include "agent/cli/commands.h"
#include "agent/cli/new_keys.h"
#include "agent/cli/repository_command.h"
#include "agent/names/image_reference.h"
#include "agent/report/repository_report.h"
#include "agent/work/administer.h"
#include "agent/work/key_uses.h"
#include "agent/work/signing_keys.h"
#include "hsm/certificate/certificate_maker.h"
#include "hsm/file/private_key.h"
#include "hsm/memory_keys.h"
#include "tuf/base/error.h"
#include "tuf/base/shell_word.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::RoleName;

struct RepoInitOptions {
  std::string repository;
  std::optional<std::string> root_key;
  std::optional<std::string> targets_key;
};

struct RepoPinOptions {
  std::vector<std::string> repositories;
};

struct RootKey {
  tuf::KeyId id;
  std::filesystem::file_time_type made;
  std::vector<std::string> repositories;  // seen here, whose present root it has signed
};

/// Those of the trust directory: what most repositories have first, then what was made last. After a rotation
/// an older one is retired, perhaps because somebody else has it.
std::vector<RootKey> root_keys(Run& run, Report& report) {
  auto uses = find_key_uses(run.settings().trust_dir(), run.now(), report.warnings);
  std::vector<RootKey> roots;
  for (const hsm::KeyInfo& key : run.key_store().list()) {
    if (key.label != "root") continue;
    std::error_code gone;
    roots.push_back({key.canonical_id, std::filesystem::last_write_time(key.location, gone), {}});
    for (const KeyUse& use : uses[key.canonical_id]) {
      if (use.trust_root) roots.back().repositories.push_back(use.gun.text());
    }
  }
  std::stable_sort(roots.begin(), roots.end(), [](const RootKey& one, const RootKey& other) {
    return std::pair(one.repositories.size(), one.made) > std::pair(other.repositories.size(), other.made);
  });
  return roots;
}

/// The root key: named, or the one in the trust directory, or nullptr if a new one is needed. Of several, the
/// only one that is in use: the others have been replaced.
std::shared_ptr<tuf::Signer> existing_root_key(const RepoInitOptions& options, Run& run, Report& report) {
  if (options.root_key) return run.named_key(*options.root_key);
  const std::vector<RootKey> roots = root_keys(run, report);
  if (roots.empty()) return nullptr;
  const auto used = std::count_if(roots.begin(), roots.end(),
                                  [](const RootKey& root) { return !root.repositories.empty(); });
  if (roots.size() == 1 || used == 1) return run.key_store().open(roots.front().id);
  std::vector<std::string> list;
  for (const RootKey& root : roots) {
    list.push_back(root.id.short_form() + (root.repositories.empty()
                                               ? " of none seen here"
                                               : " of " + tuf::first_of(root.repositories)));
  }
  throw Error(
      ErrorCode::kKeyAmbiguous,
      "the trust directory holds " + std::to_string(roots.size()) + " root keys: " + tuf::join(list, "; "),
      "name the one that is meant, such as: countersign repo init " + tuf::shell_word(options.repository) +
          " --root-key " + roots.front().id.short_form());
}

/// The root keys at hand. Nothing vouches better for a root than that our key has signed it: a repository
/// that an earlier run made, which was stopped before it could tell the pin, is ours.
tuf::TrustPin pin_of_own_root_keys(const RepoInitOptions& options, Run& run) {
  tuf::TrustPin pin;
  if (options.root_key) {
    pin.key_ids.insert(run.named_key(*options.root_key)->public_key().canonical_id());
    return pin;
  }
  for (const hsm::KeyInfo& key : run.key_store().list()) {
    if (key.label == "root") pin.key_ids.insert(key.canonical_id);
  }
  return pin;
}

tuf::TrustedRepository load_existing(const RepoInitOptions& options, Run::Repository& repository, Run& run,
                                     Report& report) {
  TrustPolicy& policy = repository.load.policy;
  const bool known = policy.pin || policy.trust_on_first_use || repository.seen.load(RoleName::root());
  const tuf::TrustPin own = known ? tuf::TrustPin{} : pin_of_own_root_keys(options, run);
  if (!own.key_ids.empty()) policy.pin = own;
  try {
    return load_repository(repository, report.warnings);
  } catch (const Error& error) {
    if (own.key_ids.empty() || error.code() != ErrorCode::kPinMismatch) throw;
    throw Error(ErrorCode::kUnpinnedRoot, "nothing vouches for the root of " + repository.load.gun.text() +
                                              ": it was never seen here, is not pinned, and no key at hand "
                                              "has signed it");
  }
}

/// A server that has lost its data, or a folder that is not mounted, is no reason to begin anew.
void refuse_to_begin_anew(const Run::Repository& repository) {
  if (!repository.seen.load(RoleName::root())) return;
  const std::string& gun = repository.load.gun.text();
  throw Error(
      ErrorCode::kRollback,
      gun + " was seen here before, and " + repository.store->name() + " has nothing of it",
      "ask the server's administrator to restore its data; if it was deleted on purpose, forget it here: "
      "countersign repo delete " +
          gun + " --yes");
}

/// Whoever has pinned another root cannot use what they create.
void warn_of_other_pin(const LoadRequest& load, const tuf::PublicKey& root, Report& report) {
  const auto& pin = load.policy.pin;
  if (!pin || pin->key_ids.empty() || pin->key_ids.contains(root.id()) ||
      pin->key_ids.contains(root.canonical_id()))
    return;
  report.warnings.push_back({"ROOT_NOT_PINNED", "the root key of the new " + load.gun.text() + " is " +
                                                    root.canonical_id().short_form() +
                                                    ", which is not the pinned one"});
}

/// The other name of the pinned key, by which its owner finds the file. Not beside the pin on stdout, which
/// scripts take as it is.
void note_root_key(const RepositoryReport& described, Report& report) {
  const std::string canonical = described.more.value("trust_root_canonical_id", "");
  if (canonical.empty()) return;
  report.notes.push_back("trust root " + *described.trust_root + " of " + described.gun + " is key " +
                         canonical + " of key list and of key files; --trust-root takes either");
}

struct NewRepository {
  tuf::Gun gun;
  tuf::Time now;
  tuf::PublicKey root;  // a certificate
  tuf::PublicKey targets;
  bool makes_root;
  bool makes_targets;
};

/// Says which keys would sign what. A server that is asked for its keys makes them: a rehearsal makes them
/// up.
void rehearse_init(const NewRepository& made, hsm::KeyRing& ring, RepositoryReport& described,
                   Report& report) {
  const auto snapshot = hsm::PrivateKey::generate(hsm::KeyAlgorithm::kP256);
  const auto timestamp = hsm::PrivateKey::generate(hsm::KeyAlgorithm::kP256);
  const auto draft = tuf::RepositoryDraft::for_new_repository(
      made.gun, made.now,
      {made.root, made.targets, snapshot.public_key().object(), timestamp.public_key().object()});
  std::vector<SignerChange> changes;
  std::vector<StandIn> stand_ins;
  const auto add = [&](const char* role, const tuf::PublicKey& key, const std::string& made_by) {
    changes.push_back({RoleName::of(role), SignerChange::Role::kComes, {key.canonical_id()}});
    changes.back().threshold = 1;
    if (!made_by.empty()) stand_ins.push_back({key.canonical_id(), made_by});
  };
  add("root", made.root, made.makes_root ? "this machine" : "");
  add("targets", made.targets, made.makes_targets ? "this machine" : "");
  add("snapshot", snapshot.public_key(), "the server");
  add("timestamp", timestamp.public_key(), "the server");
  describe_signers(std::move(changes), stand_ins, true, described, report.text);
  describe_rehearsal(sign_new_repository(draft, ring).files(), described, report.text);
}

void init(const RepoInitOptions& options, Run& run, Report& report) {
  const tuf::Gun gun = parse_repository(options.repository);
  Run::Repository repository = run.open(gun, Access::kCreate);
  RepositoryReport& described = start_report(repository, report);
  if (repository_exists(*repository.store)) {
    const tuf::TrustedRepository trusted = load_existing(options, repository, run, report);
    describe(trusted, described);
    report.text.push_back(gun.text() + " is initialised already; its trust root is");
    report.text.push_back(*described.trust_root);
    note_root_key(described, report);
    return;
  }

  refuse_to_begin_anew(repository);
  NewKeys new_keys(run);
  std::shared_ptr<tuf::Signer> root = existing_root_key(options, run, report);
  const bool makes_root = !root;
  if (makes_root) root = new_keys.make("root", "");
  const std::shared_ptr<tuf::Signer> targets =
      options.targets_key ? run.named_key(*options.targets_key) : new_keys.make("targets", gun.text());
  const tuf::PublicKey root_certificate =
      tuf::PublicKey::from_certificate(hsm::make_root_certificate(*root, gun, run.now()));
  warn_of_other_pin(repository.load, root_certificate, report);
  hsm::KeyRing ring;
  ring.add(std::make_unique<hsm::MemoryKeys>(std::vector{root, targets}));
  if (run.dry_run()) {
    report.text.push_back("would create " + gun.text() + " on " + described.server);
    rehearse_init({gun, run.now(), root_certificate, targets->public_key(), makes_root, !options.targets_key},
                  ring, described, report);
    return;
  }
  new_keys.store_for([&] {
    const tuf::TrustedRepository trusted =
        create_repository(*repository.store, repository.seen,
                          {gun, run.now(), root_certificate, targets->public_key()}, ring, report.warnings);
    described.published = true;
    described.attempts = 1;
    describe(trusted, described);
  });
  report.text.push_back("created " + gun.text() + " on " + described.server);
  report.text.push_back("its trust root, for --trust-root on every machine that signs or verifies:");
  report.text.push_back(*described.trust_root);
  note_root_key(described, report);
}

void pin(const RepoPinOptions& options, Run& run, Report& report) {
  // Of several repositories each line names its own: one that pins all of them would let any of these roots
  // vouch for any of the repositories.
  const bool single = options.repositories.size() == 1;
  for (const std::string& repository : options.repositories) {
    const tuf::TrustedRepository trusted = look_at(parse_repository(repository), run, report);
    RepositoryReport& described = report.repositories.back();
    described.roles = tuf::view_roles(trusted);
    report.text.push_back((single ? "" : described.gun + "=") + *described.trust_root);
    note_root_key(described, report);
  }
}

}  // namespace

void add_repo_setup(Grammar& grammar) {
  auto init_options = std::make_shared<RepoInitOptions>();
  CLI::App* c = grammar.command("repo init", "Create the trust data of a repository; prints the root to pin",
                                init_options, init);
  add_operand(c, "repository", init_options->repository, "REPO");
  add_value(c, "--root-key", init_options->root_key,
            "Key for the root (default: the one in the trust directory, or a new one)", "REF");
  add_value(c, "--targets-key", init_options->targets_key, "Repository key (default: a new one)", "REF");

  auto pin_options = std::make_shared<RepoPinOptions>();
  c = grammar.command("repo pin", "Print the root that is trusted now, for --trust-root", pin_options, pin);
  add_operand(c, "repository", pin_options->repositories, "REPO", "Of several: REPO=REF in lines");
}
}  // namespace agent
