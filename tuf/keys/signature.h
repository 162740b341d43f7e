// Signature: one entry of `signatures`. Which scheme is right follows from the key, never from `method`
// alone: for RSA it chooses between PSS and PKCS#1 v1.5, everywhere else it must simply agree.
#pragma once

#include <string>

#include "tuf/base/bytes.h"

namespace tuf {

struct Signature {
  std::string keyid;   // as found; need not be a valid KeyId
  std::string method;  // as found; compared without regard to case (section 4.2)
  Bytes value;         // ecdsa: r‖s of fixed width; others: as the algorithm gives it
};

}  // namespace tuf
