// KeyRing: every key at hand behind one look-up by canonical key ID. Sources are asked in the order in which
// they were added; nothing is opened before it is asked for, and everything at most once.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "hsm/key_source.h"

namespace hsm {

class KeyRing {
 public:
  void add(std::unique_ptr<KeySource> source);

  /// The keys at hand. Listed once; later calls are free.
  const std::vector<KeyInfo>& keys();
  bool has(const tuf::KeyId& canonical_id);

  /// The signer for this key. Throws kKeyNotFound if it is not at hand, or what opening it threw.
  std::shared_ptr<tuf::Signer> signer(const tuf::KeyId& canonical_id);

  /// The signers that were asked for so far.
  std::vector<std::shared_ptr<tuf::Signer>> opened() const;

 private:
  void list_once();

  std::vector<std::unique_ptr<KeySource>> sources_;
  bool listed_ = false;
  std::vector<KeyInfo> keys_;
  std::map<tuf::KeyId, std::shared_ptr<tuf::Signer>> open_;
};

}  // namespace hsm
