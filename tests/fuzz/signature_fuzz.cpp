// Signatures: whatever method and bytes are tried, nothing verifies but what the key has signed, under its
// own method.
//
// Input: the method, a line break, the signature. Keys and messages are those of tests/data/vectors/keys.
#include <algorithm>

#include "tests/fuzz/fuzz.h"
#include "tests/support/test_data.h"
#include "tuf/base/base64.h"
#include "tuf/json/json.h"
#include "tuf/keys/ecdsa_signature.h"
#include "tuf/keys/public_key.h"

namespace {

struct Signed {
  tuf::PublicKey key;
  std::string message;
  tuf::Bytes value;
};

std::vector<Signed> read_vectors() {
  std::vector<Signed> all;
  for (const tuf::Json& entry : tuf::Json::parse(test::read_data("vectors/keys/vectors.json"))) {
    all.push_back({tuf::PublicKey::from_object({entry["keytype"], entry["public"]}).value(), entry["message"],
                   tuf::from_base64(entry["sig"].get<std::string>()).value()});
  }
  return all;
}

void check_der(const tuf::Bytes& signature) {
  for (const std::size_t width : {28, 32, 48, 66}) {
    const auto der = tuf::rs_to_der(signature, width);
    fuzz::require(!der || tuf::der_to_rs(*der, width) == signature,
                  "r and s come back from DER as they were");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<Signed> all = read_vectors();
  std::string_view value = fuzz::as_text(data, size);
  const std::string method(fuzz::take_part(value, "\n"));
  const tuf::Signature signature{"any", method, {value.begin(), value.end()}};
  check_der(signature.value);
  for (const Signed& one : all) {
    if (!one.key.verifies(signature, tuf::as_bytes(one.message))) continue;
    // The same key may stand there bare and in a certificate.
    const bool recorded = std::any_of(all.begin(), all.end(), [&](const Signed& other) {
      return other.key.canonical_id() == one.key.canonical_id() && other.value == signature.value;
    });
    fuzz::require(recorded, "only what was signed verifies");
    fuzz::require(method.size() == tuf::signature_method(one.key.type()).size(), "under its own method");
    fuzz::require(!one.key.verifies(signature, tuf::as_bytes(one.message + " ")), "over its own message");
  }
  return 0;
}
