// token list: every token and key that a module shows, as --key takes them.
#include "agent/cli/commands.h"
#include "agent/report/text_table.h"
#include "tuf/base/hex.h"

namespace agent {
namespace {

struct TokenListOptions {
  std::optional<std::string> module;
};

std::string state_of(const hsm::TokenInfo& token) {
  if (!token.initialised) return "not initialised";
  if (token.pin_locked) return "PIN locked";
  if (token.pin_final_try) return "one PIN try left";
  if (token.pin_count_low) return "PIN refused lately";
  return token.pin_initialised ? "ready" : "no PIN set";
}

OrderedJson flag(const std::optional<bool>& value) {
  return value ? OrderedJson(*value) : OrderedJson(nullptr);
}

OrderedJson describe(const hsm::TokenKeyInfo& key) {
  OrderedJson json = {
      {"label", key.label}, {"id", tuf::to_hex(key.id)}, {"type", key.kind}, {"uri", key.uri}};
  if (key.public_key) json["canonical_id"] = key.public_key->canonical_id().hex();
  if (!key.problem.empty()) json["problem"] = key.problem;
  json["private_in_view"] = key.private_in_view;
  json["local"] = flag(key.origin.local);
  json["never_extractable"] = flag(key.origin.never_extractable);
  return json;
}

std::string remarks(const hsm::TokenKeyInfo& key) {
  if (!key.problem.empty()) return key.problem;
  if (!key.private_in_view) return "private half not shown without the PIN";
  return key.origin.never_extractable.value_or(false) ? "never leaves the token" : "";
}

void list(const TokenListOptions& options, Run& run, Report& report) {
  hsm::TokenUri any;
  if (options.module) any.module_path = *options.module;
  OrderedJson tokens = OrderedJson::array();
  for (const hsm::TokenInfo& token : run.tokens().list(any)) {
    OrderedJson described = {
        {"label", token.label},     {"serial", token.serial},          {"manufacturer", token.manufacturer},
        {"model", token.model},     {"module", token.module_path},     {"uri", token.uri},
        {"state", state_of(token)}, {"initialised", token.initialised}};
    described["keys"] = OrderedJson::array();
    report.text.push_back((token.initialised ? token.uri : "(a token that is not initialised)") + "  " +
                          state_of(token));
    if (!token.problem.empty()) report.text.push_back("  " + token.problem);
    TextTable table({"  TYPE", "KEY ID", "KEY", "REMARKS"});
    for (const hsm::TokenKeyInfo& key : token.keys) {
      described["keys"].push_back(describe(key));
      table.add({"  " + key.kind, key.public_key ? key.public_key->canonical_id().short_form() : "-", key.uri,
                 remarks(key)});
    }
    if (!token.keys.empty()) {
      for (std::string& line : table.lines()) report.text.push_back(std::move(line));
    }
    tokens.push_back(std::move(described));
  }
  if (tokens.empty()) report.text.push_back("no tokens");
  report.more["tokens"] = std::move(tokens);
}

}  // namespace

void add_tokens(Grammar& grammar) {
  auto options = std::make_shared<TokenListOptions>();
  CLI::App* c = grammar.command("token list", "Tokens and keys that a module shows, as --key takes them",
                                options, list);
  add_value(c, "--module", options->module,
            "PKCS#11 module (default COUNTERSIGN_PKCS11_MODULE, then p11-kit's)", "PATH");
  grammar.example(c, "countersign token list");
}
}  // namespace agent
