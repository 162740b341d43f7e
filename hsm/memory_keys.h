// MemoryKeys: signers that are open already, as a source of keys.
#pragma once

#include <memory>
#include <vector>

#include "hsm/key_source.h"

namespace hsm {

class MemoryKeys final : public KeySource {
 public:
  explicit MemoryKeys(std::vector<std::shared_ptr<tuf::Signer>> signers) : signers_(std::move(signers)) {}

  std::vector<KeyInfo> list() override;
  std::shared_ptr<tuf::Signer> open(const tuf::KeyId& canonical_id) override;

 private:
  std::vector<std::shared_ptr<tuf::Signer>> signers_;
};

}  // namespace hsm
