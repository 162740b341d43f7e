#include "agent/config/trust_root.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "agent/names/image_reference.h"
#include "hsm/file/key_form.h"
#include "hsm/os/input_file.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/base/openssl.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"
#include "tuf/base/words.h"
#include "tuf/keys/pem.h"
#include "tuf/keys/public_key.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
namespace fs = std::filesystem;

constexpr std::size_t kMaxPemLength = 1 << 20;
constexpr std::string_view kWhatItIs = "give the trust root that repo init and repo pin print, or a PEM file";

[[noreturn]] void fail(const fs::path& file, const std::string& reason) {
  throw Error(ErrorCode::kFileUnreadable, "the trust root " + tuf::printable(file.string()) + " " + reason,
              std::string(kWhatItIs));
}

/// The certificates of a file, as an encoder writes them. Throws if one of them is none.
std::vector<tuf::PemBlock> certificates_in(const fs::path& file, const std::vector<tuf::PemBlock>& blocks) {
  std::vector<tuf::PemBlock> certificates;
  for (const tuf::PemBlock& block : blocks) {
    if (block.label == "CERTIFICATE") certificates.push_back({block.label, {}, block.content});
  }
  for (const tuf::PemBlock& certificate : certificates) {
    const unsigned char* next = certificate.content.data();
    const tuf::OpensslPtr<X509, X509_free> parsed{
        d2i_X509(nullptr, &next, static_cast<long>(certificate.content.size()))};
    if (!parsed) fail(file, "holds a damaged certificate: " + tuf::drain_openssl_errors());
  }
  return certificates;
}

bool is_authority(const tuf::PemBlock& certificate) {
  const unsigned char* next = certificate.content.data();
  const tuf::OpensslPtr<X509, X509_free> parsed{
      d2i_X509(nullptr, &next, static_cast<long>(certificate.content.size()))};
  return parsed && (X509_get_extension_flags(parsed.get()) & EXFLAG_CA) != 0;
}

tuf::TrustPin ca_pin(const std::vector<tuf::PemBlock>& certificates) {
  tuf::TrustPin pin;
  for (const tuf::PemBlock& certificate : certificates) pin.ca_pem += tuf::format_pem(certificate);
  return pin;
}

std::string read_pem(const fs::path& file, const std::string& what) {
  return hsm::as_pem(hsm::InputFile(file, what).read_text(kMaxPemLength));
}

/// Of a form of other programs that is not read, with what converts it.
void refuse_foreign(const fs::path& file, std::string_view content) {
  const Error error = hsm::in_file(hsm::no_key_in(content, hsm::KeyHalf::kPublic), file);
  if (error.code() != ErrorCode::kKeyUnsupported) return;
  throw Error(ErrorCode::kFileUnreadable, std::string("the trust root ") + error.what(), error.hint());
}

/// What `repo pin` prints, kept in a file: lines of a key ID, or REPO=ID. How many of them; 0 if it is
/// something else.
std::size_t count_pins(std::string_view text) {
  std::size_t pins = 0;
  for (const std::string& line : tuf::lines_of(std::string(text))) {
    const std::string_view ref = std::string_view(line).substr(line.rfind('=') + 1);  // npos + 1 is 0
    if (!parse_pinned_id(ref)) return 0;
    ++pins;
  }
  return pins;
}

void refuse_pins(const fs::path& file, std::string_view text) {
  const std::size_t pins = count_pins(text);
  if (pins == 0) return;
  const std::string content = "\"$(cat " + tuf::shell_path(file.string()) + ")\"";
  throw Error(ErrorCode::kFileUnreadable,
              "the trust root " + tuf::printable(file.string()) + " is a file that holds " +
                  (pins == 1 ? "one" : std::to_string(pins)),
              pins == 1 ? "give what stands in it: --trust-root " + content
                        : "give what stands in it: COUNTERSIGN_TRUST_ROOT=" + content);
}

tuf::TrustPin pin_of_file(const fs::path& file) {
  const std::string text = read_pem(file, "the trust root");
  const std::vector<tuf::PemBlock> blocks = tuf::parse_pem(text);
  const std::vector<tuf::PemBlock> certificates = certificates_in(file, blocks);
  if (!certificates.empty() && std::all_of(certificates.begin(), certificates.end(), is_authority)) {
    return ca_pin(certificates);
  }
  const bool bare = std::any_of(blocks.begin(), blocks.end(),
                                [](const auto& block) { return block.label == "PUBLIC KEY"; });
  if (certificates.empty() && !bare) {
    refuse_pins(file, text);
    refuse_foreign(file, text);
    fail(file, "holds neither a certificate nor a public key");
  }
  if (!certificates.empty() && is_authority(certificates.front())) {
    fail(file, "holds an authority before a certificate of another kind: which of them is the trust root?");
  }
  try {
    // A leaf and its issuers pin the leaf, as in a root's certificate bundle.
    const tuf::PublicKey key = tuf::PublicKey::from_pem(text);
    return {{key.id(), key.canonical_id()}, {}};
  } catch (const Error& error) {
    fail(file, std::string("cannot be used: ") + error.what());
  }
}

}  // namespace

std::optional<tuf::KeyId> parse_pinned_id(std::string_view text) {
  for (const std::string_view algorithm : {"sha256:", "SHA256:"}) {
    if (!text.starts_with(algorithm)) continue;
    text.remove_prefix(algorithm.size());
    break;
  }
  return tuf::KeyId::parse(tuf::with_lower_hex(text));
}

tuf::TrustPin parse_trust_root(std::string_view ref) {
  if (const auto id = parse_pinned_id(ref)) return {{*id}, {}};
  if (ref.find('\n') != std::string_view::npos) {
    throw Error(ErrorCode::kUsage, "trust root \"" + tuf::printable(ref) + "\" is several lines",
                "give each of them a --trust-root of its own, or all of them in COUNTERSIGN_TRUST_ROOT");
  }
  const fs::path file(ref);
  std::error_code ignored;
  if (!fs::exists(file, ignored)) {
    throw Error(ErrorCode::kUsage,
                "trust root \"" + tuf::printable(ref) + "\" is neither a key ID (64 hex digits) nor a file",
                std::string(kWhatItIs));
  }
  return pin_of_file(file);
}

NamedTrustRoot NamedTrustRoot::parse(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || text.starts_with('/') || text.starts_with('.')) {
    return {std::nullopt, std::string(text)};
  }
  try {
    std::string ref(text.substr(equals + 1));
    if (ref.empty()) throw Error(ErrorCode::kUsage, "nothing stands behind the =", std::string(kWhatItIs));
    return {parse_repository(text.substr(0, equals)), std::move(ref)};
  } catch (const Error& error) {
    throw error.with_context("trust root \"" + tuf::printable(text) + "\"");
  }
}

void TrustRoots::add(const NamedTrustRoot& root) {
  const tuf::TrustPin more = parse_trust_root(root.ref);
  tuf::TrustPin& pin = pins_[root.gun];
  pin.key_ids.insert(more.key_ids.begin(), more.key_ids.end());
  pin.ca_pem += more.ca_pem;
}

std::vector<tuf::Gun> TrustRoots::guns() const {
  std::vector<tuf::Gun> guns;
  for (const auto& [gun, pin] : pins_) {
    if (gun) guns.push_back(*gun);
  }
  return guns;
}

std::optional<tuf::TrustPin> TrustRoots::find(const tuf::Gun& gun) const {
  auto found = pins_.find(gun);
  if (found == pins_.end()) found = pins_.find(std::nullopt);
  return found == pins_.end() ? std::nullopt : std::optional(found->second);
}

tuf::TrustPin read_ca_pin(const fs::path& file) {
  const std::string text = read_pem(file, "the CA file");
  const std::vector<tuf::PemBlock> certificates = certificates_in(file, tuf::parse_pem(text));
  if (certificates.empty()) {
    refuse_foreign(file, text);
    fail(file, "holds no certificate");
  }
  return ca_pin(certificates);
}

}  // namespace agent
