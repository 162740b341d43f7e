#include "tests/attack/gate/world.h"

#include "hsm/memory_keys.h"
#include "tests/support/repository_maker.h"
#include "tests/support/store_client.h"

namespace gate {
namespace {

using tuf::RoleName;

constexpr std::size_t kHonestSequences = 25;  // percent

bool is_all_honest(std::uint64_t seed) {
  return Dice(seed, 1).percent(kHonestSequences);
}

People make_people(std::uint64_t seed, Mode mode) {
  Dice dice(seed, 2);
  return People(dice, mode, is_all_honest(seed));
}

tuf::SignerFor signer_for(const std::vector<Key>& keys) {
  return [keys](const tuf::KeyId& id) -> std::shared_ptr<tuf::Signer> {
    for (const Key& key : keys) {
      if (key->public_key().canonical_id() == id) return key;
    }
    return nullptr;
  };
}

}  // namespace

World::World(std::uint64_t seed, Mode mode, const std::filesystem::path& folder, Tally& tally)
    : mode_(mode),
      tally_(tally),
      now_(test::kNow),
      is_all_honest_(is_all_honest(seed)),
      people_(make_people(seed, mode)),
      truth_(people_, mode),
      asked_here_(people_, Mode::kBound) {
  static const Key root = test::TestSigner::generate();
  root_ = root;
  Dice dice(seed, 3);
  story_ = people_.describe() + "\n";
  for (const char* name : {"registry.example.com/a", "registry.example.com/b"}) {
    repositories_.push_back(std::make_unique<Repository>(name, folder, [this] { return now_; }));
    create(*repositories_.back(), dice);
  }
}

/// As an administrator sets it up: releases, and an identity for some people; some with a key too many.
void World::create(Repository& repository, Dice& dice) {
  const Key& root = root_;
  const Key targets = people_["admin"].keys.front();
  test::CertificateSpec certificate;
  certificate.common_name = repository.gun.text();
  certificate.not_before = now_ - tuf::Days{1};
  certificate.not_after = now_ + tuf::kRootLifetime;
  const auto root_key = tuf::PublicKey::from_certificate(test::make_certificate(*root, certificate));
  const auto first = tuf::RepositoryDraft::for_new_repository(
      repository.gun, now_,
      {root_key, targets->public_key(), repository.store.server_key(RoleName::of("snapshot")),
       repository.store.server_key(RoleName::of("timestamp"))});
  repository.pin = tuf::TrustPin{{root_key.id()}, ""};
  repository.store.publish(test::role_files(first.sign(signer_for({root, targets}))));
  load(repository);

  tuf::RepositoryDraft draft(*repository.state);
  for (const Person& person : people_.all()) {
    if (person.name == "admin" || !(person.name == "ci" || dice.percent(75))) continue;
    std::vector<tuf::PublicKey> keys = {person.keys.front()->public_key()};
    std::string also;
    if (dice.percent(25)) {
      const Person& other = dice.one_of(people_.all());
      keys.push_back(other.keys.front()->public_key());
      also = " and " + other.name;
    }
    draft.add_delegation(RoleName::of("targets/" + person.name), keys, {""});
    const bool releases = person.name == "ci" || dice.percent(85);
    if (releases)
      draft.add_delegation(RoleName::of("targets/releases"), {person.for_releases->public_key()}, {""});
    story_ += "  " + repository.gun.text() + ": targets/" + person.name + " lists " + person.name + also +
              (releases ? ", who signs releases" : "") + "\n";
  }
  repository.store.publish(test::role_files(draft.sign(signer_for({targets}))));
  load(repository);
  for (std::size_t post : {0, 1}) keep_bodies(repository, post);
}

void World::step(std::uint64_t number) {
  Dice dice(number, 4);
  Repository& repository = *dice.one_of(repositories_);
  if (dice.percent(4)) {
    now_ += tuf::Days{dice.percent(50) ? 20 : 200};
    story_ += "time passes\n";
    for (const auto& each : repositories_) each->is_changed = true;
  } else if (!is_all_honest_ && dice.percent(40)) {
    hostile_step(repository, dice);
  } else {
    honest_step(repository, dice);
  }
  for (const auto& each : repositories_) {
    if (!each->is_changed) continue;
    load(*each);
    check_allowed(*each);
  }
}

}  // namespace gate
