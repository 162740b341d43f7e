// key export: a key in a file, to show or to keep.
#include "agent/cli/commands.h"
#include "agent/cli/key_operand.h"
#include "agent/cli/out_file.h"
#include "hsm/key_ref.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

struct KeyExportOptions {
  std::string key;
  std::optional<std::string> out;
  bool private_half = false;
};

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

}  // namespace

void add_key_export(Grammar& grammar) {
  auto options = std::make_shared<KeyExportOptions>();
  CLI::App* c =
      grammar.command("key export", "The public half as a .pub file, or a copy to keep", options, export_key);
  add_operand(c, "key", options->key, "REF");
  add_flag(c, "--private", options->private_half,
           "The whole key of a file, encrypted with the passphrase that it has");
  add_value(c, "--out", options->out, "File to write (default stdout)", "FILE");
  grammar.example(c, "countersign key export 9deed25 --out jenkins.pub");
  grammar.example(c, "countersign key export --private 9deed25 --out copy.key");
}

}  // namespace agent
