#include "hsm/key_algorithm.h"

namespace hsm {

std::optional<KeyAlgorithm> parse_key_algorithm(std::string_view name) {
  if (name == "p256") return KeyAlgorithm::kP256;
  if (name == "p384") return KeyAlgorithm::kP384;
  if (name == "rsa2048") return KeyAlgorithm::kRsa2048;
  if (name == "rsa3072") return KeyAlgorithm::kRsa3072;
  if (name == "rsa4096") return KeyAlgorithm::kRsa4096;
  return std::nullopt;
}

}  // namespace hsm
