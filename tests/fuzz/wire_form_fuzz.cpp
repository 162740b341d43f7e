// What is read as it stands: the scanner takes exactly the texts that the general reader would write again to
// the last byte, and a file of targets says the same to both readers, whether the input is a whole file or
// what stands among its targets.
#include <algorithm>

#include "tests/fuzz/fuzz.h"
#include "tuf/json/wire_scanner.h"
#include "tuf/metadata/decode_document.h"

namespace {

using tuf::TargetMap;
using tuf::Targets;

void check_scanner(std::string_view text) {
  tuf::WireScanner scanner(text);
  const bool taken = scanner.take_value() && scanner.at_end();
  const auto value = fuzz::attempt([&] { return tuf::parse_json(text, "input"); });
  fuzz::require(value || !taken, "what is scanned can be parsed");
  if (!value) return;
  const std::string canonical = tuf::canonical_json(*value);
  const bool stands = tuf::has_wire_form(canonical) && tuf::wire_form(canonical) == text;
  fuzz::require(taken == stands, "what is scanned is what would be written");
  if (taken) fuzz::require(tuf::canonical_form(text) == canonical, "it has the canonical form of its value");
}

void check_file(const std::string& file) {
  const auto quick = fuzz::attempt([&] { return tuf::decode<Targets>(file, "input"); });
  const auto general = fuzz::attempt([&] { return tuf::decode_document<Targets>(file, "input"); });
  fuzz::require(quick.has_value() == general.has_value(), "both readers take the same files");
  if (!quick) return;
  fuzz::require(quick->signed_text == general->signed_text, "both verify the same text");
  const TargetMap& targets = quick->body.targets;
  const TargetMap& others = general->body.targets;
  fuzz::require(targets.size() == others.size(), "both see as many targets");
  const auto same = [&](const TargetMap::Entry& one, const TargetMap::Entry& other) {
    return one.name() == other.name() && one.target() == other.target() && one.custom() == other.custom() &&
           targets.find(one.name()) == other.target();
  };
  fuzz::require(std::equal(targets.begin(), targets.end(), others.begin(), others.end(), same),
                "both see the same targets");
  fuzz::require(tuf::encode_signed(quick->body) == tuf::encode_signed(general->body),
                "both are written alike");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::as_text(data, size));
  check_scanner(text);
  check_file(text);
  check_file(R"({"signed":{"_type":"Targets","expires":"2029-11-21T22:00:00Z","targets":{)" + text +
             R"(},"version":1},"signatures":[]})");
  return 0;
}
