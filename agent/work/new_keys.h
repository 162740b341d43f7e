// NewKeys: keys that a run makes and puts into the trust directory. They are taken out again unless they
// are kept, so that a run that fails leaves nothing behind.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/work/run.h"
#include "hsm/file/private_key.h"

namespace agent {

/// For who only rehearses to put a key into the trust directory. Throws kLocal if that could not be done.
void require_room_for_keys(Run& run);

class NewKeys {
 public:
  explicit NewKeys(Run& run) : run_(run) {}
  NewKeys(const NewKeys&) = delete;  // would remove twice
  NewKeys& operator=(const NewKeys&) = delete;
  ~NewKeys();

  /// Throws kSecretMissing, and kLocal: a key that cannot be stored must not be made.
  std::shared_ptr<tuf::Signer> make(const std::string& role, const std::string& gun);
  /// Before publishing: a repository whose keys are lost could never be changed again.
  void store();
  void keep() { stored_.clear(); }

  /// Stores, runs `publish` and keeps the keys if it succeeds, or if nobody can say that it did not.
  template <class Publish>
  void store_for(const Publish& publish);

 private:
  struct Made {
    std::shared_ptr<hsm::PrivateKey> key;
    std::string role;
    std::string gun;
  };
  Run& run_;
  std::vector<Made> made_;
  std::vector<tuf::KeyId> stored_;
};

template <class Publish>
void NewKeys::store_for(const Publish& publish) {
  store();
  try {
    publish();
    keep();
  } catch (const tuf::Error& error) {
    if (error.code() == tuf::ErrorCode::kOutcomeUnknown) keep();
    throw;
  } catch (...) {
    keep();
    throw;
  }
}

}  // namespace agent
