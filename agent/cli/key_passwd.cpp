// key passwd: gives a key of the trust directory another passphrase.
#include "agent/cli/commands.h"
#include "agent/cli/key_operand.h"
#include "agent/report/key_report.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

const std::string kNewPassphrase = "COUNTERSIGN_NEW_PASSPHRASE";

struct KeyPasswdOptions {
  std::string key;
};

void change_passphrase(const KeyPasswdOptions& options, Run& run, Report& report) {
  const hsm::KeyInfo key = stored_key(options.key, run);
  const hsm::Secret* passphrase = run.secrets().find({kNewPassphrase});
  if (passphrase == nullptr || passphrase->empty()) {
    throw Error(ErrorCode::kSecretMissing,
                "no new passphrase is set; looked for " + kNewPassphrase + ", " + kNewPassphrase + "_FILE",
                "set " + kNewPassphrase + ", or " + kNewPassphrase + "_FILE to a file that holds it");
  }
  report.more["key"] = describe_key(key);
  if (run.dry_run()) {
    run.key_store().open(key.canonical_id);  // with the passphrase that it has now
    report.text.push_back("would give " + key.location + " a new passphrase");
    return;
  }
  run.key_store().change_passphrase(key.canonical_id, *passphrase);
  report.text.push_back("gave " + key.location + shown_label(key) + " a new passphrase");
}

}  // namespace

void add_key_passwd(Grammar& grammar) {
  auto options = std::make_shared<KeyPasswdOptions>();
  CLI::App* c =
      grammar.command("key passwd", "Encrypt a key of the trust directory with COUNTERSIGN_NEW_PASSPHRASE",
                      options, change_passphrase);
  add_operand(c, "key", options->key, "KEYID");
  grammar.example(c, "countersign key passwd 9deed25");
}

}  // namespace agent
