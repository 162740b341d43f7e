#include "tests/attack/gate/people.h"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "tests/support/policies.h"

namespace gate {
namespace {

const std::map<std::string, std::vector<std::string>> kTeams = {
    {"builders", {"ci"}}, {"qa", {"alice", "bob"}}, {"ops", {"carol"}}};

/// Of all sequences: making keys would take longer than what is done with them.
const Key& pooled(std::size_t at) {
  static std::vector<Key> pool;
  while (pool.size() <= at) pool.push_back(test::TestSigner::generate());
  return pool[at];
}

Rule random_rule(Dice& dice, std::string prefix) {
  Rule rule{std::move(prefix)};
  switch (dice.below(8)) {
    case 0:
      break;  // anybody
    case 1:
    case 2:
      rule.teams = {"builders"};
      break;
    case 3:
      rule.teams = {"builders", "qa"};
      break;
    case 4:
      rule.needed = 2;
      break;
    case 5:
      rule.needed = 2;
      rule.of = {"builders", "qa"};
      break;
    case 6:
      rule.teams = {"qa"};
      rule.roles = {"targets/ci"};
      break;
    case 7:
      rule.teams = {"builders"};
      rule.needed = 1;
      rule.of = {"qa", "ops"};
      break;
  }
  rule.accept_targets = dice.percent(20);
  rule.is_immutable = dice.percent(10);
  const bool builders_count = rule.teams != std::vector<std::string>{"qa"} || rule.accept_targets;
  rule.says_who_moves = !rule.is_immutable && builders_count && dice.percent(10);
  return rule;
}

tuf::Json json_of(const Rule& rule) {
  tuf::Json json = {
      {"images", {"registry.example.com/**" + (rule.prefix.empty() ? "" : ":" + rule.prefix + "*")}}};
  if (!rule.teams.empty()) json["teams"] = rule.teams;
  if (rule.needed > 0) {
    json["signatures"] = {{"needed", rule.needed}};
    if (!rule.of.empty()) json["signatures"]["of"] = rule.of;
  }
  if (rule.accept_targets) json["accept_targets"] = true;
  if (!rule.roles.empty()) json["roles"] = rule.roles;
  if (rule.is_immutable) json["immutable_tags"] = {"*"};
  if (rule.says_who_moves) json["movers"] = {"builders"};
  return json;
}

std::size_t how_many(const Names& some, const Names& people) {
  return static_cast<std::size_t>(std::count_if(
      some.begin(), some.end(), [&](const std::string& name) { return people.contains(name); }));
}

}  // namespace

tuf::KeyId signer_of(const tuf::Signature& signature) {
  return tuf::KeyId::parse(signature.keyid).value();
}

bool Person::has(const tuf::KeyId& id) const {
  const auto is = [&](const Key& key) { return key && key->public_key().canonical_id() == id; };
  return std::any_of(keys.begin(), keys.end(), is) || is(for_releases);
}

People::People(Dice& dice, Mode mode, bool all_honest) {
  std::size_t next = 0;
  std::map<std::string, std::vector<std::string>> users;
  for (const char* name : {"ci", "alice", "bob", "carol"}) {
    Person person{name};
    person.is_hostile = !all_honest && dice.percent(30);
    person.keys = {pooled(next), pooled(next + 1)};
    const Key& separate = pooled(next + 2);
    next += 3;
    person.for_releases = dice.percent(30) ? separate : person.keys.front();
    for (const Key& key : person.keys) users[name].push_back(test::pem_of(key->public_key()));
    all_.push_back(std::move(person));
  }
  Person moby{"moby", false, !all_honest, {pooled(next), pooled(next + 1)}};
  moby.for_releases = moby.keys.front();
  all_.push_back(std::move(moby));
  Person admin{"admin", false, false, {pooled(next + 2), pooled(next + 3)}};
  if (dice.percent(10) && !(*this)["ci"].is_hostile) {
    // One key for everything, as in a repository of one person.
    administrator_ = "ci";
    admin.keys = {(*this)["ci"].keys.front()};
  }
  all_.push_back(std::move(admin));
  if (dice.percent(60)) rules_.push_back(random_rule(dice, "v"));
  if (dice.percent(30)) rules_.push_back(random_rule(dice, "dev"));
  rules_.push_back(random_rule(dice, ""));
  std::vector<tuf::Json> rules;
  for (const Rule& rule : rules_) rules.push_back(json_of(rule));
  tuf::Json json = test::make_policy_json(users, kTeams, rules);
  if (mode == Mode::kBound) json["bound"] = "required";
  policy_ = test::read_policy(json);
}

std::string People::describe() const {
  std::string text = "hostile:";
  for (const Person* person : hostile()) text += " " + person->name;
  text += "; administrator: " + administrator_ + "; keys of their own for releases:";
  for (const Person& person : all_) {
    if (person.for_releases && person.for_releases != person.keys.front()) text += " " + person.name;
  }
  for (const Rule& rule : rules_) text += "\n  rule " + json_of(rule).dump();
  return text;
}

const Person& People::operator[](const std::string& name) const {
  for (const Person& person : all_) {
    if (person.name == name) return person;
  }
  throw std::logic_error("nobody is called " + name);
}

std::vector<const Person*> People::honest() const {
  std::vector<const Person*> some;
  for (const Person& person : all_) {
    if (!person.is_hostile && person.name != "admin") some.push_back(&person);
  }
  return some;
}

std::vector<const Person*> People::hostile() const {
  std::vector<const Person*> some;
  for (const Person& person : all_) {
    if (person.is_hostile) some.push_back(&person);
  }
  return some;
}

const Person* People::owner_of(const tuf::KeyId& id) const {
  for (const Person& person : all_) {
    if (person.has(id)) return &person;
  }
  return nullptr;
}

const Person* People::user_of(const tuf::KeyId& id) const {
  const Person* owner = owner_of(id);
  if (!owner || !owner->is_user) return nullptr;
  const auto is = [&](const Key& key) { return key->public_key().canonical_id() == id; };
  return std::any_of(owner->keys.begin(), owner->keys.end(), is) ? owner : nullptr;
}

const Rule& People::rule_for(const std::string& tag) const {
  for (const Rule& rule : rules_) {
    if (tag.starts_with(rule.prefix)) return rule;
  }
  throw std::logic_error("the last rule is for every tag");
}

Names People::members(const std::vector<std::string>& teams) const {
  Names names;
  for (const std::string& team : teams) names.insert(kTeams.at(team).begin(), kTeams.at(team).end());
  return names;
}

Names People::counted(const std::string& tag) const {
  const Rule& rule = rule_for(tag);
  Names names = members(rule.of);
  if (rule.teams.empty()) {
    for (const Person& person : all_) {
      if (person.is_user) names.insert(person.name);
    }
  }
  names.merge(members(rule.teams));
  return names;
}

bool People::suffice(const std::string& tag, const Names& people) const {
  const Rule& rule = rule_for(tag);
  for (const std::string& team : rule.teams) {
    if (how_many(members({team}), people) == 0) return false;
  }
  if (rule.needed > 0) {
    const Names of = !rule.of.empty()      ? members(rule.of)
                     : !rule.teams.empty() ? members(rule.teams)
                                           : counted(tag);
    return how_many(of, people) >= rule.needed;
  }
  return !rule.teams.empty() || how_many(counted(tag), people) > 0;
}

}  // namespace gate
