#include "hsm/key_ring.h"

#include <algorithm>

#include "tuf/base/error.h"

namespace hsm {

void KeyRing::add(std::unique_ptr<KeySource> source) {
  sources_.push_back(std::move(source));
}

void KeyRing::list_once() {
  if (listed_) return;
  for (const auto& source : sources_) {
    for (KeyInfo& key : source->list()) keys_.push_back(std::move(key));
  }
  listed_ = true;
}

const std::vector<KeyInfo>& KeyRing::keys() {
  list_once();
  return keys_;
}

bool KeyRing::has(const tuf::KeyId& canonical_id) {
  list_once();
  return std::any_of(keys_.begin(), keys_.end(),
                     [&](const KeyInfo& key) { return key.canonical_id == canonical_id; });
}

std::shared_ptr<tuf::Signer> KeyRing::signer(const tuf::KeyId& canonical_id) {
  if (const auto found = open_.find(canonical_id); found != open_.end()) return found->second;
  for (const auto& source : sources_) {
    if (auto signer = source->open(canonical_id)) {
      used_.insert(canonical_id);
      return open_[canonical_id] = std::move(signer);
    }
  }
  throw tuf::Error(tuf::ErrorCode::kKeyNotFound, "key " + canonical_id.short_form() + " is not at hand");
}

void KeyRing::close() {
  open_.clear();
  for (const auto& source : sources_) source->close();
}

}  // namespace hsm
