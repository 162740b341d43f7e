// repo init, repo pin; signer add; delegation add: setting a repository up.
#include "agent/cli/commands.h"
#include "agent/cli/looking.h"
#include "agent/cli/operands.h"
#include "agent/image/image_reference.h"
#include "agent/report/repository_report.h"
#include "agent/workflow/administer.h"
#include "hsm/certificate/certificate_maker.h"
#include "hsm/memory_keys.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

RepositoryReport& start_report(const Runtime::Repository& repository, Report& report) {
  RepositoryReport& described = report.repositories.emplace_back();
  described.gun = repository.load.gun.text();
  described.server = repository.store->name();
  described.published = false;
  return described;
}

void describe(const tuf::TrustedRepository& trusted, RepositoryReport& described) {
  described.trust_root = trust_root_of(trusted);
  described.roles = describe_roles(trusted);
}

/// Keys that this run has put into the trust directory: taken out again unless they are `kept`, so that a
/// failed `repo init` leaves nothing behind.
class NewKeys {
 public:
  explicit NewKeys(Runtime& runtime) : runtime_(runtime) {}
  NewKeys(const NewKeys&) = delete;  // would remove twice
  NewKeys& operator=(const NewKeys&) = delete;
  ~NewKeys() {
    for (const tuf::KeyId& id : stored_) {
      try {
        runtime_.key_store().remove(id);
      } catch (const Error&) {
        // A key too many does no harm; the error that brought us here is the one to report.
      }
    }
  }

  std::shared_ptr<tuf::Signer> make(const std::string& role, const std::string& gun) {
    runtime_.secrets().passphrase(role);  // a key that cannot be stored must not be made
    made_.push_back(
        {std::make_shared<hsm::PrivateKey>(hsm::PrivateKey::generate(hsm::KeyAlgorithm::kP256)), role, gun});
    return made_.back().key;
  }
  void store() {
    for (const Made& made : made_) {
      runtime_.key_store().add(*made.key, made.role, made.gun, runtime_.secrets().passphrase(made.role));
      stored_.push_back(made.key->public_key().canonical_id());
    }
  }
  void keep() { stored_.clear(); }

 private:
  struct Made {
    std::shared_ptr<hsm::PrivateKey> key;
    std::string role;
    std::string gun;
  };
  Runtime& runtime_;
  std::vector<Made> made_;
  std::vector<tuf::KeyId> stored_;
};

/// The root key: named, or the one in the trust directory, or nullptr if a new one is needed.
std::shared_ptr<tuf::Signer> existing_root_key(const RepoInitOptions& options, Runtime& runtime) {
  if (options.root_key) return runtime.named_key(*options.root_key);
  std::vector<hsm::KeyInfo> roots = runtime.key_store().list();
  std::erase_if(roots, [](const hsm::KeyInfo& key) { return key.label != "root"; });
  if (roots.empty()) return nullptr;
  if (roots.size() > 1) {
    throw Error(ErrorCode::kKeyAmbiguous,
                "the trust directory holds " + std::to_string(roots.size()) + " root keys",
                "name one with --root-key: countersign key list");
  }
  return runtime.key_store().open(roots.front().canonical_id);
}

}  // namespace

void run_command(const RepoInitOptions& options, Runtime& runtime, Report& report) {
  const tuf::Gun gun = parse_repository(options.repository);
  Runtime::Repository repository = runtime.open(gun, Access::kCreate);
  RepositoryReport& described = start_report(repository, report);
  if (repository_exists(*repository.store)) {
    const tuf::TrustedRepository trusted =
        load_repository(*repository.store, repository.seen, repository.load, report.warnings);
    describe(trusted, described);
    report.text.push_back(gun.text() + " is initialised already; its trust root is");
    report.text.push_back(*described.trust_root);
    return;
  }

  NewKeys new_keys(runtime);
  std::shared_ptr<tuf::Signer> root = existing_root_key(options, runtime);
  if (!root) root = new_keys.make("root", "");
  const std::shared_ptr<tuf::Signer> targets =
      options.targets_key ? runtime.named_key(*options.targets_key) : new_keys.make("targets", gun.text());
  const tuf::PublicKey root_certificate =
      tuf::PublicKey::from_certificate(hsm::make_root_certificate(*root, gun, runtime.now()));
  if (runtime.dry_run()) {
    report.text.push_back("would create " + gun.text() + " on " + described.server);
    return;
  }
  new_keys.store();  // before publishing: a repository whose keys are lost could never be changed again
  hsm::KeyRing ring;
  ring.add(std::make_unique<hsm::MemoryKeys>(std::vector{root, targets}));
  try {
    const tuf::TrustedRepository trusted =
        create_repository(*repository.store, repository.seen, gun, runtime.now(), root_certificate,
                          targets->public_key(), ring, report.warnings);
    new_keys.keep();
    described.published = true;
    described.attempts = 1;
    describe(trusted, described);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kOutcomeUnknown) new_keys.keep();
    throw;
  } catch (...) {
    new_keys.keep();  // nobody has said that the repository does not exist
    throw;
  }
  report.text.push_back("created " + gun.text() + " on " + described.server);
  report.text.push_back("its trust root, for --trust-root on every machine that signs or verifies:");
  report.text.push_back(*described.trust_root);
}

void run_command(const RepoPinOptions& options, Runtime& runtime, Report& report) {
  const tuf::TrustedRepository trusted = look_at(parse_repository(options.repository), runtime, report);
  RepositoryReport& described = report.repositories.back();
  described.roles = describe_roles(trusted);
  report.text.push_back(*described.trust_root);
}

namespace {

void add(const tuf::Gun& gun, const std::vector<DelegationToAdd>& delegations, Runtime& runtime,
         Report& report) {
  Runtime::Repository repository = runtime.open(gun, Access::kPublish);
  RepositoryReport& described = start_report(repository, report);
  PublishOptions publish;
  publish.dry_run = runtime.dry_run();
  const PublishedChanges changes = add_delegations(*repository.store, repository.seen, repository.load,
                                                   delegations, runtime.keys(), publish, report.warnings);
  described.published = changes.published;
  described.attempts = changes.attempts;
  describe(changes.repository, described);
  std::vector<tuf::RoleName> roles;
  for (const DelegationToAdd& delegation : delegations) roles.push_back(delegation.role);
  const bool would = runtime.dry_run() && !changes.files.empty();
  report.text.push_back(gun.text() + ": " +
                        (would               ? "would add the keys to "
                         : changes.published ? "added the keys to "
                                             : "unchanged: the keys stand in ") +
                        join(names_of(roles)));
}

}  // namespace

void run_command(const SignerAddOptions& options, Runtime& runtime, Report& report) {
  std::vector<tuf::Gun> guns;
  for (const std::string& repository : options.repositories) guns.push_back(parse_repository(repository));
  const auto delegations = signer_delegations(options.name, read_public_keys(options.public_keys));
  std::optional<Error> first_failure;
  std::vector<std::string> failed;
  for (const tuf::Gun& gun : guns) {
    try {
      add(gun, delegations, runtime, report);
    } catch (const Error& error) {
      report.text.push_back(gun.text() + ": failed");
      failed.push_back(gun.text());
      if (!first_failure) first_failure = error;
    }
  }
  if (first_failure && guns.size() > 1) throw first_failure->with_context("failed for " + join(failed));
  if (first_failure) throw *first_failure;
}

void run_command(const DelegationAddOptions& options, Runtime& runtime, Report& report) {
  DelegationToAdd delegation{parse_role(options.role), {}, options.paths, options.threshold};
  if (!delegation.role.is_delegation()) {
    throw Error(ErrorCode::kInvalidRole, delegation.role.text() + " is not a delegation");
  }
  if (options.all_paths && !options.paths.empty()) {
    throw Error(ErrorCode::kUsage, "--all-paths and --path exclude each other", "give only one of them");
  }
  if (delegation.paths.empty()) delegation.paths.emplace_back();
  delegation.keys = read_public_keys(options.public_keys);
  add(parse_repository(options.repository), {delegation}, runtime, report);
}

}  // namespace agent
