#include "agent/doctor/key_checks.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "agent/report/repository_report.h"
#include "hsm/key_ref.h"
#include "hsm/pkcs11/token_uri.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

/// No metadata begins with a letter, so nobody can use a signature over this for anything else.
constexpr std::string_view kTestMessage = "countersign doctor: a test signature, which vouches for nothing";

/// What is wrong with a key on a token.
[[noreturn]] void fail_on_token(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kSecretMissing:
      throw Ailment("pin-missing", error);
    case ErrorCode::kFileUnreadable:
    case ErrorCode::kInsecureFile:
      throw Ailment("pin-file-unusable", error);
    case ErrorCode::kKeyNotFound:
      throw Ailment("key-not-on-token", error);
    default:
      throw Ailment(error);
  }
}

/// What is wrong with a key in a file.
[[noreturn]] void fail_on_file(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kSecretMissing:
      throw Ailment("passphrase-missing", error);
    case ErrorCode::kFileUnreadable:
      throw Ailment("key-file-unreadable", error);
    case ErrorCode::kInsecureFile:
      throw Ailment("key-file-insecure", error);
    default:
      throw Ailment(error);
  }
}

std::string put_in_place(const std::string& file) {
  const std::string name = tuf::shell_path(file);
  return "put it in its place with: countersign key import " + name + " && rm " + name;
}

}  // namespace

KeyChecks::KeyChecks(Patient& patient)
    : patient_(patient), on_tokens_([this] { return list_tokens(); }), ring_([this] {
        hsm::KeyRing& ring = patient_.run.keys();
        ring.keys();
        return &ring;
      }) {
  for (const std::string& ref : patient_.settings().keys()) {
    if (hsm::is_token_uri(ref)) uris_.push_back(ref);
  }
}

void KeyChecks::add_listing_to(std::vector<Check>& chain) {
  if (!uris_.empty()) {
    chain.push_back({"module", [this] { return look_at_module(); }});
    chain.push_back({"token", [this] { return look_at_token(); }});
  }
  chain.push_back({"keys", [this] { return look_at_keys(); }});
}

void KeyChecks::add_signing_to(std::vector<Check>& chain) {
  // Without a repository nobody knows which keys of a trust directory are to sign, and whose secrets are
  // here.
  if (!patient_.gun && patient_.settings().keys().empty()) return;
  chain.push_back({"secrets", [this] { return look_at_secrets(); }});
  chain.push_back({"signature", [this] { return look_at_signature(); }});
}

std::vector<hsm::KeyInfo> KeyChecks::list_tokens() {
  std::vector<hsm::KeyInfo> keys;
  for (const std::string& uri : uris_) {
    for (hsm::KeyInfo& key : patient_.run.tokens().key_source(hsm::TokenUri::parse(uri))->list())
      keys.push_back(std::move(key));
  }
  return keys;
}

std::string KeyChecks::look_at_module() {
  try {
    on_tokens_.get();
  } catch (const Error& error) {
    const ErrorCode code = error.code();
    if (code == ErrorCode::kModuleFailed || code == ErrorCode::kInvalidKeyRef || code == ErrorCode::kLocked)
      throw;
  }
  const auto& module = patient_.settings().module();
  return module ? tuf::printable(module->string()) : "as the URI or p11-kit names it";
}

std::string KeyChecks::look_at_token() {
  try {
    on_tokens_.get();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kTokenNotFound || error.code() == ErrorCode::kTokenAmbiguous) throw;
  }
  std::vector<std::string> shown;  // without what may stand in them as pin-value
  for (const std::string& uri : uris_) shown.push_back(hsm::TokenUri::parse(uri).to_string());
  return tuf::printable(tuf::join(shown));
}

std::string KeyChecks::look_at_keys() {
  try {
    on_tokens_.get();
  } catch (const Error& error) {
    fail_on_token(error);
  }
  std::set<std::string> ids;
  try {
    for (const hsm::KeyInfo& key : ring().keys()) ids.insert(key.canonical_id.short_form());
  } catch (const Error& error) {
    fail_on_file(error);
  }
  const std::vector<std::string> misnamed = misnamed_keys();
  if (ids.empty() && !misnamed.empty()) {
    throw Ailment("key-misnamed",
                  Error(ErrorCode::kKeyNotFound,
                        "there is no key at hand: " + tuf::printable(misnamed.front()) +
                            " holds one, but its name is not the ID by which keys are found there",
                        put_in_place(misnamed.front())));
  }
  for (const std::string& file : misnamed) {
    patient_.warn("KEY_MISNAMED", tuf::printable(file) + " holds a key that is not found by this name; " +
                                      tuf::printable(put_in_place(file)));
  }
  if (ids.empty()) {
    throw Ailment("no-key",
                  Error(ErrorCode::kKeyNotFound,
                        "there is no key at hand: none is named, and the trust directory holds none",
                        "name it with --signing-key REF, or make one with: countersign key generate NAME"));
  }
  return "at hand: " + tuf::join({ids.begin(), ids.end()});
}

/// Of the trust directory; a file that is named with --signing-key is found by that.
std::vector<std::string> KeyChecks::misnamed_keys() {
  std::vector<std::string> files;
  for (const std::filesystem::path& file : patient_.run.key_store().misnamed()) {
    const std::vector<std::string>& named = patient_.settings().keys();
    const bool is_named = std::any_of(named.begin(), named.end(), [&](const std::string& ref) {
      std::error_code none_there;
      return std::filesystem::equivalent(ref, file, none_there);
    });
    if (!is_named) files.push_back(file.string());
  }
  return files;
}

const hsm::KeyInfo& KeyChecks::info_of(const tuf::KeyId& id) {
  const std::vector<hsm::KeyInfo>& keys = ring().keys();
  return *std::find_if(keys.begin(), keys.end(),
                       [&](const hsm::KeyInfo& key) { return key.canonical_id == id; });
}

std::string KeyChecks::look_at_secrets() {
  if (!wanted_) {
    wanted_.emplace();
    for (const hsm::KeyInfo& key : ring().keys()) {
      // The ring has the trust directory's snapshot keys too, whatever is named.
      if (key.gun.empty() || key.label != "snapshot") wanted_->push_back(key.canonical_id);
    }
  }
  for (const tuf::KeyId& id : *wanted_) {
    try {
      ring().signer(id);
    } catch (const Error& error) {
      info_of(id).location.starts_with("pkcs11:") ? fail_on_token(error) : fail_on_file(error);
    }
  }
  return std::to_string(wanted_->size()) + (wanted_->size() == 1 ? " key opens" : " keys open");
}

std::string KeyChecks::look_at_signature() {
  for (const tuf::KeyId& id : *wanted_) {
    tuf::Signer& signer = *ring().signer(id);
    const tuf::PublicKey& key = signer.public_key();
    const tuf::ByteView message = tuf::as_bytes(kTestMessage);
    const tuf::Signature signature{key.id().hex(), std::string(tuf::signature_method(key.type())),
                                   signer.sign(message)};
    if (!key.verifies(signature, message)) {
      throw Error(ErrorCode::kBadTokenSignature,
                  "what key " + id.short_form() + " makes is no signature by it");
    }
  }
  return "made and verified, of a text that is no metadata";
}

}  // namespace agent
