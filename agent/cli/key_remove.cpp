// key remove: takes a key out of the trust directory.
#include "agent/cli/commands.h"
#include "agent/cli/key_operand.h"
#include "agent/report/key_report.h"
#include "agent/work/key_uses.h"
#include "tuf/base/error.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

struct KeyRemoveOptions {
  std::string key;
  bool yes = false;
};

void remove_key(const KeyRemoveOptions& options, Run& run, Report& report) {
  const hsm::KeyInfo key = stored_key(options.key, run);
  report.more["key"] = describe_key(key);
  const auto uses = find_key_uses(run.settings().trust_dir(), run.now(), report.warnings);
  if (const auto of_key = uses.find(key.canonical_id); of_key != uses.end()) {
    for (const KeyUse& use : of_key->second)
      report.text.push_back("it may sign " + tuf::join(tuf::names_of(use.roles)) + " of " + use.gun.text());
  }
  const std::string shown = "key " + key.canonical_id.hex() + shown_label(key);
  if (run.dry_run()) {
    report.text.push_back("would remove " + shown + (options.yes ? "" : ", which takes --yes"));
    return;
  }
  if (!options.yes) {
    throw Error(ErrorCode::kUsage, "without a copy elsewhere, " + shown + " would be lost for ever",
                "make a copy with: countersign key export --private --out FILE " + key.canonical_id.hex() +
                    "; then repeat it with --yes");
  }
  if (!run.key_store().remove(key.canonical_id)) {
    throw Error(ErrorCode::kLocal, key.location + " was removed by somebody else in this moment");
  }
  report.text.push_back("removed " + shown);
}

}  // namespace

void add_key_remove(Grammar& grammar) {
  auto options = std::make_shared<KeyRemoveOptions>();
  CLI::App* c = grammar.command("key remove", "Remove a key from the trust directory", options, remove_key);
  add_operand(c, "key", options->key, "KEYID");
  place(add_flag(c, "--yes", options->yes, "Really do it"), kGuards);
  grammar.example(c, "countersign key remove 9deed25 --yes");
}

}  // namespace agent
