// Putting private keys into the trust directory.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/work/run.h"

namespace agent {

struct KeysToImport {
  std::vector<std::string> files;
  /// Of keys that carry none; without it "delegation".
  std::optional<std::string> label = std::nullopt;
  /// Of targets and snapshot keys that name none.
  std::optional<std::string> repository = std::nullopt;
};

struct ImportedKey {
  tuf::PublicKey public_key;
  std::string label;
  std::string gun;                 // empty: of no single repository
  std::filesystem::path location;  // empty in a rehearsal
};

/// All keys are opened before any is stored. `tell` is called with each as soon as it is stored; in a
/// rehearsal, where nothing is, with each that would be. Throws kUsage for a targets or snapshot key of no
/// repository, kInvalidReference, kFileUnreadable, kSecretMissing, kLocal, and what hsm::open_key throws.
void import_keys(const KeysToImport& wanted, Run& run, const std::function<void(const ImportedKey&)>& tell);

}  // namespace agent
