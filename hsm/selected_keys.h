// SelectedKeys: some keys of another source, as when a user names one by its ID.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "hsm/key_source.h"

namespace hsm {

class SelectedKeys final : public KeySource {
 public:
  /// `source` must outlive this object.
  SelectedKeys(KeySource& source, std::function<bool(const KeyInfo&)> is_selected)
      : source_(source), is_selected_(std::move(is_selected)) {}

  std::vector<KeyInfo> list() override {
    std::vector<KeyInfo> keys = source_.list();
    std::erase_if(keys, [&](const KeyInfo& key) { return !is_selected_(key); });
    return keys;
  }
  std::shared_ptr<tuf::Signer> open(const tuf::KeyId& canonical_id) override {
    for (const KeyInfo& key : list()) {
      if (key.canonical_id == canonical_id) return source_.open(canonical_id);
    }
    return nullptr;
  }

  void close() override { source_.close(); }

 private:
  KeySource& source_;
  std::function<bool(const KeyInfo&)> is_selected_;
};

}  // namespace hsm
