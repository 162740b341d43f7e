// What honest people do: every command that signs, as the command line runs it.
#include <algorithm>

#include "agent/work/add_delegations.h"
#include "agent/work/change_signers.h"
#include "agent/work/renew_roles.h"
#include "agent/work/revoke_tags.h"
#include "agent/work/rotate_key.h"
#include "agent/work/signing_keys.h"
#include "agent/work/witness_roles.h"
#include "hsm/memory_keys.h"
#include "tests/attack/gate/world.h"
#include "tests/support/repository_maker.h"
#include "tuf/base/digest.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/base/warning.h"

namespace gate {
namespace {

using tuf::ErrorCode;
using tuf::RoleName;

const std::vector<std::string> kTags = {"v1", "v2", "dev1", "x"};
const std::vector<std::string> kContents = {"good", "other", "one more"};
const RoleName kTargets = RoleName::of("targets");
const RoleName kReleases = RoleName::of("targets/releases");

agent::PublishOptions at_once() {
  agent::PublishOptions options;
  options.sleep = [](int) {};
  return options;
}

/// What an honest command may end with.
bool is_expected(ErrorCode code) {
  switch (code) {
    case ErrorCode::kPolicy:
    case ErrorCode::kTagMoved:
    case ErrorCode::kTagImmutable:
    case ErrorCode::kForeignEntry:
    case ErrorCode::kNotSigned:
    case ErrorCode::kRoleNotFound:
    case ErrorCode::kKeyNotFound:
    case ErrorCode::kKeyNotInRole:
    case ErrorCode::kInvalidRole:
    case ErrorCode::kBadSignature:
    case ErrorCode::kUsage:
    case ErrorCode::kInvalidDigest:  // --adopt of what a hostile file holds
    case ErrorCode::kSizeMismatch:
    case ErrorCode::kServerRejected:
      return true;
    default:
      return false;
  }
}

std::string role_options(const std::vector<RoleName>& roles) {
  std::string text;
  for (const RoleName& role : roles) text += " --role " + role.text();
  return text;
}

}  // namespace

void World::honest_step(Repository& repository, Dice& dice) {
  const std::size_t which = dice.below(100);
  if (which < 45) return sign(repository, dice);
  if (which < 53) return revoke(repository, dice);
  if (which < 63) return refresh(repository, dice);
  if (which < 68) return add_signer(repository, dice);
  if (which < 73) return remove_signer(repository, dice);
  if (which < 79) return rotate_signer(repository, dice);
  if (which < 86) return change_delegation(repository, dice);
  if (which < 88) return purge(repository, dice);
  if (which < 96) return witness(repository, dice);
  if (which < 98) return repair(repository, dice);
  rotate_targets(repository, dice);
}

World::Run World::run_by(const Person& person, Dice& dice) const {
  Run run{person.name, {person.keys.front()}, person.name};
  if (dice.percent(50)) run.keys = person.keys;
  if (std::find(run.keys.begin(), run.keys.end(), person.for_releases) == run.keys.end())
    run.keys.push_back(person.for_releases);
  run.has_policy = mode_ == Mode::kGateAlone || dice.percent(75);
  run.options.quarantine = run.has_policy && dice.percent(25);
  run.has_race = !is_all_honest_ && dice.percent(10);
  return run;
}

World::Run World::run_by_administrator(Dice& dice) const {
  const std::vector<const Person*> honest = people_.honest();
  Run run{"admin", people_["admin"].keys, "admin"};
  run.has_policy = mode_ == Mode::kGateAlone || dice.percent(75);
  run.options.quarantine = run.has_policy && dice.percent(25);
  run.has_race = !is_all_honest_ && dice.percent(10);
  if (!honest.empty() && dice.percent(60)) {
    const Person& also = *dice.one_of(honest);
    run.words += " with the keys of " + also.name;
    for (const Key& key : {also.keys.front(), also.for_releases}) {
      if (std::find(run.keys.begin(), run.keys.end(), key) == run.keys.end()) run.keys.push_back(key);
    }
  }
  return run;
}

agent::LoadRequest World::load_request(const Repository& repository) const {
  return {repository.gun, {repository.pin, false, false}, now_, {}};
}

std::vector<std::string> World::tags_in(const Repository& repository) const {
  std::set<std::string> tags;
  for (const tuf::Delegation& delegation : repository.state->delegations()) {
    if (!delegation.metadata) continue;
    for (const auto& entry : delegation.metadata->body.targets) tags.insert(entry.name());
  }
  return {tags.begin(), tags.end()};
}

RoleName World::some_role(const Repository& repository, Dice& dice) const {
  const auto& delegations = repository.state->delegations();
  return delegations.empty() ? RoleName::of("targets/ci") : dice.one_of(delegations).role.name;
}

void World::sign(Repository& repository, Dice& dice) {
  const std::vector<const Person*> honest = people_.honest();
  const bool by_administrator = honest.empty() || dice.percent(8);
  Run run = by_administrator ? run_by_administrator(dice) : run_by(*dice.one_of(honest), dice);
  agent::SignRequest request;
  for (std::size_t i = 0; i <= dice.below(2); ++i) {
    const std::string& content = dice.one_of(kContents);
    tuf::Target image = test::make_target(content);
    if (dice.percent(20)) image.hashes = tuf::describe_file(content).hashes;
    const std::string& tag = dice.one_of(kTags);
    const auto is_same = [&](const agent::ImageToSign& other) { return other.name == tag; };
    if (std::none_of(request.images.begin(), request.images.end(), is_same))
      request.images.push_back({tag, image});
  }
  if (dice.percent(30)) {
    request.provenance = {{"build", std::to_string(dice.below(3))}};
    if (dice.percent(50)) request.annotations = request.provenance;
  }
  if (by_administrator && dice.percent(80)) {
    request.roles = {kTargets};
  } else if (dice.percent(30)) {
    request.roles = {RoleName::of("targets/" + run.machine)};
    if (dice.percent(20)) request.roles.push_back(kReleases);
  } else if (dice.percent(15)) {
    request.roles = {some_role(repository, dice)};
  }
  request.allow_move = dice.percent(50);
  run.options.allow_move = request.allow_move;
  request.bind = mode_ == Mode::kBound;
  if (mode_ == Mode::kBound && run.has_policy && !run.options.quarantine && dice.percent(20)) {
    run.options.resign_guard = false;
    run.words += " --no-resign-guard";
  }
  run.named = {request.roles.begin(), request.roles.end()};
  run.is_unmaking = request.allow_move || (!request.roles.empty() && !request.provenance.empty());
  run.words += ": sign";
  for (const agent::ImageToSign& image : request.images) {
    run.words += " " + image.name + "=" + image.target.digest().substr(7, 4) +
                 (image.target.hashes.size() > 1 ? "+" : "");
    run.is_unmaking |= image.target.hashes.size() > 1;
  }
  run.words += role_options(request.roles) + (request.allow_move ? " --allow-move" : "");
  if (!request.provenance.empty()) run.words += " build=" + request.provenance.at("build");
  if (!request.annotations.empty()) run.words += " (annotated)";
  const Command command = [&](agent::PolicyGuard* guard, hsm::KeyRing& keys) {
    std::vector<tuf::Warning> warnings;
    request.guard = guard;
    return agent::sign_images({repository.store, repository.seen, load_request(repository)}, request, keys,
                              at_once(), warnings)
        .changes;
  };
  this->run(repository, run, request.images, request.provenance, command, dice);
}

void World::change(Repository& repository, const Run& run, const How& how, Dice& dice, const Load& prepare) {
  const Command command = [&](agent::PolicyGuard* guard, hsm::KeyRing& keys) {
    std::vector<tuf::Warning> warnings;
    agent::LoadRequest load = load_request(repository);
    if (prepare) prepare(load);
    agent::SigningGate gate(keys, {run.named, guard, run.binds});
    return agent::publish_changes(
        {repository.store, repository.seen, load},
        {how(keys, guard), gate.as_function(), agent::signer_look_up(keys), at_once()}, warnings);
  };
  this->run(repository, run, {}, {}, command, dice);
}

void World::revoke(Repository& repository, Dice& dice) {
  const std::vector<const Person*> honest = people_.honest();
  const bool by_administrator = honest.empty() || dice.percent(20);
  Run run = by_administrator ? run_by_administrator(dice) : run_by(*dice.one_of(honest), dice);
  const std::vector<std::string> tags = tags_in(repository);
  if (tags.empty()) return;
  const std::string& tag = dice.one_of(tags);
  std::vector<RoleName> roles;
  if (dice.percent(30)) roles = {some_role(repository, dice)};
  run.named = {roles.begin(), roles.end()};
  run.is_unmaking = true;
  run.words += ": revoke " + tag + role_options(roles);
  change(
      repository, run,
      [&](hsm::KeyRing& keys, const agent::PolicyGuard* guard) {
        return agent::revoke_tags({{tag}, roles, guard}, keys);
      },
      dice);
}

void World::refresh(Repository& repository, Dice& dice) {
  const std::vector<const Person*> honest = people_.honest();
  Run run =
      honest.empty() || dice.percent(50) ? run_by_administrator(dice) : run_by(*dice.one_of(honest), dice);
  const int days = dice.percent(30) ? 183 : 10000;
  run.words += ": repo refresh --within-days " + std::to_string(days);
  change(
      repository, run,
      [&](hsm::KeyRing& keys, const agent::PolicyGuard* guard) {
        return agent::renew_due_roles(now_ + tuf::Days{days}, keys, guard);
      },
      dice, [](agent::LoadRequest& load) { load.tolerate.expiry = true; });
}

void World::add_signer(Repository& repository, Dice& dice) {
  Run run = run_by_administrator(dice);
  const Person& person = dice.one_of(people_.all());
  const Person& other = dice.percent(25) ? dice.one_of(people_.all()) : person;
  if (person.name == "admin") return;
  const Key& key = dice.one_of(other.keys);
  run.adds = {key->public_key()};
  run.words += ": signer add " + person.name + " with a key of " + other.name;
  change(
      repository, run,
      [&](hsm::KeyRing& keys, const agent::PolicyGuard*) {
        return agent::add_delegations(agent::signer_delegations(person.name, run.adds), keys);
      },
      dice);
}

void World::remove_signer(Repository& repository, Dice& dice) {
  Run run = run_by_administrator(dice);
  const Person& person = dice.one_of(people_.all());
  run.is_unmaking = true;
  run.words += ": signer remove " + person.name;
  change(
      repository, run,
      [&](hsm::KeyRing& keys, const agent::PolicyGuard*) {
        return agent::remove_signer(person.name, keys, {true});
      },
      dice);
}

void World::rotate_signer(Repository& repository, Dice& dice) {
  Run run = run_by_administrator(dice);
  const Person& person = dice.one_of(people_.all());
  std::set<tuf::KeyId> remove;
  run.words += ": signer rotate " + person.name;
  if (dice.percent(75)) {
    run.adds = {person.keys.back()->public_key()};
    run.words += " adds the new key";
  }
  if (dice.percent(50)) {
    remove = {person.keys.front()->public_key().canonical_id()};
    run.is_unmaking = true;
    run.words += " removes the old key";
  }
  change(
      repository, run,
      [&](hsm::KeyRing& keys, const agent::PolicyGuard*) {
        return agent::rotate_signer(person.name, run.adds, remove, keys);
      },
      dice);
}

void World::change_delegation(Repository& repository, Dice& dice) {
  const std::vector<const Person*> honest = people_.honest();
  Run run =
      honest.empty() || dice.percent(60) ? run_by_administrator(dice) : run_by(*dice.one_of(honest), dice);
  const Person& person = dice.one_of(people_.all());
  const Key key = person.keys.front();
  run.is_unmaking = true;
  const RoleName above = some_role(repository, dice);
  const RoleName role = dice.percent(60) ? above : RoleName::of(above.text() + "/x");
  run.named = {role.parent()};  // whoever names a delegation names the role that says who signs it
  if (dice.percent(50)) {
    run.adds = {key->public_key()};
    run.words += ": delegation add " + role.text() + " with the key of " + person.name;
    change(
        repository, run,
        [&](hsm::KeyRing& keys, const agent::PolicyGuard*) {
          return agent::add_delegations({{role, run.adds, {""}, std::nullopt}}, keys);
        },
        dice);
    return;
  }
  agent::DelegationToChange what{role, dice.percent(40), {}, {}};
  if (!what.remove) what.keys = {key->public_key().canonical_id()};
  run.words += ": delegation remove " + role.text() + (what.remove ? "" : " the key of " + person.name);
  change(
      repository, run,
      [&](hsm::KeyRing& keys, const agent::PolicyGuard*) {
        return agent::change_delegation(what, keys, {true});
      },
      dice);
}

void World::purge(Repository& repository, Dice& dice) {
  Run run = run_by_administrator(dice);
  const Person& person = dice.one_of(people_.all());
  run.is_unmaking = true;
  run.words += ": delegation purge, the key of " + person.name;
  change(
      repository, run,
      [&](hsm::KeyRing& keys, const agent::PolicyGuard*) {
        return agent::purge_keys({person.keys.front()->public_key().canonical_id()}, keys);
      },
      dice);
}

void World::witness(Repository& repository, Dice& dice) {
  const std::vector<const Person*> honest = people_.honest();
  Run run =
      honest.empty() || dice.percent(50) ? run_by_administrator(dice) : run_by(*dice.one_of(honest), dice);
  const RoleName role = some_role(repository, dice);
  const auto content = static_cast<agent::UnverifiedContent>(dice.below(3));
  run.named = {role};
  run.binds = mode_ == Mode::kBound;
  run.is_unmaking = true;
  run.words += ": witness " + role.text() +
               (content == agent::UnverifiedContent::kAdopt   ? " --adopt"
                : content == agent::UnverifiedContent::kEmpty ? " --empty"
                                                              : "");
  change(
      repository, run,
      [&](hsm::KeyRing& keys, const agent::PolicyGuard*) {
        return agent::witness_roles(repository.store, {role}, content, keys);
      },
      dice);
}

/// The server has stored a file in another form than it was given, and cannot serve it.
void World::repair(Repository& repository, Dice& dice) {
  Run run = run_by_administrator(dice);
  const RoleName role = some_role(repository, dice);
  const tuf::Delegation* delegation = repository.state->find_delegation(role);
  if (!delegation || !delegation->metadata) return;
  const std::string good(delegation->metadata->bytes);
  const std::pair at(role, tuf::to_hex(tuf::sha256(tuf::as_bytes(good))));
  repository.store.newest[role] = good + "\n";
  repository.store.by_hash.erase(at);
  run.has_race = false;
  run.words += ": repo repair, of " + role.text();
  change(
      repository, run,
      [&](hsm::KeyRing& keys, const agent::PolicyGuard*) { return agent::repair_roles(keys); }, dice,
      [](agent::LoadRequest& load) { load.tolerate = {.expiry = true, .other_form = true}; });
  // Where it was not mended the server finds the file again.
  repository.store.by_hash[at] = good;
  if (repository.store.newest[role] == good + "\n") repository.store.newest[role] = good;
}

void World::rotate_targets(Repository& repository, Dice& dice) {
  Run run = run_by_administrator(dice);
  run.keys.push_back(root_);
  const Key key = dice.one_of(people_["admin"].keys);
  run.words += ": repo rotate targets";
  change(
      repository, run,
      [&](hsm::KeyRing& keys, const agent::PolicyGuard*) {
        return agent::rotate_key(kTargets, key->public_key().object(), keys);
      },
      dice);
}

void World::run(Repository& repository, const Run& run, const std::vector<agent::ImageToSign>& images,
                const tuf::Provenance& provenance, const Command& command, Dice& dice) {
  hsm::KeyRing keys;
  keys.add(std::make_unique<hsm::MemoryKeys>(
      std::vector<std::shared_ptr<tuf::Signer>>(run.keys.begin(), run.keys.end())));
  const bool looks = run.has_policy && run.options.resign_guard;
  std::optional<agent::PolicyGuard> guard;
  if (run.has_policy) {
    agent::PolicyGuard::Options options = run.options;
    options.hide_tags = true;  // whoever is asked says --yes
    const auto checked = repository.checked.find(run.machine);
    if (looks && checked != repository.checked.end()) options.last_releases = checked->second;
    guard.emplace(people_.policy(), keys, std::move(options));
  }
  story_ += run.words + " in " + repository.gun.text() +
            (!run.has_policy          ? " (without a policy)"
             : run.options.quarantine ? " --quarantine"
                                      : "");
  repository.seen.forget();
  const std::map<std::string, std::string> allowed_before = allowed(repository);
  const std::size_t from = repository.store.publications.size();
  bool races = run.has_race;
  if (run.has_race) {
    repository.store.before_publish = [&](int) {
      if (!std::exchange(races, false)) return;
      story_ += "; meanwhile\n    ";
      hostile_step(repository, dice);
      story_ += "    and so";
    };
  }
  std::optional<tuf::Error> error;
  std::optional<agent::PublishedChanges> changes;
  try {
    changes = command(guard ? &*guard : nullptr, keys);
  } catch (const tuf::Error& thrown) {
    error = thrown;
  }
  repository.store.before_publish = nullptr;
  const std::vector<std::size_t> own = own_posts(repository, from);
  const std::string outcome = error                ? std::string("refused: ") + error->what()
                              : changes->published ? "published"
                                                   : "unchanged";
  story_ += ": " + outcome + "\n";
  const std::string kind = run.words.substr(run.words.find(": ") + 2);
  ++tally_["honest " + kind.substr(0, kind.find_first_of(" ,")) + " " +
           (error ? "refused " + std::to_string(static_cast<int>(error->code())) : outcome)];

  if (!own.empty() || !error) {
    std::set<const Person*> askers;
    for (const Key& key : run.keys) askers.insert(people_.owner_of(key->public_key().canonical_id()));
    for (const Person* person : askers) {
      if (!person) continue;
      for (const agent::ImageToSign& image : images) {
        const Place place{repository.gun.text(), image.name};
        truth_.asked(*person, place, image.target, run.named.contains(kTargets));
        asked_here_.asked(*person, place, image.target, run.named.contains(kTargets));
      }
    }
  }
  for (const std::size_t post : own) {
    for (const agent::RoleFile& posted : repository.store.publications.at(post)) {
      if (!posted.role.is_delegation() && posted.role != kTargets) continue;
      const auto file = tuf::decode<tuf::Targets>(posted.bytes, posted.role.text());
      record_asked(repository, run, images, provenance, posted.role, file);
      if (looks || mode_ == Mode::kBound) check_signed(repository, posted.role, file, looks);
    }
  }
  const bool had_race = run.has_race && !races;
  if (guard && looks && !had_race) check_foreign(repository, run, guard->quarantined());
  for (const std::size_t post : own) keep_bodies(repository, post);
  repository.is_changed |= !own.empty() || had_race;
  if (error) {
    if (!is_expected(error->code())) fail("an honest command fails for a reason that no command should meet");
    // Only `delegation purge` looks for keys in roles that it was not told of.
    if (!kind.starts_with("delegation purge") &&
        std::string(error->what()).find("was not named") != std::string::npos)
      fail("a role was to be signed that nobody has named");
    if (error->code() == ErrorCode::kForeignEntry) {
      if (had_race) load(repository);
      if (guard && looks) check_foreign(repository, run, guard->foreign());
      if (is_all_honest_ && (!guard || guard->foreign().empty()))
        fail("refused as foreign, where everybody is honest and nothing foreign is named");
    }
  } else if (looks && changes->published) {
    for (const auto& file : changes->files) {
      if (file.role == kReleases) repository.checked[run.machine] = file.bytes;
    }
  }
  if (changes && changes->published && !had_race && changes->repository.has_timestamp()) {
    repository.state = std::move(changes->repository);  // as it was read back, by whoever knows no more
    check_allowed(repository);
    // What a run without the policy has said beside an image, --quarantine takes out with the image.
    const bool may_drop = run.options.quarantine && mode_ == Mode::kBound && was_unguarded_;
    if (looks && is_all_honest_ && !run.is_unmaking && !may_drop)
      check_still_allowed(repository, allowed_before, images);
    repository.is_changed = false;
  }
  if (!looks) was_unguarded_ = true;
  repository.is_unmade |= run.is_unmaking && (!error || !own.empty());
  repository.is_unmade |= guard && !guard->quarantined().empty();
}

}  // namespace gate
