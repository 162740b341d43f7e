// KeyRing: every key at hand behind one look-up by canonical key ID. Sources are asked in the order in which
// they were added; nothing is opened before it is asked for, and everything at most once until it is closed.
#pragma once

#include <map>
#include <memory>
#include <set>
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

  /// The keys whose signers were asked for so far.
  const std::set<tuf::KeyId>& used() const { return used_; }

  /// Lets go of everything that was opened, so that memory holds no private key while nothing is signed. What
  /// is asked for again is opened again.
  void close();

 private:
  void list_once();

  std::vector<std::unique_ptr<KeySource>> sources_;
  bool listed_ = false;
  std::vector<KeyInfo> keys_;
  std::map<tuf::KeyId, std::shared_ptr<tuf::Signer>> open_;
  std::set<tuf::KeyId> used_;
};

}  // namespace hsm
