#include "hsm/pkcs11/tokens.h"

#include <algorithm>
#include <utility>

#include "hsm/pkcs11/generation.h"
#include "hsm/pkcs11/key_selection.h"
#include "hsm/pkcs11/listing.h"
#include "hsm/pkcs11/token_finder.h"
#include "tuf/base/error.h"

namespace hsm {
namespace {

using pkcs11::FoundKey;
using pkcs11::Token;
using tuf::ErrorCode;

constexpr std::string_view kTestMessage = "countersign: first signature of a new key";

/// Where a new key is to be, which is no key itself.
void require_place(const TokenUri& uri, const std::string& label) {
  if (uri.names_key()) {
    throw tuf::Error(ErrorCode::kInvalidKeyRef,
                     "the URI names a key (object= or id=) where only a token is wanted",
                     "leave them out: the new key gets the name on the command line and an ID of its own");
  }
  if (label.empty()) throw tuf::Error(ErrorCode::kInvalidKeyRef, "a key on a token needs a label");
}

}  // namespace

struct Tokens::Impl {
  TokenSettings settings;
  SecretSource& secrets;
  pkcs11::TokenFinder finder;

  Impl(TokenSettings given, SecretSource& source)
      : settings(std::move(given)), secrets(source), finder(settings) {}

  void warn(const std::string& code, const std::string& message) const {
    if (settings.on_warning) settings.on_warning(code, message);
  }
  void login(Token& token, const TokenUri& uri) { token.login(uri, secrets, settings.on_warning); }
};

Tokens::Tokens(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokens::~Tokens() = default;

std::shared_ptr<Tokens> Tokens::create(TokenSettings settings, SecretSource& secrets) {
  return std::shared_ptr<Tokens>(new Tokens(std::make_unique<Impl>(std::move(settings), secrets)));
}

std::vector<TokenInfo> Tokens::list(const TokenUri& uri) {
  const auto phase = impl_->finder.begin(uri, "listing tokens");
  const auto fitting = impl_->finder.fitting(uri);
  const bool pin_at_hand = pkcs11::Pin::is_at_hand(uri, impl_->secrets);
  if (pin_at_hand && fitting.size() == 1) impl_->login(*fitting.front(), uri);
  if (pin_at_hand && fitting.size() > 1) {
    impl_->warn("LOGIN_SKIPPED",
                "more than one token fits, so the PIN was given to none: public objects only");
  }
  std::vector<TokenInfo> tokens;
  tokens.reserve(fitting.size());
  for (const auto& token : fitting) tokens.push_back(pkcs11::describe_token(*token, uri));
  if (!uri.names_token() && !uri.names_key()) {
    for (const auto* loaded : impl_->finder.modules(uri)) {
      for (PKCS11_SLOT* slot : loaded->module->occupied_slots()) {
        if (!slot->token->initialized)
          tokens.push_back(pkcs11::describe_blank(*loaded->module, *slot->token));
      }
    }
  }
  return tokens;
}

std::vector<TokenInfo> Tokens::list_public(const TokenUri& uri) {
  const auto phase = impl_->finder.begin(uri, "listing tokens");
  std::vector<TokenInfo> tokens;
  for (const auto& token : impl_->finder.fitting(uri)) tokens.push_back(pkcs11::describe_token(*token, uri));
  return tokens;
}

std::shared_ptr<TokenKey> Tokens::open_key(const TokenUri& uri) {
  const auto phase = impl_->finder.begin(uri, "opening a key on a token");
  const std::shared_ptr<Token> token = impl_->finder.only(uri);
  const std::lock_guard lock(token->mutex());
  impl_->login(*token, uri);
  return token->steadily(
      [&] { return std::make_shared<TokenKey>(token, pkcs11::only_private_key(*token, uri)); });
}

void Tokens::require_room(const TokenUri& uri, const std::string& label, KeyAlgorithm algorithm) {
  require_place(uri, label);
  const auto phase = impl_->finder.begin(uri, "looking for room on a token");
  const std::shared_ptr<Token> token = impl_->finder.only(uri);
  const std::lock_guard lock(token->mutex());
  impl_->login(*token, uri);
  token->steadily([&] {
    pkcs11::require_room(*token, label, algorithm);
    return true;
  });
}

std::shared_ptr<TokenKey> Tokens::generate_key(const TokenUri& uri, const std::string& label,
                                               KeyAlgorithm algorithm) {
  require_place(uri, label);
  std::shared_ptr<TokenKey> key;
  {
    const auto phase = impl_->finder.begin(uri, "making a key on a token");
    const std::shared_ptr<Token> token = impl_->finder.only(uri);
    const std::lock_guard lock(token->mutex());
    impl_->login(*token, uri);
    try {  // never twice
      key = std::make_shared<TokenKey>(token, pkcs11::generate_key_pair(*token, label, algorithm));
    } catch (const tuf::Error& error) {
      throw token->knowing(error);
    }
  }
  key->sign(tuf::as_bytes(kTestMessage));
  const KeyOrigin origin = key->origin();
  if (!origin.local.value_or(false) || !origin.never_extractable.value_or(false)) {
    impl_->warn("NO_ORIGIN_EVIDENCE",
                "the token does not confirm that the new key was made on it and could never be "
                "read out; an auditor has only this program's word for it");
  }
  return key;
}

/// The keys of one token as KeyRing sees them.
class Tokens::Source : public KeySource {
 public:
  Source(std::shared_ptr<Tokens> tokens, TokenUri uri) : tokens_(std::move(tokens)), uri_(std::move(uri)) {}

  std::vector<KeyInfo> list() override {
    Impl& impl = *tokens_->impl_;
    const auto phase = impl.finder.begin(uri_, "listing the keys of a token");
    const std::shared_ptr<Token> token = impl.finder.only(uri_);
    const std::lock_guard lock(token->mutex());
    std::vector<FoundKey> keys = token->steadily([&] { return keys_in_view(*token); });
    const bool usable = std::any_of(keys.begin(), keys.end(), [](const FoundKey& k) { return k.public_key; });
    if (!usable && !token->logged_in()) {
      impl.login(*token, uri_);
      keys = token->steadily([&] { return keys_in_view(*token); });
    }
    // A URI that names keys, of which none is there or none can be used, is a mistake worth telling.
    if (std::none_of(keys.begin(), keys.end(), [](const FoundKey& k) { return k.public_key; }) &&
        uri_.names_key()) {
      token->steadily([&] { return pkcs11::only_private_key(*token, uri_); });
    }
    std::vector<KeyInfo> infos;
    for (const FoundKey& key : keys) {
      if (key.problem) impl.warn("KEY_SKIPPED", token->subject() + ": " + key.problem->what());
      if (!key.public_key) continue;
      infos.push_back({key.public_key->canonical_id(),
                       pkcs11::key_uri(*token, key, uri_),
                       key.label,
                       {},
                       key.public_key});
    }
    return infos;
  }

  std::shared_ptr<tuf::Signer> open(const tuf::KeyId& canonical_id) override {
    Impl& impl = *tokens_->impl_;
    const auto phase = impl.finder.begin(uri_, "opening a key on a token");
    const std::shared_ptr<Token> token = impl.finder.only(uri_);
    const std::lock_guard lock(token->mutex());
    impl.login(*token, uri_);
    return token->steadily([&]() -> std::shared_ptr<tuf::Signer> {
      for (FoundKey& key : candidates(*token, canonical_id)) {
        if (!key.public_key || key.public_key->canonical_id() != canonical_id) continue;
        return std::make_shared<TokenKey>(token, std::move(key));
      }
      return nullptr;
    });
  }

 private:
  /// Private keys as far as they show without log-in, then public ones whose private half does not show.
  std::vector<FoundKey> keys_in_view(Token& token) const {
    std::vector<FoundKey> keys = pkcs11::private_keys(token, uri_);
    if (token.logged_in()) return keys;
    // Of certificates only those that the user names: a token may carry a whole chain.
    for (FoundKey& half : find_public_keys(token.session(), uri_.object, uri_.id, uri_.names_key())) {
      if (!half.public_key) continue;  // of no use, and told of when the private half shows
      const bool known = std::any_of(keys.begin(), keys.end(), [&](const FoundKey& key) {
        return key.public_key && key.public_key->canonical_id() == half.public_key->canonical_id();
      });
      if (!known) keys.push_back(std::move(half));
    }
    return keys;
  }

  /// With thousands of keys on the token, the ID and label of the public object lead to the one that is
  /// wanted.
  std::vector<FoundKey> candidates(Token& token, const tuf::KeyId& canonical_id) const {
    for (const FoundKey& half : find_public_keys(token.session(), uri_.object, uri_.id, uri_.names_key())) {
      if (!half.public_key || half.public_key->canonical_id() != canonical_id || half.id.empty()) continue;
      std::vector<FoundKey> keys = pkcs11::find_private_keys(token.session(), uri_.object, half.id);
      if (!keys.empty()) return keys;
    }
    return pkcs11::private_keys(token, uri_);
  }

  std::shared_ptr<Tokens> tokens_;
  TokenUri uri_;
};

std::unique_ptr<KeySource> Tokens::key_source(TokenUri uri) {
  return std::make_unique<Source>(shared_from_this(), std::move(uri));
}

}  // namespace hsm
