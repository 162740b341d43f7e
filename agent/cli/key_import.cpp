// key import: puts private keys into the trust directory.
#include "agent/cli/commands.h"
#include "agent/work/import_keys.h"
#include "tuf/base/printable.h"

namespace agent {
namespace {

void import_files(const KeysToImport& options, Run& run, Report& report) {
  OrderedJson keys = OrderedJson::array();
  import_keys(options, run, [&](const ImportedKey& key) {
    const std::string id = key.public_key.canonical_id().hex();
    if (run.dry_run()) return report.text.push_back("would import " + id);
    report.text.push_back("imported " + id + " (" + key.public_key.description() + ", " +
                          tuf::printable(key.label) + ")");
    keys.push_back(
        {{"canonical_id", id}, {"label", key.label}, {"gun", key.gun}, {"location", key.location.string()}});
  });
  if (!run.dry_run()) report.more["keys"] = std::move(keys);
}

}  // namespace

void add_key_import(Grammar& grammar) {
  auto options = std::make_shared<KeysToImport>();
  CLI::App* c =
      grammar.command("key import", "Put private keys into the trust directory", options, import_files);
  add_operand(c, "file", options->files, "FILE");
  add_value(c, "--role", options->label, "Label for keys that carry none", "LABEL");
  add_value(c, "--gun", options->repository, "Repository of targets and snapshot keys that name none",
            "REPO");
  grammar.example(c, "countersign key import root.key");
}

}  // namespace agent
