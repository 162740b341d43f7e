#include "agent/cli/key_operand.h"

#include "hsm/key_ref.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"

namespace agent {

hsm::KeyInfo stored_key(const std::string& text, Run& run) {
  const hsm::KeyRef ref = hsm::parse_key_ref(text);
  if (const auto* id = std::get_if<hsm::KeyIdPrefix>(&ref)) return run.key_store().find(id->digits);
  const bool on_token = std::holds_alternative<hsm::TokenKeyUri>(ref);
  throw tuf::Error(
      tuf::ErrorCode::kUsage,
      (on_token ? "a key on a token" : tuf::printable(text)) + " is not a key of the trust directory",
      "give the ID of one: countersign key list");
}

std::string shown_label(const hsm::KeyInfo& key) {
  if (key.label.empty()) return "";
  return " (\"" + tuf::printable(key.label) + "\"" +
         (key.gun.empty() ? "" : " of " + tuf::printable(key.gun)) + ")";
}

}  // namespace agent
