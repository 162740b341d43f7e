#include "agent/report/chain.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "tuf/base/words.h"
#include "tuf/keys/public_key.h"
#include "tuf/view/health.h"
#include "tuf/view/role_expiry.h"
#include "tuf/view/role_view.h"
#include "tuf/view/trust_root.h"

namespace agent {
namespace {

using tuf::Delegation;
using tuf::RoleName;
using tuf::TrustedRepository;

/// Each once, though a key may be listed bare and in certificates.
void add_keys(const std::map<tuf::KeyId, tuf::KeyObject>& known, const std::vector<tuf::KeyId>& listed,
              const std::vector<tuf::KeyId>& signers, ChainRole& role) {
  std::set<tuf::KeyId> seen;
  for (const tuf::KeyId& id : listed) {
    const auto found = known.find(id);
    const auto key = found == known.end() ? std::nullopt : tuf::PublicKey::from_object(found->second);
    if (!seen.insert(key ? key->canonical_id() : id).second) continue;
    const bool has_signed =
        key && std::find(signers.begin(), signers.end(), key->canonical_id()) != signers.end();
    role.keys.push_back({key ? key->canonical_id().short_form() : id.short_form(),
                         key ? key->description() : "of no use", has_signed});
  }
  // Those that have signed are what the present file stands on.
  std::stable_partition(role.keys.begin(), role.keys.end(),
                        [](const ChainKey& key) { return key.has_signed; });
  if (role.keys.size() <= Chain::kMaxKeys) return;
  role.more_keys = role.keys.size() - Chain::kMaxKeys;
  role.keys.resize(Chain::kMaxKeys);
}

/// Of two names the one with the higher number in it first: mostly the newer.
bool is_newer(const ChainTag& one, const ChainTag& other) {
  const int order = strverscmp(one.name.c_str(), other.name.c_str());
  return order != 0 ? order > 0 : one.name > other.name;
}

/// Those of each role. All of them are counted; of many only the first are kept.
class TagsByRole {
 public:
  explicit TagsByRole(const std::vector<tuf::TagView>& tags) {
    for (const tuf::TagView& tag : tags) {
      for (const RoleName& role : tag.roles) by_role_[role].push_back(&tag);
    }
  }

  void fill(const RoleName& name, ChainRole& role) const {
    const auto found = by_role_.find(name);
    if (found == by_role_.end()) return;
    std::vector<ChainTag> all;
    for (const tuf::TagView* tag : found->second) {
      const std::string digest = tag->digest();
      all.push_back({tag->name, digest.substr(digest.find(':') + 1), tag->released});
    }
    const std::size_t kept = std::min(all.size(), Chain::kMaxTags);
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept), all.end(), is_newer);
    role.more_tags = all.size() - kept;
    all.resize(kept);
    role.tags = std::move(all);
  }

 private:
  std::map<RoleName, std::vector<const tuf::TagView*>> by_role_;
};

void note_expiry(tuf::Time expires, tuf::Time now, ChainRole& role) {
  if (!tuf::is_nearing_expiry(expires, now)) return;
  role.state = ChainRole::State::kNearingExpiry;
  role.state_word = "expires soon";
}

template <class File>
ChainRole top_role(const TrustedRepository& repository, const char* name, const char* purpose,
                   const File& file) {
  ChainRole role{.name = name, .purpose = purpose};
  if (role.name != "root") role.above = 0;
  const tuf::Root& root = repository.root().body;
  const RoleName role_name = RoleName::of(name);
  role.version = file.body.version;
  role.expires = file.body.expires;
  role.threshold = root.role(role_name).threshold;
  add_keys(root.keys, root.role(role_name).key_ids, tuf::file_signers(repository, role_name), role);
  return role;
}

std::string purpose_of(const RoleName& role) {
  if (role == RoleName::releases()) return "what docker pull gets";
  if (role.parent() == RoleName::targets()) return "signer " + std::string(role.leaf());
  return "delegated by " + role.parent().text();
}

ChainRole delegated_role(const TrustedRepository& repository, const Delegation& delegation) {
  ChainRole role{.name = delegation.role.name.text(), .purpose = purpose_of(delegation.role.name)};
  role.version = delegation.stored_version;
  role.threshold = delegation.role.threshold;
  if (delegation.metadata) role.expires = delegation.metadata->body.expires;
  if (delegation.state == Delegation::State::kUsable) {
    note_expiry(*role.expires, repository.now(), role);
  } else {
    const bool is_empty = delegation.state == Delegation::State::kEmpty;
    role.state = is_empty ? ChainRole::State::kEmpty : ChainRole::State::kUnusable;
    role.state_word = is_empty ? "nothing published yet" : tuf::to_string(delegation.state);
    if (delegation.problem) role.problem = delegation.problem->what();
  }
  add_keys(delegation.keys, delegation.role.key_ids, tuf::file_signers(repository, delegation.role.name),
           role);
  // The empty prefix admits all.
  const std::vector<std::string>& paths = delegation.role.paths;
  role.admits_nothing = paths.empty();
  if (std::find(paths.begin(), paths.end(), "") != paths.end()) return role;
  role.paths.assign(paths.begin(),
                    paths.begin() + static_cast<std::ptrdiff_t>(std::min(paths.size(), Chain::kMaxPaths)));
  role.more_paths = paths.size() - role.paths.size();
  return role;
}

bool is_unusable(const Delegation& delegation) {
  return delegation.state != Delegation::State::kUsable && delegation.state != Delegation::State::kEmpty;
}

std::size_t depth_of(const RoleName& role) {
  const std::string& name = role.text();
  return static_cast<std::size_t>(std::count(name.begin(), name.end(), '/'));
}

/// Half of the room is kept for what can be used: many broken ones must not drive the others out.
std::set<RoleName> chosen(const std::vector<Delegation>& delegations) {
  std::set<RoleName> names;
  const auto choose = [&](std::size_t most, bool unusable) {
    for (const Delegation& delegation : delegations) {
      const RoleName& name = delegation.role.name;
      if (names.size() >= most) return;
      if (is_unusable(delegation) != unusable || depth_of(name) > Chain::kMaxDepth) continue;
      if (name.parent() == RoleName::targets() || names.contains(name.parent())) names.insert(name);
    }
  };
  choose(Chain::kMaxDelegations / 2, false);
  choose(Chain::kMaxDelegations, true);
  choose(Chain::kMaxDelegations, false);
  return names;
}

void add_delegations(const TrustedRepository& repository, const TagsByRole& tags,
                     std::vector<ChainRole>& roles) {
  const std::set<RoleName> shown = chosen(repository.delegations());
  std::map<RoleName, std::size_t> places = {{RoleName::targets(), 1}};
  for (const Delegation& delegation : repository.delegations()) {
    const RoleName& name = delegation.role.name;
    if (shown.contains(name)) {
      places[name] = roles.size();
      roles.push_back(delegated_role(repository, delegation));
      roles.back().above = places.at(name.parent());
      tags.fill(name, roles.back());
      continue;
    }
    RoleName above = name.parent();
    while (!places.contains(above)) above = above.parent();
    ChainRole& role = roles[places.at(above)];
    ++role.more_below;
    if (is_unusable(delegation)) ++role.more_unusable_below;
  }
}

std::string in_words(const ChainKey& key) {
  return key.id + " (" + key.kind + (key.has_signed ? ", has signed" : ", has not signed") + ")";
}

std::string in_words(const ChainRole& role, const std::vector<ChainRole>& roles) {
  std::string text = role.name + (role.above ? ", vouched for by " + roles[*role.above].name : "") + ": ";
  if (!role.state_word.empty()) text += role.state_word + "; ";
  text += role.version == 0 && !role.expires ? "no file" : validity(role);
  std::vector<std::string> keys;
  for (const ChainKey& key : role.keys) keys.push_back(in_words(key));
  if (role.more_keys > 0) keys.push_back(and_more(role.more_keys, "keys"));
  text += "; " + demanded_keys(role) + (keys.empty() ? "" : ": " + tuf::join(keys));
  std::vector<std::string> tags;
  for (const ChainTag& tag : role.tags) tags.push_back(tag.name);
  if (role.more_tags > 0) tags.push_back(and_more(role.more_tags, "tags"));
  if (!tags.empty()) text += "; tags " + tuf::join(tags);
  if (role.more_below > 0) text += "; " + and_more(role.more_below, "delegations");
  return text + ".";
}

}  // namespace

Chain Chain::of(const TrustedRepository& repository, const std::vector<tuf::TagView>& tags,
                const std::string& server) {
  Chain chain{repository.gun().text(), server, tuf::trust_root_of(repository), repository.now(), {}};
  const TagsByRole tags_of(tags);
  ChainRole root = top_role(repository, "root", "lists the keys of the roles below", repository.root());
  note_expiry(*root.expires, repository.now(), root);
  for (const tuf::RoleExpiry& expiry : tuf::role_expiries(repository, true)) {
    if (expiry.name != "root certificate") continue;
    if (!root.certificate_expires || expiry.expires < *root.certificate_expires)
      root.certificate_expires = expiry.expires;
    note_expiry(expiry.expires, repository.now(), root);
  }
  chain.roles.push_back(std::move(root));
  ChainRole targets =
      top_role(repository, "targets", "the administrator: who may sign", repository.targets());
  note_expiry(*targets.expires, repository.now(), targets);
  tags_of.fill(RoleName::targets(), targets);
  chain.roles.push_back(std::move(targets));
  chain.roles.push_back(
      top_role(repository, "snapshot", "which versions belong together", repository.snapshot()));
  if (repository.has_timestamp())
    chain.roles.push_back(
        top_role(repository, "timestamp", "that this is the newest", repository.timestamp()));
  add_delegations(repository, tags_of, chain.roles);
  return chain;
}

std::string Chain::in_words() const {
  std::string text = "Chain of trust of " + gun + " on " + server + ", read at " + tuf::format_time(read_at) +
                     ". Trust root " + trust_root + ".";
  for (const ChainRole& role : roles) text += " " + agent::in_words(role, roles);
  return text;
}

std::string grouped(std::size_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string and_more(std::size_t number, std::string_view what) {
  if (number == 0) return "";
  std::string noun(what);
  if (number == 1 && noun.ends_with('s')) noun.pop_back();
  return "and " + grouped(number) + " more " + noun;
}

std::string demanded_keys(const ChainRole& role) {
  const std::size_t keys = role.keys.size() + role.more_keys;
  if (keys == 0) return "has no key";
  return std::to_string(role.threshold) + " of " + grouped(keys) + (keys == 1 ? " key" : " keys") +
         " must sign";
}

std::string validity(const ChainRole& role) {
  std::vector<std::string> words;
  if (role.version != 0) words.push_back("version " + std::to_string(role.version));
  if (role.expires) words.push_back("until " + tuf::format_day(*role.expires));
  return tuf::join(words);
}

}  // namespace agent
