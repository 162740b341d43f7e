// key list: keys at hand, and what they may sign.
#include <algorithm>

#include "agent/cli/commands.h"
#include "agent/report/key_report.h"
#include "agent/report/text_table.h"
#include "agent/work/key_uses.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

struct KeyListOptions {};

/// "a: targets/releases, targets/jenkins; b: root (trust root f036…)"
std::string shown_uses(const std::vector<KeyUse>& uses) {
  std::vector<std::string> by_repository;
  for (const KeyUse& use : uses) {
    by_repository.push_back(use.gun.text() + ": " + tuf::join(tuf::names_of(use.roles)) +
                            (use.trust_root ? " (trust root " + use.trust_root->hex() + ")" : ""));
  }
  return by_repository.empty() ? "-" : tuf::join(by_repository, "; ");
}

void list(const KeyListOptions&, Run& run, Report& report) {
  TextTable table({"KEY ID", "LABEL", "REPOSITORY", "TYPE", "LOCATION", "MAY SIGN"});
  OrderedJson keys = OrderedJson::array();
  std::vector<hsm::KeyInfo> all = run.keys().keys();
  std::sort(all.begin(), all.end(), [](const hsm::KeyInfo& a, const hsm::KeyInfo& b) {
    return std::tie(a.label, a.gun, a.canonical_id) < std::tie(b.label, b.gun, b.canonical_id);
  });
  auto uses = find_key_uses(run.settings().trust_dir(), run.now(), report.warnings);
  for (const hsm::KeyInfo& key : all) {
    const std::vector<KeyUse>& of_key = uses[key.canonical_id];
    // An encrypted file does not tell its type, but who lists the key does.
    const std::string type = key.public_key   ? key.public_key->description()
                             : of_key.empty() ? "encrypted"
                                              : of_key.front().key_type;
    table.add({key.canonical_id.hex(), key.label, key.gun.empty() ? "-" : key.gun, type, key.location,
               shown_uses(of_key)});
    OrderedJson described = describe_key(key);
    described["type"] = type;
    described["may_sign"] = OrderedJson::array();
    for (const KeyUse& use : of_key) {
      described["may_sign"].push_back({{"gun", use.gun.text()}, {"roles", tuf::names_of(use.roles)}});
      if (use.trust_root) described["may_sign"].back()["trust_root"] = use.trust_root->hex();
    }
    keys.push_back(std::move(described));
  }
  report.text = all.empty() ? std::vector<std::string>{"no keys"} : table.lines();
  report.more["keys"] = std::move(keys);
}

}  // namespace

void add_key_list(Grammar& grammar) {
  CLI::App* c = grammar.command("key list", "Keys at hand, and what they may sign",
                                std::make_shared<KeyListOptions>(), list);
  grammar.example(c, "countersign key list");
}

}  // namespace agent
