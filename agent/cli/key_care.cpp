// key export, remove, passwd: looking after keys that exist.
#include "agent/cli/commands.h"
#include "agent/cli/out_file.h"
#include "agent/report/key_report.h"
#include "agent/report/repository_report.h"
#include "agent/work/key_uses.h"
#include "hsm/key_ref.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

const std::string kNewPassphrase = "COUNTERSIGN_NEW_PASSPHRASE";

struct KeyExportOptions {
  std::string key;
  std::optional<std::string> out;
  bool private_half = false;
};

struct KeyRemoveOptions {
  std::string key;
  bool yes = false;
};

struct KeyPasswdOptions {
  std::string key;
};

/// A key of the trust directory; what is elsewhere is not ours to change.
hsm::KeyInfo stored_key(const std::string& text, Run& run) {
  const hsm::KeyRef ref = hsm::parse_key_ref(text);
  if (const auto* id = std::get_if<hsm::KeyIdPrefix>(&ref)) return run.key_store().find(id->digits);
  const bool on_token = std::holds_alternative<hsm::TokenKeyUri>(ref);
  throw Error(ErrorCode::kUsage,
              (on_token ? "a key on a token" : tuf::printable(text)) + " is not a key of the trust directory",
              "give the ID of one: countersign key list");
}

/// ` ("jenkins")`, ` ("targets" of registry.example.com/app)`, or nothing.
std::string shown_label(const hsm::KeyInfo& key) {
  if (key.label.empty()) return "";
  return " (\"" + tuf::printable(key.label) + "\"" +
         (key.gun.empty() ? "" : " of " + tuf::printable(key.gun)) + ")";
}

std::string export_public(const std::string& text, Run& run) {
  const std::string label = std::holds_alternative<hsm::KeyIdPrefix>(hsm::parse_key_ref(text))
                                ? stored_key(text, run).label
                                : std::string();
  return hsm::format_public_key_pem(run.named_key(text)->public_key(), label);
}

void export_key(const KeyExportOptions& options, Run& run, Report& report) {
  const std::string pem = options.private_half
                              ? run.key_store().export_pem(stored_key(options.key, run).canonical_id)
                              : export_public(options.key, run);
  if (options.out) {
    if (write_out(*options.out, pem, run, report))
      report.more["exported"] = {{"file", *options.out}, {"private", options.private_half}};
  } else {
    report.text = tuf::lines_of(pem);
    report.more["exported"] = {{"pem", pem}, {"private", options.private_half}};
  }
}

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

void add_key_care(Grammar& grammar) {
  auto export_options = std::make_shared<KeyExportOptions>();
  CLI::App* c = grammar.command("key export", "The public half as a .pub file, or a copy to keep",
                                export_options, export_key);
  add_operand(c, "key", export_options->key, "REF");
  add_flag(c, "--private", export_options->private_half,
           "The whole key of a file, encrypted with the passphrase that it has");
  add_value(c, "--out", export_options->out, "File to write (default stdout)", "FILE");

  auto remove_options = std::make_shared<KeyRemoveOptions>();
  c = grammar.command("key remove", "Remove a key from the trust directory", remove_options, remove_key);
  add_operand(c, "key", remove_options->key, "KEYID");
  add_flag(c, "--yes", remove_options->yes, "Really");

  auto passwd_options = std::make_shared<KeyPasswdOptions>();
  c = grammar.command("key passwd", "Encrypt a key of the trust directory with COUNTERSIGN_NEW_PASSPHRASE",
                      passwd_options, change_passphrase);
  add_operand(c, "key", passwd_options->key, "KEYID");
}

}  // namespace agent
