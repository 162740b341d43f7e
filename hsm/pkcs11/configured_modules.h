// The PKCS#11 modules that this machine's p11-kit configuration names. Internal to this folder.
#pragma once

#include <string>
#include <vector>

namespace hsm::pkcs11 {

struct ConfiguredModule {
  std::string path;
  std::string arguments;  // `x-init-reserved`
};

/// Those that p11-kit would use in this program, without its own trust modules, which hold no private keys.
/// Nothing is initialised by asking.
std::vector<ConfiguredModule> configured_modules();

}  // namespace hsm::pkcs11
