// JSON: what the strict reader accepts has one canonical form, and the written forms read back as the same
// value.
#include "tests/fuzz/fuzz.h"
#include "tuf/json/json.h"

using tuf::Json;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  const auto value = fuzz::attempt([&] { return tuf::parse_json(text, "input"); });
  if (!value) return 0;
  fuzz::require(*value == Json::parse(text), "the strict reader reads what nlohmann reads");
  fuzz::require(*value == tuf::parse_json(value->dump(), "dump"), "a dump reads back as the same value");

  const std::string canonical = tuf::canonical_json(*value);
  if (!tuf::has_wire_form(canonical)) return 0;
  const Json again = tuf::parse_json(canonical, "canonical form");
  fuzz::require(again == *value, "the canonical form reads back as the same value");
  fuzz::require(tuf::canonical_json(again) == canonical, "the canonical form is its own canonical form");

  const std::string wire = tuf::wire_form(canonical);
  fuzz::require(wire.find_first_of("<>&") == std::string::npos, "the wire form escapes what Go escapes");
  fuzz::require(tuf::parse_json(wire, "wire form") == *value, "the wire form reads back as the same value");
  return 0;
}
