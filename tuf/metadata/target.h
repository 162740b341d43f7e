// Target: what a tag points to.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "tuf/base/bytes.h"
#include "tuf/json/json.h"

namespace tuf {

struct Target {
  std::map<std::string, Bytes> hashes;
  std::int64_t length = 0;     // bytes of the manifest
  std::optional<Json> custom;  // any JSON without fractions

  /// The SHA-256, or nullptr if there is none of 32 bytes.
  const Bytes* sha256() const;
  /// `sha256:…`; empty without one.
  std::string digest() const;
  /// The same to the last hash.
  bool operator==(const Target&) const = default;
};

}  // namespace tuf
