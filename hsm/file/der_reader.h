// DerReader: walks along DER, one element after the other, without copying. Private keys are read with it and
// not with OpenSSL's decoders, because those leave copies of the key behind in freed memory.
#pragma once

#include <cstdint>

#include "tuf/base/bytes.h"

namespace hsm {

enum class DerTag : std::uint8_t {
  kInteger = 0x02,
  kBitString = 0x03,
  kOctetString = 0x04,
  kOid = 0x06,
  kSequence = 0x30,
  kContext0 = 0xa0,
  kContext1 = 0xa1,
};

class DerReader {
 public:
  explicit DerReader(tuf::ByteView der) : rest_(der) {}

  bool at_end() const { return rest_.empty(); }
  bool next_is(DerTag tag) const { return !rest_.empty() && rest_.front() == static_cast<std::uint8_t>(tag); }

  /// The content of the next element. Throws kKeyMalformed if it has another tag or does not fit.
  tuf::ByteView take(DerTag tag);
  /// The next element, whatever it is, with its tag and length.
  tuf::ByteView take_element();
  /// A non-negative INTEGER without its leading zero.
  tuf::ByteView take_unsigned();
  /// Throws kKeyMalformed if anything is left.
  void finish() const;

 private:
  tuf::ByteView rest_;
};

/// True if `der` is one SEQUENCE and nothing else. What a wrong passphrase decrypts to is not.
bool is_one_sequence(tuf::ByteView der);

}  // namespace hsm
