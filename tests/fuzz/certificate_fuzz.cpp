// Public keys and certificates: a key that is accepted is the very object that was given, its bare half is
// one key however it came in, it has its dates, and it never vouches for two repositories unless by a
// wildcard.
//
// Input: a key type on the first line, then what base64 hides in metadata: PEM text, DER or 32 bytes. The DER
// of a certificate is put into PEM, so that mutations reach it.
#include "hsm/file/key_form.h"
#include "tests/fuzz/fuzz.h"
#include "tuf/base/base64.h"
#include "tuf/keys/certificate.h"
#include "tuf/keys/pem.h"

namespace {

constexpr tuf::Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};
constexpr std::string_view kGun = "registry.example.com/team/app";

void check_key(const tuf::PublicKey& key) {
  const tuf::PublicKey bare = key.bare();
  fuzz::require(key.id() == tuf::key_id(key.object()), "the ID is that of the object");
  fuzz::require(bare.id() == key.canonical_id(), "the canonical ID is that of the bare key");
  fuzz::require(tuf::PublicKey::from_spki(key.spki()).object() == bare.object(), "one bare key, one object");
  fuzz::require(tuf::PublicKey::from_object(key.object()).has_value(), "an accepted key is accepted again");
  fuzz::require(!key.description().empty() && key.bits() >= 224, "an accepted key is a strong one");

  const bool wrapped = bare.id() != key.id();
  fuzz::require(tuf::certificate_expiry(bare) == std::nullopt, "a bare key never expires");
  static_cast<void>(tuf::delegation_certificate_problem(key, kNow));
  const auto ever = tuf::root_certificate_problem(key, kGun, std::nullopt);
  const auto now = tuf::root_certificate_problem(key, kGun, kNow);
  fuzz::require(wrapped || ever, "a bare key is no root key");
  fuzz::require(now || !ever, "what is good now is good without a date");
  if (!now) {
    fuzz::require(*tuf::certificate_expiry(key) >= kNow, "what is good now has not expired");
    fuzz::require(!tuf::delegation_certificate_problem(key, kNow), "a good root key would sign a delegation");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::as_text(data, size);
  const std::string type(fuzz::take_part(rest, "\n"));
  const bool is_der = type.ends_with("-x509") && !rest.starts_with("-----");
  const std::string content =
      is_der ? tuf::format_pem({"CERTIFICATE", {}, tuf::Bytes(rest.begin(), rest.end())}) : std::string(rest);
  const tuf::KeyObject object{type, tuf::to_base64(tuf::as_bytes(content))};
  if (const auto key = tuf::PublicKey::from_object(object)) {
    fuzz::require(key->object() == object, "an accepted key is the object that was given");
    check_key(*key);
    static_cast<void>(fuzz::attempt([&] { return tuf::chains_to(*key, content, kNow); }));
  }
  const auto spki = fuzz::attempt([&] { return tuf::PublicKey::from_spki(tuf::as_bytes(content)); });
  if (spki) check_key(*spki);
  if (const auto key = fuzz::attempt([&] { return tuf::PublicKey::from_pem(content); })) check_key(*key);
  for (const std::string_view file : {std::string_view(content), rest}) {
    if (const auto key = fuzz::attempt([&] { return hsm::read_public_key(file, "FILE"); })) check_key(*key);
  }
  return 0;
}
