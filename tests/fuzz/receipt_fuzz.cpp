// Receipts and lines of an audit log: what is read was signed, in its one form. Input: a receipt as it is, or
// the body of one, which is then signed.
#include "agent/evidence/receipt.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/test_signer.h"

namespace {

constexpr std::string_view kType = "countersign-receipt/v1";

void read(std::string_view text) {
  const auto receipt = fuzz::attempt([&] { return agent::Receipt::read(text, "receipt"); });
  if (!receipt) return;
  fuzz::require(!receipt->statement.signers.empty(), "somebody has signed it");
  fuzz::require(receipt->statement.body.at("_type") == kType, "it is a receipt");
  fuzz::require(!receipt->repositories.empty(), "it tells of a repository");
  for (const agent::ReceiptRepository& repository : receipt->repositories) {
    for (const agent::ReceiptTarget& target : repository.targets)
      fuzz::require(!target.roles.empty(), "a target stands in a role");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto signer = test::TestSigner::generate(test::TestSigner::Kind::kEd25519);
  const std::string_view text = fuzz::as_text(data, size);
  read(text);
  const auto body = fuzz::attempt([&] { return tuf::parse_json(text, "body"); });
  if (!body || !body->is_object()) return 0;
  const auto line = fuzz::attempt([&] { return agent::write_statement(kType, *body, {signer}); });
  if (!line) return 0;
  const auto statement = fuzz::attempt(
      [&] { return agent::read_statement(*line, kType, tuf::ErrorCode::kReceiptInvalid, "statement"); });
  if (!statement) return 0;  // deeper or larger than what is read
  fuzz::require(statement->is_signed_by(signer->public_key()), "it is signed by whom we let sign it");
  read(*line + "\n");
  return 0;
}
