#include "agent/work/signer_name.h"

#include <algorithm>

#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"
#include "tuf/names/role_name.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::RoleName;

/// Docker's grammar: `[a-z0-9][a-z0-9_-]*` (section 5.3).
bool is_signer_name(const std::string& name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return is_letter(c) || c == '_' || c == '-'; });
}

}  // namespace

void require_signer_name(const std::string& name) {
  if (!is_signer_name(name) || !RoleName::parse("targets/" + name)) {
    throw Error(ErrorCode::kInvalidRole, "\"" + tuf::printable(name) + "\" is not a signer name",
                "use lower-case letters, digits, - and _, starting with a letter or digit");
  }
  if (name == RoleName::releases().leaf()) {
    throw Error(ErrorCode::kInvalidRole,
                "\"releases\" is the role that every signer signs, not the name of one",
                "name the signer after the CI identity, for example: jenkins");
  }
}

void require_signer(const std::string& name, const std::string& repository) {
  try {
    require_signer_name(name);
  } catch (const Error& error) {
    if (name != RoleName::releases().leaf()) throw;
    throw error.with_hint("name one of the signers, each targets/NAME of: countersign delegation list " +
                          tuf::shell_word(repository));
  }
}

}  // namespace agent
