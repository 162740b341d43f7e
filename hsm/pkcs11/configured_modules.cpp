#include "hsm/pkcs11/configured_modules.h"

#include <p11-kit/p11-kit.h>

#include <cstdlib>
#include <memory>

namespace hsm::pkcs11 {
namespace {

std::string take(char* text) {
  const std::unique_ptr<char, decltype(&std::free)> owner(text, &std::free);
  return text ? text : "";
}

}  // namespace

std::vector<ConfiguredModule> configured_modules() {
  p11_kit_be_quiet();  // a module that cannot be loaded is no news for the user of another one
  const std::unique_ptr<CK_FUNCTION_LIST*, decltype(&p11_kit_modules_release)> modules(
      p11_kit_modules_load(nullptr, 0), &p11_kit_modules_release);
  std::vector<ConfiguredModule> found;
  for (CK_FUNCTION_LIST** module = modules.get(); module && *module; ++module) {
    if (take(p11_kit_config_option(*module, "trust-policy")) == "yes") continue;
    std::string path = take(p11_kit_module_get_filename(*module));
    if (path.empty() || path.front() != '/') continue;
    found.push_back({std::move(path), take(p11_kit_config_option(*module, "x-init-reserved"))});
  }
  return found;
}

}  // namespace hsm::pkcs11
