// Metadata: what `decode` accepts can be written, what was written reads back as the same, and what is
// verified is the canonical form of what stands in the file.
#include <algorithm>

#include "tests/fuzz/fuzz.h"
#include "tuf/metadata/codec.h"

namespace {

bool same(const std::vector<tuf::Signature>& left, const std::vector<tuf::Signature>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const tuf::Signature& a, const tuf::Signature& b) {
                      return a.keyid == b.keyid && a.method == b.method && a.value == b.value;
                    });
}

bool have_wire_form(const std::vector<tuf::Signature>& signatures) {
  return std::all_of(signatures.begin(), signatures.end(), [](const tuf::Signature& signature) {
    return tuf::has_wire_form(signature.keyid) && tuf::has_wire_form(signature.method);
  });
}

template <class T>
void check(std::string_view text) {
  const auto file = fuzz::attempt([&] { return tuf::decode<T>(std::string(text), "input"); });
  if (!file) return;
  fuzz::require(file->bytes == text, "the bytes are kept");
  fuzz::require(tuf::canonical_json(tuf::parse_json(text, "input")["signed"]) == file->signed_text,
                "what is verified is the canonical form of what stands there");

  const std::string ours = tuf::encode_signed(file->body);
  for (const std::string& signed_text : {ours, std::string(file->signed_text)}) {
    if (!tuf::has_wire_form(signed_text) || !have_wire_form(file->signatures)) continue;
    const auto again = tuf::decode<T>(tuf::encode_file(signed_text, file->signatures), "written file");
    fuzz::require(again.signed_text == signed_text, "what is written is canonical");
    fuzz::require(tuf::encode_signed(again.body) == ours, "what is written reads back as the same");
    fuzz::require(same(again.signatures, file->signatures), "signatures read back as the same");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  check<tuf::Root>(text);
  check<tuf::Targets>(text);
  check<tuf::Snapshot>(text);
  check<tuf::Timestamp>(text);
  return 0;
}
