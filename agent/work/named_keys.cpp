#include "agent/work/named_keys.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "hsm/key_ref.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/base/shell_word.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

std::string way_to_see_them(const std::string& repository) {
  return "see them with: countersign delegation list " + tuf::shell_word(repository);
}

tuf::KeyId find(const std::string& text, const tuf::TrustedRepository& repository) {
  std::set<tuf::KeyId> found;
  for (const tuf::Delegation& delegation : repository.delegations()) {
    for (const tuf::PublicKey& key : delegation.authority.keys()) {
      if (key.canonical_id().hex().starts_with(text) || key.id().hex().starts_with(text))
        found.insert(key.canonical_id());
    }
  }
  if (found.size() == 1) return *found.begin();
  if (found.empty()) {
    throw Error(ErrorCode::kKeyNotFound,
                "no delegation of " + repository.gun().text() + " lists a key whose ID begins with " + text,
                way_to_see_them(repository.gun().text()));
  }
  std::string names;
  for (const tuf::KeyId& id : found) names += (names.empty() ? "" : ", ") + id.hex();
  throw Error(ErrorCode::kKeyAmbiguous,
              "the IDs of " + std::to_string(found.size()) + " keys begin with " + text + ": " + names,
              "give more digits of the one that is meant");
}

}  // namespace

NamedKeys::NamedKeys(std::vector<std::string> texts, const std::string& repository)
    : texts_(std::move(texts)) {
  for (std::string& text : texts_) {
    if (!hsm::is_key_id(text)) {
      throw Error(ErrorCode::kInvalidKeyRef,
                  "\"" + text + "\" is not a key ID, nor at least 4 of its 64 hex digits",
                  way_to_see_them(repository));
    }
    text = tuf::with_lower_hex(text);
  }
}

std::set<tuf::KeyId> NamedKeys::find_in(const tuf::TrustedRepository& repository) const {
  std::set<tuf::KeyId> ids;
  for (const std::string& text : texts_) {
    const auto whole = tuf::KeyId::parse(text);
    ids.insert(whole ? *whole : find(text, repository));
  }
  return ids;
}

ChangeRepository with_keys(NamedKeys keys, std::function<ChangeRepository(std::set<tuf::KeyId>)> how) {
  const auto change = std::make_shared<std::optional<ChangeRepository>>();
  return [keys = std::move(keys), how = std::move(how), change](const tuf::TrustedRepository& repository,
                                                                tuf::RepositoryDraft& draft) {
    if (!*change) *change = how(keys.find_in(repository));
    (**change)(repository, draft);
  };
}

}  // namespace agent
