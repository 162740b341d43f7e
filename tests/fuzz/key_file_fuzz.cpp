// PEM and key files: a block reads back as it was written; a private key that opens signs what its public
// half verifies, and reads back from the file we would write of it.
//
// Input: PEM text; or the label of one block and a line break, then its content in DER, so that mutations
// reach it. Encrypted keys are opened with the passphrase "fuzz".
#include <utility>

#include "hsm/file/key_pem.h"
#include "tests/fuzz/fuzz.h"
#include "tuf/keys/pem.h"

namespace {

void check_block(const tuf::PemBlock& block) {
  const std::vector<tuf::PemBlock> again = tuf::parse_pem(tuf::format_pem(block));
  fuzz::require(again.size() == 1 && again[0].label == block.label && again[0].headers == block.headers &&
                    again[0].content == block.content,
                "a PEM block reads back as it was written");
}

void check_key(hsm::PrivateKey& key, const hsm::KeyPemHeaders& headers) {
  const std::string_view message = "message";
  const tuf::PublicKey& public_key = key.public_key();
  const tuf::Bytes signature = key.sign(tuf::as_bytes(message));
  const std::string method(tuf::signature_method(public_key.type()));
  fuzz::require(public_key.verifies({public_key.id().hex(), method, signature}, tuf::as_bytes(message)),
                "a key that opens signs what its public half verifies");

  const auto text = fuzz::attempt([&] { return hsm::format_key_pem(key, headers, hsm::Secret("")); });
  if (!text) return;  // control characters in a header
  const std::vector<hsm::KeyPem> again = hsm::KeyPem::parse_all(*text);
  fuzz::require(again.size() == 1 && !again[0].is_encrypted(), "a key is written as one block");
  fuzz::require(again[0].open().public_key().id() == public_key.id(), "a written key is the same key");
  fuzz::require(again[0].headers().role == headers.role && again[0].headers().gun == headers.gun &&
                    again[0].headers().path == headers.path,
                "headers read back as they were written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const hsm::Secret passphrase("fuzz");
  std::string_view rest = fuzz::as_text(data, size);
  std::string text(rest);
  if (!text.starts_with("-----")) {
    const std::string label(fuzz::take_part(rest, "\n"));
    text = tuf::format_pem({label, {}, tuf::Bytes(rest.begin(), rest.end())});
  }
  for (const tuf::PemBlock& block : tuf::parse_pem(text)) check_block(block);
  bool derived = false;  // from the passphrase, which may take seconds: once for an input is enough
  for (const hsm::KeyPem& pem : hsm::KeyPem::parse_all(text)) {
    if (pem.is_encrypted() && std::exchange(derived, true)) continue;
    auto key = fuzz::attempt([&] { return pem.is_encrypted() ? pem.open(passphrase) : pem.open(); });
    if (key) check_key(*key, pem.headers());
  }
  return 0;
}
