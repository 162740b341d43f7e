#include "agent/policy/policy_file.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "agent/policy/located_json.h"
#include "hsm/file/key_form.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/keys/public_key.h"

namespace agent {
namespace {

using Kind = LocatedJson::Kind;

constexpr std::size_t kMaxNamed = 5000;  // users, teams, rules; keys of all users twice as many
constexpr std::int64_t kMaxAgeDays = 36'500;

bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](const char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._@-").find(c) != std::string_view::npos;
  });
}

class PolicyReader {
 public:
  PolicyReader(const std::string& name, const ReadKeyFile& read_key_file)
      : name_(name), read_key_file_(read_key_file) {}

  Policy read(const LocatedJson& file) {
    require_members(file, {"$schema", "version", "description", "bound", "users", "teams", "rules"});
    if (integer(member(file, "version"), 1, kMaxAgeDays) != 1)
      fail(member(file, "version"), "this program reads version 1");
    if (const LocatedJson* bound = file.find("bound")) policy_.bound = bound_demand(*bound);
    read_users(member(file, "users"));
    if (const LocatedJson* teams = file.find("teams")) read_teams(*teams);
    const LocatedJson& rules = filled_array(member(file, "rules"));
    for (const LocatedJson& rule : rules.items) policy_.rules.push_back(read_rule(rule));
    return std::move(policy_);
  }

 private:
  [[noreturn]] void fail(const LocatedJson& where, const std::string& reason,
                         const std::string& hint = {}) const {
    throw tuf::Error(tuf::ErrorCode::kPolicyMalformed, place(where) + reason, hint);
  }
  std::string place(const LocatedJson& where) const {
    return name_ + " line " + std::to_string(where.line) + ": " +
           (where.key.empty() ? "" : "\"" + tuf::printable(where.key, 60) + "\": ");
  }

  // --- values of the expected kind
  void require_kind(const LocatedJson& json, Kind kind, const char* what) const {
    if (json.kind != kind) fail(json, std::string("is not ") + what);
  }
  const LocatedJson& filled_array(const LocatedJson& json) const {
    require_kind(json, Kind::kArray, "an array");
    const bool is_needed = json.key == "rules" || json.key == "images" || json.key == "keys";
    if (json.items.empty())
      fail(json, is_needed ? "is empty: fill it" : "is empty: leave it out, or fill it");
    if (json.items.size() > kMaxNamed) fail(json, "has more than " + std::to_string(kMaxNamed) + " elements");
    return json;
  }
  const LocatedJson& object(const LocatedJson& json) const {
    require_kind(json, Kind::kObject, "an object");
    if (json.items.size() > kMaxNamed) fail(json, "has more than " + std::to_string(kMaxNamed) + " members");
    return json;
  }
  const std::string& text(const LocatedJson& json) const {
    require_kind(json, Kind::kString, "a string");
    return json.string;
  }
  BoundDemand bound_demand(const LocatedJson& json) const {
    if (text(json) == "required") return BoundDemand::kRequired;
    if (json.string == "preferred") return BoundDemand::kPreferred;
    fail(json, "is neither \"required\" nor \"preferred\"");
  }
  std::int64_t integer(const LocatedJson& json, std::int64_t least, std::int64_t most) const {
    require_kind(json, Kind::kInteger, "a whole number");
    if (json.integer < least || json.integer > most) {
      fail(json, "is not between " + std::to_string(least) + " and " + std::to_string(most));
    }
    return json.integer;
  }
  const LocatedJson& member(const LocatedJson& json, const char* name) const {
    const LocatedJson* found = json.find(name);
    if (!found) fail(json, std::string("has no member \"") + name + "\"");
    return *found;
  }
  void require_members(const LocatedJson& json, std::initializer_list<std::string_view> known) const {
    object(json);
    for (const LocatedJson& item : json.items) {
      if (std::find(known.begin(), known.end(), item.key) == known.end())
        fail(item, "is not a member that a policy has here");
      if (item.key == "description" || item.key == "$schema") text(item);
    }
  }
  /// The strings of an array, none twice.
  std::vector<const LocatedJson*> names(const LocatedJson& json) const {
    std::vector<const LocatedJson*> names;
    std::set<std::string_view> seen;
    for (const LocatedJson& item : filled_array(json).items) {
      if (!seen.insert(text(item)).second)
        fail(item, "names \"" + tuf::printable(item.string, 60) + "\" twice");
      names.push_back(&item);
    }
    return names;
  }
  template <class Parse>
  auto parsed(const LocatedJson& json, const Parse& parse) const {
    try {
      return parse(text(json));
    } catch (const tuf::Error& error) {
      fail(json, error.what(), error.hint());
    }
  }
  /// One string, or an array of them.
  std::vector<Glob> globs(const LocatedJson& json) const {
    std::vector<Glob> globs;
    if (json.kind == Kind::kString) return {parsed(json, Glob::parse)};
    for (const LocatedJson* item : names(json)) globs.push_back(parsed(*item, Glob::parse));
    return globs;
  }

  // --- users and teams
  void read_users(const LocatedJson& users) {
    for (const LocatedJson& user : object(users).items) {
      if (!is_name(user.key)) fail(user, "is not a name: letters, digits and ._@- only, 64 at most");
      const UserId id = policy_.users.size();
      policy_.users.push_back(user.key);
      users_by_name_[user.key] = id;
      require_members(user, {"keys", "description"});
      for (const LocatedJson* key : names(member(user, "keys"))) add_key(*key, id);
    }
  }

  void add_key(const LocatedJson& json, UserId user) {
    if (policy_.keys.size() == 2 * kMaxNamed) fail(json, "is one key too many for one policy");
    const tuf::KeyId id = read_key(json).canonical_id();
    const auto [place, is_new] = policy_.keys.try_emplace(id, user);
    if (is_new) return;
    fail(json, "key " + id.short_form() + " is already that of " + policy_.users[place->second]);
  }

  tuf::PublicKey read_key(const LocatedJson& json) const {
    if (json.string.find("-----BEGIN") != std::string::npos) return inline_key(json);
    const auto is_control = [](const char c) { return c >= 0 && c < 0x20; };
    if (json.string.empty() || std::any_of(json.string.begin(), json.string.end(), is_control))
      fail(json, "is neither a key nor the path of one");
    std::string content;
    try {
      content = read_key_file_(json.string);
    } catch (const tuf::Error& error) {
      throw error.with_context(place(json) + tuf::printable(json.string, 200));
    }
    const std::filesystem::path folder = std::filesystem::path(name_).parent_path();
    try {
      return hsm::read_public_key(
          content, folder / json.string,
          hsm::Mention{json.string, "line " + std::to_string(json.line) + " of " + name_});
    } catch (const tuf::Error& error) {
      fail_as_key(json, error, error.hint());
    }
  }

  /// What stands in the policy itself is no file that a command converts.
  tuf::PublicKey inline_key(const LocatedJson& json) const {
    try {
      return hsm::public_key_in(json.string);
    } catch (const tuf::Error& error) {
      const bool is_private = json.string.find("PRIVATE KEY-----") != std::string::npos;
      const std::string hint = is_private ? "take it out: the private key stays with the signer, who gives "
                                            "its public half: countersign key "
                                            "export KEY --out NAME.pub; then name NAME.pub there"
                                          : "write each key into a file of its own and name that there, or "
                                            "write it with \\n for each end "
                                            "of its lines";
      fail_as_key(json, error, hint);
    }
  }

  [[noreturn]] void fail_as_key(const LocatedJson& json, const tuf::Error& error,
                                const std::string& hint) const {
    const bool useless = error.code() == tuf::ErrorCode::kKeyUnsupported && error.hint().empty();
    fail(json, error.what(),
         useless ? "make a key that Notary can use with: countersign key generate NAME" : hint);
  }

  void read_teams(const LocatedJson& teams) {
    for (const LocatedJson& team : object(teams).items) {
      if (!is_name(team.key)) fail(team, "is not a name: letters, digits and ._@- only, 64 at most");
      Team read{team.key, UserSet(policy_.users.size())};
      for (const LocatedJson* member : names(team)) {
        const auto user = users_by_name_.find(member->string);
        if (user == users_by_name_.end())
          fail(*member, "names \"" + tuf::printable(member->string, 60) + "\", who is not among the users");
        read.members.insert(user->second);
      }
      teams_by_name_[team.key] = policy_.teams.size();
      policy_.teams.push_back(std::move(read));
    }
  }

  std::vector<std::size_t> team_list(const LocatedJson& json) const {
    std::vector<std::size_t> list;
    for (const LocatedJson* item : names(json)) {
      const auto team = teams_by_name_.find(item->string);
      if (team == teams_by_name_.end())
        fail(*item, "names \"" + tuf::printable(item->string, 60) + "\", which is not among the teams");
      list.push_back(team->second);
    }
    return list;
  }
  UserSet members_of(const std::vector<std::size_t>& teams) const {
    UserSet users(policy_.users.size());
    for (const std::size_t team : teams) users.insert(policy_.teams[team].members);
    return users;
  }

  // --- rules
  Rule read_rule(const LocatedJson& json) {
    require_members(json, {"description", "images", "teams", "signatures", "roles", "accept_targets",
                           "immutable_tags", "movers", "provenance", "max_age_days", "provenance_by"});
    Rule rule;
    rule.line = json.line;
    for (const LocatedJson* image : names(member(json, "images"))) {
      rule.images.push_back(parsed(*image, ImagePattern::parse));
      const auto [before, is_new] = patterns_.try_emplace(rule.images.back().text(), image->line);
      if (!is_new) {
        fail(*image,
             "\"" + image->string + "\" has a rule already, on line " + std::to_string(before->second));
      }
    }
    read_signers(json, rule);
    if (const LocatedJson* roles = json.find("roles")) {
      for (const LocatedJson* role : names(*roles)) rule.roles.push_back(required_role(*role));
    }
    if (const LocatedJson* tags = json.find("immutable_tags"))
      rule.immutable_tags = globs(filled_array(*tags));
    if (const LocatedJson* movers = json.find("movers")) rule.movers = members_of(team_list(*movers));
    require_some_mover(json, rule);
    read_provenance(json, rule);
    return rule;
  }

  void read_signers(const LocatedJson& json, Rule& rule) const {
    if (const LocatedJson* accept = json.find("accept_targets")) {
      require_kind(*accept, Kind::kBoolean, "true or false");
      rule.accept_targets = accept->boolean;
    }
    if (const LocatedJson* teams = json.find("teams")) rule.teams = team_list(*teams);
    rule.counted = rule.teams.empty() ? UserSet::all(policy_.users.size()) : members_of(rule.teams);
    if (const LocatedJson* signatures = json.find("signatures")) {
      require_members(*signatures, {"needed", "of"});
      const LocatedJson& needed = member(*signatures, "needed");
      Rule::Signatures read{static_cast<std::size_t>(integer(needed, 1, kMaxNamed)), rule.counted};
      if (const LocatedJson* of = signatures->find("of")) read.of = members_of(team_list(*of));
      if (read.needed > read.of.size()) {
        fail(needed, "can never be reached: only " + std::to_string(read.of.size()) + " users count for it");
      }
      rule.counted.insert(read.of);
      rule.signatures = std::move(read);
    } else if (rule.teams.empty()) {
      rule.signatures = Rule::Signatures{1, rule.counted};
    }
    if (policy_.users.empty() && !rule.accept_targets)
      fail(json, "this rule can never be met: the policy has no users");
  }

  tuf::RoleName required_role(const LocatedJson& json) const {
    const auto role = tuf::RoleName::parse(json.string);
    if (!role || !(role->is_delegation() || role->text() == "targets"))
      fail(json, "\"" + tuf::printable(json.string, 60) + "\" is not targets or a delegation");
    if (role->text() == "targets/releases" || role->text().starts_with("targets/releases/"))
      fail(json, "targets/releases never counts: everybody signs it");
    return *role;
  }

  void require_some_mover(const LocatedJson& json, const Rule& rule) const {
    const auto matches_all = [](const Glob& tag) { return tag.text() == "*" || tag.text() == "**"; };
    if (rule.movers && std::any_of(rule.immutable_tags.begin(), rule.immutable_tags.end(), matches_all))
      fail(member(json, "movers"), "may move nothing: every tag is immutable");
    // What the administrator signs in targets needs nobody's signature that counts.
    if (!rule.movers || rule.accept_targets) return;
    const std::vector<UserId> movers = rule.movers->members();
    if (std::any_of(movers.begin(), movers.end(), [&](UserId user) { return rule.counted.contains(user); }))
      return;
    fail(member(json, "movers"), "may move nothing: only " + policy_.names(movers) +
                                     " may, and this rule counts only the signatures of " +
                                     policy_.names(rule.counted.members()));
  }

  void read_provenance(const LocatedJson& json, Rule& rule) const {
    if (const LocatedJson* provenance = json.find("provenance")) {
      if (object(*provenance).items.empty()) fail(*provenance, "is empty: leave it out, or fill it");
      for (const LocatedJson& value : provenance->items) rule.provenance[value.key] = globs(value);
    }
    if (const LocatedJson* days = json.find("max_age_days"))
      rule.max_age = tuf::Days{integer(*days, 1, kMaxAgeDays)};
    rule.provenance_by = rule.counted;
    const LocatedJson* by = json.find("provenance_by");
    if (!by) return;
    if (rule.provenance.empty() && !rule.max_age)
      fail(*by, "says whose word counts, but neither provenance nor max_age_days asks for any");
    rule.provenance_by = members_of(team_list(*by));
    for (const UserId user : rule.provenance_by.members()) {
      if (!rule.counted.contains(user))
        fail(*by,
             "asks " + policy_.users[user] + " for provenance, whose signature this rule does not count");
    }
  }

  const std::string& name_;
  const ReadKeyFile& read_key_file_;
  Policy policy_;
  std::map<std::string, UserId, std::less<>> users_by_name_;
  std::map<std::string, std::size_t, std::less<>> teams_by_name_;
  std::map<std::string, int> patterns_;  // line of each
};

}  // namespace

Policy parse_policy(std::string_view text, const std::string& name, const ReadKeyFile& read_key_file) {
  if (text.size() > kMaxPolicyLength) {
    throw tuf::Error(tuf::ErrorCode::kPolicyMalformed,
                     name + " is longer than " + std::to_string(kMaxPolicyLength) + " bytes");
  }
  return PolicyReader(name, read_key_file).read(LocatedJson::parse(text, name));
}

}  // namespace agent
