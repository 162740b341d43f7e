#include "hsm/file/der_reader.h"

#include <optional>

#include "tuf/base/error.h"

namespace hsm {
namespace {

using tuf::ByteView;

[[noreturn]] void fail() {
  throw tuf::Error(tuf::ErrorCode::kKeyMalformed, "the key is not well-formed DER");
}

struct Extent {
  std::size_t header;
  std::size_t content;
};

/// Lengths of the first element; nullopt if it does not fit or has a form that no key file uses.
std::optional<Extent> measure(ByteView der) {
  if (der.size() < 2) return std::nullopt;
  std::size_t header = 2;
  std::size_t content = der[1];
  if (content >= 0x80) {
    const std::size_t digits = content & 0x7f;
    if (digits == 0 || digits > 4 || der.size() < 2 + digits) return std::nullopt;
    header += digits;
    content = 0;
    for (std::size_t i = 0; i < digits; ++i) content = content << 8 | der[2 + i];
  }
  if (content > der.size() - header) return std::nullopt;
  return Extent{header, content};
}

}  // namespace

ByteView DerReader::take(DerTag tag) {
  const std::optional<Extent> extent = measure(rest_);
  if (!extent || !next_is(tag)) fail();
  const ByteView content = rest_.subspan(extent->header, extent->content);
  rest_ = rest_.subspan(extent->header + extent->content);
  return content;
}

ByteView DerReader::take_element() {
  const std::optional<Extent> extent = measure(rest_);
  if (!extent) fail();
  const ByteView element = rest_.first(extent->header + extent->content);
  rest_ = rest_.subspan(element.size());
  return element;
}

ByteView DerReader::take_unsigned() {
  ByteView number = take(DerTag::kInteger);
  if (number.empty() || (number.front() & 0x80) != 0) fail();
  if (number.size() > 1 && number.front() == 0) number = number.subspan(1);
  return number;
}

void DerReader::finish() const {
  if (!at_end()) fail();
}

bool is_one_sequence(ByteView der) {
  const std::optional<Extent> extent = measure(der);
  return extent && der[0] == static_cast<std::uint8_t>(DerTag::kSequence) &&
         extent->header + extent->content == der.size();
}

}  // namespace hsm
