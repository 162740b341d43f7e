#include "tuf/metadata/scan_targets.h"

#include "tuf/metadata/target_text.h"

namespace tuf {
namespace {

bool take_targets(WireScanner& scanner, ScannedTargets& found) {
  const std::size_t start = scanner.position();
  const bool taken = scanner.take_object([&](std::string_view name) {
    // Its name with both quotes and the colon stand before the scanner.
    found.starts.push_back(static_cast<std::uint32_t>(scanner.position() - name.size() - 3));
    return take_target(scanner, found.custom_memory);
  });
  found.targets = scanner.since(start);
  found.starts.push_back(static_cast<std::uint32_t>(scanner.position()));
  found.starts.shrink_to_fit();
  return taken;
}

bool take_signed(WireScanner& scanner, ScannedTargets& found) {
  const std::size_t start = scanner.position();
  const bool taken = scanner.take_object([&](std::string_view name) {
    return name == "targets" ? take_targets(scanner, found) : scanner.take_value();
  });
  found.signed_part = scanner.since(start);
  return taken;
}

}  // namespace

std::optional<ScannedTargets> scan_targets(std::string_view file) {
  WireScanner scanner(file);
  ScannedTargets found;
  std::string_view expected = "signed";
  const bool taken = scanner.take_envelope([&](std::string_view name) {
    if (name != expected) return false;
    const bool is_signed = expected == "signed";
    expected = is_signed ? "signatures" : "";
    return is_signed ? take_signed(scanner, found) : scanner.take_value();
  });
  if (!taken || !expected.empty() || !scanner.at_end() || found.targets.empty()) return std::nullopt;
  return found;
}

}  // namespace tuf
