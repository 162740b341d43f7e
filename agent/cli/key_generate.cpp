// key generate: makes a signing key.
#include "agent/cli/commands.h"
#include "agent/work/generate_key.h"

namespace agent {
namespace {

void generate(const KeyToGenerate& options, Run& run, Report& report) {
  if (run.dry_run()) {
    const std::filesystem::path public_file = rehearse_key(options, run);
    report.text.push_back("would make a key " + options.name + " and write " + public_file.string());
    return;
  }
  const GeneratedKey key = generate_key(options, run);
  const std::string id = key.public_key.canonical_id().hex();
  const std::string type = key.public_key.description();
  OrderedJson described = {{"location", key.location}};
  if (key.origin) {
    described["local"] = key.origin->local.value_or(false);
    described["never_extractable"] = key.origin->never_extractable.value_or(false);
  }
  described["canonical_id"] = id;
  described["type"] = type;
  described["public_key"] = key.public_file.string();
  report.text = {"key         " + id, "type        " + type, "private     " + key.location,
                 "public      " + key.public_file.string()};
  report.more["key"] = std::move(described);
}

}  // namespace

void add_key_generate(Grammar& grammar) {
  auto options = std::make_shared<KeyToGenerate>();
  CLI::App* c = grammar.command("key generate", "Make a signing key; writes NAME.pub", options, generate);
  add_operand(c, "name", options->name, "NAME");
  add_value(c, "--token", options->token, "Make it on this token", "URI");
  add_value(c, "--type", options->type, "p256, p384, rsa2048, rsa3072 or rsa4096", "TYPE");
  add_value(c, "--out", options->folder, "Folder for NAME.pub", "DIR");
  grammar.example(c, "countersign key generate jenkins");
  grammar.example(c, "countersign key generate jenkins --token 'pkcs11:token=ci' --type p384");
}

}  // namespace agent
