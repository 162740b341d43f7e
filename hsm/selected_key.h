// SelectedKey: one key of another source, as when a user names it by its ID.
#pragma once

#include <memory>
#include <vector>

#include "hsm/key_source.h"

namespace hsm {

class SelectedKey final : public KeySource {
 public:
  /// `source` must outlive this object.
  SelectedKey(KeySource& source, KeyInfo key) : source_(source), key_(std::move(key)) {}

  std::vector<KeyInfo> list() override { return {key_}; }
  std::shared_ptr<tuf::Signer> open(const tuf::KeyId& canonical_id) override {
    return canonical_id == key_.canonical_id ? source_.open(canonical_id) : nullptr;
  }

 private:
  KeySource& source_;
  KeyInfo key_;
};

}  // namespace hsm
