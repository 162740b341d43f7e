// What hostile people do: they show what was signed elsewhere, and sign what they like.
#include <algorithm>

#include "tests/attack/gate/world.h"
#include "tests/support/repository_maker.h"
#include "tuf/base/error.h"
#include "tuf/edit/sign_metadata.h"
#include "tuf/view/bound.h"
#include "tuf/view/provenance.h"

namespace gate {
namespace {

using tuf::RoleName;

const std::vector<std::string> kTags = {"v1", "v2", "dev1", "x"};
const std::vector<std::string> kContents = {"good", "other", "evil image"};

bool lists(const std::vector<tuf::PublicKey>& keys, const tuf::KeyId& id) {
  return std::any_of(keys.begin(), keys.end(), [&](const auto& key) { return key.id() == id; });
}

std::vector<Key> keys_in(const Person& person, const tuf::RoleAuthority& authority) {
  std::vector<Key> all = person.keys;
  if (person.for_releases && person.for_releases != person.keys.front()) all.push_back(person.for_releases);
  std::erase_if(all, [&](const Key& key) { return !lists(authority.keys(), key->public_key().id()); });
  return all;
}

tuf::Signature sign_text(const Key& key, std::string_view text) {
  const std::string file =
      tuf::sign_metadata("a role", text, {key->public_key()}, 1, [&](const tuf::KeyId&) { return key; });
  return tuf::decode<tuf::Targets>(file, "a role").signatures.front();
}

}  // namespace

void World::hostile_step(Repository& repository, Dice& dice) {
  const std::vector<const Person*> hostile = people_.hostile();
  const Person& person = *dice.one_of(hostile);
  if (dice.percent(45)) {
    replay(repository, person, dice);
  } else {
    forge(repository, person, dice);
  }
}

/// Any signed body under any role, in any repository, that lists a key of it.
void World::replay(Repository& repository, const Person& person, Dice& dice) {
  struct Chance {
    const Body* body;
    RoleName role;
  };
  std::vector<Chance> chances;
  const auto consider = [&](const RoleName& role, const tuf::RoleAuthority& authority, std::int64_t stored) {
    for (const Body& body : bodies_) {
      const auto& signatures = body.file.signatures;
      const bool fits = std::any_of(signatures.begin(), signatures.end(), [&](const auto& signature) {
        return lists(authority.keys(), signer_of(signature));
      });
      if (fits && body.file.body.version > stored) chances.push_back({&body, role});
    }
  };
  const tuf::TrustedRepository& state = *repository.state;
  consider(RoleName::of("targets"), tuf::RoleAuthority::of(state.root().body, RoleName::of("targets")),
           state.targets().body.version);
  for (const tuf::Delegation& delegation : state.delegations())
    consider(delegation.role.name, delegation.authority, delegation.stored_version);
  if (chances.empty()) return forge(repository, person, dice);
  const Chance chance = dice.one_of(chances);
  std::vector<tuf::Signature> signatures = chance.body->file.signatures;
  const tuf::Delegation* delegation = state.find_delegation(chance.role);
  const std::vector<Key> own = delegation ? keys_in(person, delegation->authority) : std::vector<Key>();
  std::string words = "shows " + chance.body->where + " version " +
                      std::to_string(chance.body->file.body.version) + " as " + chance.role.text();
  if (!own.empty() && dice.percent(20)) {
    const Key& key = dice.one_of(own);
    const auto is_signed = [&](const auto& signature) {
      return signer_of(signature) == key->public_key().id();
    };
    if (std::none_of(signatures.begin(), signatures.end(), is_signed)) {
      signatures.push_back(sign_text(key, chance.body->file.signed_text));
      words += ", signed too";
    }
  }
  const std::string file = tuf::encode_file(chance.body->file.signed_text, signatures);
  post(repository, person, chance.role, file, words);
}

/// A file of their own in a role that lists a key of theirs, with any entries.
void World::forge(Repository& repository, const Person& person, Dice& dice) {
  std::vector<const tuf::Delegation*> roles;
  for (const tuf::Delegation& delegation : repository.state->delegations()) {
    if (!keys_in(person, delegation.authority).empty()) roles.push_back(&delegation);
  }
  if (roles.empty()) return;
  const tuf::Delegation& delegation = *dice.one_of(roles);
  const RoleName& role = delegation.role.name;
  tuf::Targets body = delegation.metadata ? delegation.metadata->body : tuf::Targets();
  std::string words = "signs " + role.text();
  for (std::size_t i = 0; i <= dice.below(3); ++i) {
    const std::string& tag = dice.one_of(kTags);
    if (dice.percent(10)) {
      body.targets.erase(tag);
      words += ", takes out " + tag;
      continue;
    }
    const std::string here = tuf::bound_to(repository.gun, role);
    tuf::Target entry = forged_entry(tag, dice);
    if (dice.percent(30)) entry.custom = tuf::with_bound(entry.custom, here);
    words += ", puts in " + tag + "=" + entry.digest().substr(7, 4) +
             (entry.custom ? " " + entry.custom->dump() : "");
    body.targets.set(tag, std::move(entry));
  }
  if (dice.percent(20)) {
    const Person& other = dice.one_of(people_.all());
    const RoleName child = RoleName::of(role.text() + "/x");
    tuf::DelegationRole below{child, {}, 1, {""}};
    for (const Key& key : {other.keys.front(), person.keys.front()}) {
      if (std::find(below.key_ids.begin(), below.key_ids.end(), key->public_key().id()) !=
          below.key_ids.end())
        continue;
      body.keys.emplace(key->public_key().id(), key->public_key().object());
      below.key_ids.push_back(key->public_key().id());
    }
    std::erase_if(body.roles, [&](const tuf::DelegationRole& old) { return old.name == child; });
    body.roles.push_back(below);
    words += ", lets " + other.name + " sign " + child.text();
  }
  body.version = delegation.stored_version + 1 + static_cast<std::int64_t>(dice.below(4));
  body.expires = now_ + tuf::Days{dice.percent(10) ? 10 : 1095};
  const std::string text = tuf::encode_signed(body);
  std::vector<tuf::Signature> signatures;
  for (const Key& key : keys_in(person, delegation.authority)) {
    if (signatures.empty() || dice.percent(50)) signatures.push_back(sign_text(key, text));
  }
  post(repository, person, role, tuf::encode_file(text, signatures), words);
}

/// Copied from somebody, with other words under the same digest, or new.
tuf::Target World::forged_entry(const std::string& tag, Dice& dice) {
  tuf::Target entry = test::make_target(dice.one_of(kContents));
  if (dice.percent(60)) {
    std::vector<tuf::Target> seen;
    for (const Body& body : bodies_) {
      if (const auto found = body.file.body.targets.find(tag)) seen.push_back(*found);
    }
    if (!seen.empty()) entry = dice.one_of(seen);
  }
  if (dice.percent(30)) {
    const Repository& repository = *dice.one_of(repositories_);
    const RoleName role = some_role(repository, dice);
    if (auto bound = tuf::with_bound(entry.custom, tuf::bound_to(repository.gun, role))) entry.custom = bound;
  }
  switch (dice.below(10)) {
    case 0:
      ++entry.length;
      break;
    case 1:
      entry.hashes["sha512"] = tuf::Bytes(64, 7);
      break;
    case 2:
      entry.custom = tuf::with_provenance(std::nullopt, {{"by", "a stranger"}});
      break;
    case 3:
      entry.custom = tuf::Json("a text");
      break;
    case 4:
      entry.custom.reset();
      break;
    default:
      break;
  }
  return entry;
}

/// Whatever they sign they have asked for, wherever it can be shown.
void World::post(Repository& repository, const Person& person, const RoleName& role, const std::string& file,
                 const std::string& words) {
  const auto decoded = tuf::decode<tuf::Targets>(file, role.text());
  for (const tuf::Signature& signature : decoded.signatures) {
    const Person* owner = people_.owner_of(signer_of(signature));
    if (!owner || !owner->is_hostile) continue;
    for (const tuf::TargetMap::Entry& held : decoded.body.targets) {
      const std::string tag = held.name();
      const tuf::Target entry = held.target();
      for (const auto& each : repositories_) {
        truth_.asked(*owner, {each->gun.text(), tag}, entry, false);
        truth_.said(*owner, {each->gun.text(), tag}, entry, false);
      }
    }
  }
  std::string outcome;
  const std::size_t at = repository.store.publications.size();
  hostile_posts_.emplace(&repository, at);
  try {
    const agent::PublishResult result = repository.store.publish({{role, file}});
    outcome = result == agent::PublishResult::kStored ? "stored" : "too late";
  } catch (const tuf::Error& error) {
    outcome = std::string("refused: ") + error.what();
  }
  keep_bodies(repository, at);
  repository.is_changed |= outcome == "stored";
  ++tally_[std::string("hostile ") + (words.starts_with("shows") ? "replay " : "forgery ") +
           (outcome == "stored" ? "stored" : "refused")];
  story_ += person.name + " (hostile) in " + repository.gun.text() + ": " + words + ": " + outcome + "\n";
}

}  // namespace gate
