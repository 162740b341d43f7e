// How the world is held to the truth.
#include <algorithm>

#include "agent/policy/judge.h"
#include "agent/work/load_repository.h"
#include "tests/attack/gate/world.h"
#include "tuf/base/warning.h"
#include "tuf/trust/role_authority.h"
#include "tuf/view/bound.h"
#include "tuf/view/provenance.h"
#include "tuf/view/stored_target.h"

namespace gate {
namespace {

using tuf::RoleName;

const RoleName kTargets = RoleName::of("targets");

std::string text_of(const Names& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "nobody" : text;
}

std::string text_of(const std::string& tag, const tuf::Target& entry) {
  std::string text = tag + " (" + entry.digest() + ", " + std::to_string(entry.length) + " bytes";
  for (const auto& [name, hash] : entry.hashes) text += ", " + name;
  return text + (entry.custom ? ", " + entry.custom->dump() : "") + ")";
}

bool is_identity(const RoleName& role) {
  return role.is_delegation() && role.parent() == kTargets && role.text() != "targets/releases";
}

/// An entry where readers see it in an identity, or in targets, with whose keys have signed it.
struct Standing {
  tuf::Target entry;
  bool is_administrators;
  Names signers;
};

std::vector<Standing> standing(const tuf::TrustedRepository& state, const People& people, Mode mode,
                               const std::string& tag) {
  std::vector<Standing> all;
  const auto counts = [&](const tuf::Target& entry, const RoleName& role) {
    const tuf::Bound bound = tuf::bound_of(entry, tuf::bound_to(state.gun(), role));
    return bound == tuf::Bound::kHere || (bound == tuf::Bound::kNot && mode == Mode::kGateAlone);
  };
  const auto in_targets = state.targets().body.targets.find(tag);
  if (in_targets && counts(*in_targets, kTargets)) all.push_back({*in_targets, true, {}});
  for (const tuf::Delegation& delegation : state.delegations()) {
    const RoleName& role = delegation.role.name;
    if (!delegation.metadata || !is_identity(role)) continue;
    const auto found = delegation.metadata->body.targets.find(tag);
    if (!found || !state.admits(role, tag)) continue;
    if (!counts(*found, role)) continue;
    Names signers;
    for (const tuf::PublicKey& key : delegation.authority.keys()) {
      const Person* user = people.user_of(key.canonical_id());
      if (user && tuf::is_signed_by(key, delegation.metadata->signed_text, delegation.metadata->signatures))
        signers.insert(user->name);
    }
    all.push_back({*found, false, std::move(signers)});
  }
  return all;
}

}  // namespace

void World::load(Repository& repository) {
  repository.seen.forget();  // as somebody loads it who sees it for the first time
  std::vector<tuf::Warning> warnings;
  repository.state =
      agent::load_repository({repository.store, repository.seen, load_request(repository)}, warnings);
  repository.is_changed = false;
}

void World::keep_bodies(const Repository& repository, std::size_t post) {
  for (const agent::RoleFile& file : repository.store.publications.at(post)) {
    if (!file.role.is_delegation() && file.role != kTargets) continue;
    bodies_.push_back({file.role.text() + " of " + repository.gun.text(),
                       tuf::decode<tuf::Targets>(file.bytes, file.role.text())});
  }
}

std::vector<std::size_t> World::own_posts(const Repository& repository, std::size_t from) const {
  std::vector<std::size_t> own;
  for (std::size_t i = from; i < repository.store.publications.size(); ++i) {
    if (!hostile_posts_.contains({&repository, i})) own.push_back(i);
  }
  return own;
}

void World::check_allowed(Repository& repository) {
  const tuf::SignedState state(*repository.state);
  const agent::Judge judge(people_.policy(), state);
  for (const char* tag : {"v1", "v2", "dev1", "x"}) {
    const auto entries = state.entries(tag);
    const tuf::SignedState::Entry* released = state.released(entries);
    if (!released) continue;
    const agent::Decision decision = judge.decide({tag, std::nullopt});
    ++tally_[decision.allowed ? "verdict allowed" : "verdict refused"];
    if (!decision.allowed) continue;
    const Place place{repository.gun.text(), tag};
    if (truth_.is_asked_for(place, released->target)) continue;
    fail(place.gun + ":" + text_of(tag, released->target) + " is allowed, and was asked for by " +
         text_of(truth_.who_asked(place, released->target)));
  }
}

std::map<std::string, std::string> World::allowed(const Repository& repository) const {
  const tuf::SignedState state(*repository.state);
  const agent::Judge judge(people_.policy(), state);
  std::map<std::string, std::string> digests;
  for (const std::string& tag : tags_in(repository)) {
    const agent::Decision decision = judge.decide({tag, std::nullopt});
    if (decision.allowed) digests[tag] = decision.digest;
  }
  return digests;
}

void World::check_still_allowed(const Repository& repository,
                                const std::map<std::string, std::string>& before,
                                const std::vector<agent::ImageToSign>& images) {
  const std::map<std::string, std::string> now = allowed(repository);
  for (const auto& [tag, digest] : before) {
    const auto is_asked = [&, &tag = tag](const agent::ImageToSign& image) { return image.name == tag; };
    if (std::any_of(images.begin(), images.end(), is_asked)) continue;
    ++tally_["still allowed"];
    const auto found = now.find(tag);
    if (found == now.end() || found->second != digest)
      fail(tag + " was allowed as " + digest + ", and is not any more, though nobody has taken it back");
  }
}

void World::check_signed(const Repository& repository, const RoleName& role,
                         const tuf::Metadata<tuf::Targets>& file, bool looks) {
  std::vector<const Person*> users;
  bool is_nobodys = false;  // some key
  for (const tuf::Signature& signature : file.signatures) {
    const Person* user = people_.user_of(signer_of(signature));
    if (user) {
      users.push_back(user);
    } else {
      is_nobodys = true;
    }
  }
  if (role == kTargets && users.empty()) return;  // the administrator's
  const std::string here = tuf::bound_to(repository.gun, role);
  for (const tuf::TargetMap::Entry& held : file.body.targets) {
    const std::string tag = held.name();
    const tuf::Target entry = held.target();
    // A run that does not look may sign anything, but nothing so that it counts where it is bound.
    if (!looks && (!is_identity(role) || tuf::bound_of(entry, here) != tuf::Bound::kHere)) continue;
    const Place place{repository.gun.text(), tag};
    const bool is_allowed = truth_.is_asked_for(place, entry);
    for (const Person* user : users) {
      if (is_allowed || truth_.has_asked(*user, place, entry)) continue;
      fail(user->name + " has signed " + text_of(tag, entry) + " in " + role.text() + ", asked for by " +
           text_of(truth_.who_asked(place, entry)) + " only");
    }
    if (!looks) continue;
    const auto has_said = [&](const Person* user) { return truth_.has_said(*user, place, entry); };
    const bool is_own = !users.empty() && !is_nobodys && std::all_of(users.begin(), users.end(), has_said);
    if (is_own || truth_.is_said(place, entry)) continue;
    fail(text_of(tag, entry) + " was signed in " + role.text() +
         ", and nobody whose word counts has said all of it");
  }
}

void World::record_asked(const Repository& repository, const Run& run,
                         const std::vector<agent::ImageToSign>& images, const tuf::Provenance& provenance,
                         const RoleName& role, const tuf::Metadata<tuf::Targets>& file) {
  const bool looks = run.has_policy && run.options.resign_guard;
  for (const agent::ImageToSign& image : images) {
    const auto found = file.body.targets.find(image.name);
    if (!found || *found->sha256() != *image.target.sha256()) continue;
    const tuf::Target& entry = *found;
    const Place place{repository.gun.text(), image.name};
    // What may stand there: what is asked for, alone or beside what somebody has said whose word counts.
    std::vector<tuf::Target> may = truth_.sayings(place, entry);
    for (const tuf::Signature& signature : file.signatures) {
      if (const Person* owner = people_.owner_of(signer_of(signature))) {
        for (const tuf::Target& own : truth_.sayings_of(*owner, place, entry)) may.push_back(own);
      }
    }
    may.push_back(image.target);
    const auto is_one = [&](const tuf::Target& said) {
      const auto with = tuf::with_provenance(tuf::without_bound(said.custom), provenance);
      const tuf::Json custom = unbound_custom(entry);
      return entry.length == image.target.length &&
             (entry.hashes == image.target.hashes || entry.hashes == said.hashes) &&
             (custom == unbound_custom(said) || custom.is_null() ||
              (!provenance.empty() && with && custom == *with));
    };
    if (looks && role != kTargets && std::none_of(may.begin(), may.end(), is_one)) {
      fail("asked for " + text_of(image.name, image.target) + ", a run has signed " +
           text_of(image.name, entry) + " in " + role.text());
    }
    for (const tuf::Signature& signature : file.signatures) {
      if (const Person* owner = people_.owner_of(signer_of(signature)))
        truth_.said(*owner, place, entry, role == kTargets);
    }
  }
}

void World::check_foreign(const Repository& repository, const Run& run,
                          const std::vector<agent::ForeignEntry>& foreign) {
  tally_["foreign found"] += foreign.size();
  if (mode_ == Mode::kBound && was_unguarded_) return;
  for (const agent::ForeignEntry& entry : foreign) {
    if (must_pass(repository, run, entry)) fail("refused, though the policy allows it: " + entry.text());
    if (!is_all_honest_ || repository.is_unmade) continue;
    const auto target = tuf::stored_target(*repository.state, entry.in, entry.name);
    if (!target || !asked_here_.is_asked_for({repository.gun.text(), entry.name}, *target)) continue;
    fail("refused, where all are honest and nobody has taken anything back: " + entry.text());
  }
}

/// What must pass by what readers see: it is allowed, and somebody who counts says all of it; or whoever
/// signs the identity has signed it there.
bool World::must_pass(const Repository& repository, const Run& run,
                      const agent::ForeignEntry& foreign) const {
  const tuf::TrustedRepository& state = *repository.state;
  const tuf::Delegation* delegation = state.find_delegation(foreign.in);
  const tuf::Targets* body = delegation && delegation->metadata ? &delegation->metadata->body
                             : foreign.in == kTargets           ? &state.targets().body
                                                                : nullptr;
  std::vector<tuf::PublicKey> listed = run.adds;
  if (delegation)
    listed.insert(listed.end(), delegation->authority.keys().begin(), delegation->authority.keys().end());
  std::vector<const Person*> owners;  // nullptr for a key of nobody
  for (const Key& key : run.keys) {
    const tuf::KeyId& id = key->public_key().canonical_id();
    const auto is_it = [&](const tuf::PublicKey& other) { return other.canonical_id() == id; };
    if (std::any_of(listed.begin(), listed.end(), is_it)) owners.push_back(people_.user_of(id));
  }
  const bool has_identity = is_identity(foreign.in);
  const auto all_owners = [&](const auto& has) {
    return has_identity && !owners.empty() &&
           std::all_of(owners.begin(), owners.end(),
                       [&](const Person* owner) { return owner && has(*owner); });
  };
  if (foreign.kind == agent::ForeignEntry::Kind::kDelegation) {
    return body && all_owners([&](const Person& owner) {
             return std::any_of(delegation->authority.keys().begin(), delegation->authority.keys().end(),
                                [&](const tuf::PublicKey& key) {
                                  return people_.user_of(key.canonical_id()) == &owner &&
                                         tuf::is_signed_by(key, delegation->metadata->signed_text,
                                                           delegation->metadata->signatures);
                                });
           });
  }
  if (!body) return false;
  const auto found = body->targets.find(foreign.name);
  if (!found) return false;
  const tuf::Target& entry = *found;
  if (!entry.sha256()) return false;
  const std::string here = tuf::bound_to(repository.gun, foreign.in);
  if (tuf::bound_of(entry, here) == tuf::Bound::kElsewhere) return false;
  const std::vector<Standing> all = standing(state, people_, mode_, foreign.name);
  if (all_owners([&](const Person& owner) {
        return std::any_of(all.begin(), all.end(), [&](const Standing& other) {
          return other.signers.contains(owner.name) && is_part_of(entry, other.entry);
        });
      }))
    return true;

  const tuf::SignedState signed_state(state);
  const agent::Judge judge(people_.policy(), signed_state);
  const agent::Decision decision = judge.decide({foreign.name, std::nullopt});
  if (!decision.allowed || decision.digest != foreign.digest) return false;
  const Names counted = people_.counted(foreign.name);
  bool is_said = false;
  for (const Standing& other : all) {
    if (!other.entry.sha256() || *other.entry.sha256() != *entry.sha256()) continue;
    if (!tuf::agrees(entry, other.entry)) return false;  // somebody says another length of it
    const bool counts = other.is_administrators
                            ? people_.accepts_administrator(foreign.name)
                            : std::any_of(other.signers.begin(), other.signers.end(),
                                          [&](const std::string& name) { return counted.contains(name); });
    is_said |= counts && is_part_of(entry, other.entry);
  }
  return is_said;
}

}  // namespace gate
