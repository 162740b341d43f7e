// Tokens: the PKCS#11 tokens this process can reach. Loads each module once, logs in to a token at most once,
// and lets nothing wait forever. One object per process, made in the composition root; keys keep what they
// need alive.
//
// A token is found by what it says of itself, never by slot number; exactly one must fit, else kTokenNotFound
// or kTokenAmbiguous with the candidates. A token that does not fit is never logged in to, and one that is
// not initialised is never touched.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hsm/key_algorithm.h"
#include "hsm/key_source.h"
#include "hsm/pkcs11/startup_lock.h"
#include "hsm/pkcs11/token_info.h"
#include "hsm/pkcs11/token_key.h"
#include "hsm/pkcs11/token_uri.h"
#include "hsm/pkcs11/watchdog.h"
#include "hsm/secret_source.h"

namespace hsm {

struct TokenSettings {
  /// For URIs without `module-path`; empty: the modules that p11-kit is configured for.
  std::string module_path;
  /// What the module at `module_path`, or at a URI's, wants at start; empty for nearly all of them.
  std::string module_arguments;
  /// Where the start-up lock may live; the first safe one counts.
  std::vector<std::filesystem::path> lock_folders = UserLock::default_folders();
  std::chrono::milliseconds lock_timeout{90'000};
  /// For each phase of work with a token: loading, opening, one signature. Zero: no limit.
  std::chrono::milliseconds deadline{60'000};
  /// What is left to the whole run, asked before each wait; empty: no limit.
  std::function<std::chrono::milliseconds()> time_left;
  /// Told when a token does not answer; the thread that waits for it is lost.
  Watchdog::OnExpiry on_deadline;
  /// PIN_IN_URI, PIN_COUNT_LOW, KEY_SKIPPED, LOGIN_SKIPPED, NO_ORIGIN_EVIDENCE, NO_START_LOCK.
  std::function<void(const std::string& code, const std::string& message)> on_warning;
};

class Tokens : public std::enable_shared_from_this<Tokens> {
 public:
  /// `secrets` outlives the result.
  static std::shared_ptr<Tokens> create(TokenSettings settings, SecretSource& secrets);
  ~Tokens();
  Tokens(const Tokens&) = delete;
  Tokens& operator=(const Tokens&) = delete;

  /// Every token that fits `uri` and its keys, also tokens that are not initialised if `uri` names none.
  /// Public objects only, unless a PIN is at hand and exactly one token fits: the PIN of one is no other's
  /// business.
  std::vector<TokenInfo> list(const TokenUri& uri);
  /// Every token that fits `uri` and what shows without logging in, whatever PIN is at hand.
  std::vector<TokenInfo> list_public(const TokenUri& uri);

  /// All private keys on the one token that `uri` names, fit for a KeyRing. Lists without log-in what public
  /// objects tell; logs in when they tell nothing, and for opening.
  std::unique_ptr<KeySource> key_source(TokenUri uri);

  /// The one private key that `uri` names. Throws kKeyNotFound, or kKeyAmbiguous with the candidates.
  std::shared_ptr<TokenKey> open_key(const TokenUri& uri);

  /// Whether generate_key can be expected to work: it throws the same, makes nothing, and gives the PIN.
  void require_room(const TokenUri& uri, const std::string& label, KeyAlgorithm algorithm);

  /// Makes a key pair on the one token that `uri` names; the private half signs only and never leaves. A test
  /// signature is made and verified, and what the token says of its origin checked. Throws kKeyAmbiguous if
  /// the label is taken, kKeyUnsupported, kTokenFailed.
  std::shared_ptr<TokenKey> generate_key(const TokenUri& uri, const std::string& label,
                                         KeyAlgorithm algorithm);

 private:
  class Source;
  struct Impl;
  explicit Tokens(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hsm
