// KeyAlgorithm: the kinds of keys that are generated, in files and on tokens. P-256 is what docker and notary
// make; all of these can sign for a delegation.
#pragma once

#include <optional>
#include <string_view>

namespace hsm {

enum class KeyAlgorithm { kP256, kP384, kRsa2048, kRsa3072, kRsa4096 };

/// Reads `p256`, `p384`, `rsa2048`, `rsa3072` or `rsa4096`; nullopt otherwise.
std::optional<KeyAlgorithm> parse_key_algorithm(std::string_view name);

}  // namespace hsm
