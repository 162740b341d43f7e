// TokenFinder: loads the modules that a URI can mean and picks the one token that fits. Internal to this
// folder.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hsm/pkcs11/configured_modules.h"
#include "hsm/pkcs11/startup_lock.h"
#include "hsm/pkcs11/token.h"
#include "hsm/pkcs11/tokens.h"

namespace hsm::pkcs11 {

class TokenFinder {
 public:
  explicit TokenFinder(const TokenSettings& settings);

  /// One phase of work: the start-up locks of all modules that `uri` can mean, and the watchdog (which does
  /// not count the wait for the locks). From loading over log-in to open keys, never while signing.
  class Phase {
   public:
    Phase(std::vector<StartupLock> locks, Watchdog& watchdog, const std::string& what)
        : locks_(std::move(locks)), guard_(watchdog.watch(what)) {}

   private:
    std::vector<StartupLock> locks_;
    Watchdog::Guard guard_;
  };
  [[nodiscard]] Phase begin(const TokenUri& uri, const std::string& what);

  /// The initialised tokens that fit, of all modules that `uri` can mean.
  std::vector<std::shared_ptr<Token>> fitting(const TokenUri& uri);
  /// The one that fits. Throws kTokenNotFound, kTokenAmbiguous, kModuleFailed.
  std::shared_ptr<Token> only(const TokenUri& uri);

  struct Loaded {
    std::shared_ptr<Module> module;
    std::vector<std::shared_ptr<Token>> tokens;
  };
  /// The modules that `uri` can mean, loaded. A configured module that cannot be loaded is left out; one that
  /// was named is an error.
  std::vector<const Loaded*> modules(const TokenUri& uri);

 private:
  std::chrono::milliseconds lock_timeout() const;
  const std::vector<ConfiguredModule>& candidates(const TokenUri& uri);
  const Loaded& load(const ConfiguredModule& module);
  tuf::Error not_found(const TokenUri& uri);

  const TokenSettings settings_;
  std::shared_ptr<Watchdog> watchdog_;
  std::map<std::string, std::vector<ConfiguredModule>> candidates_;  // by the path asked for; "" = p11-kit's
  std::map<std::string, Loaded> loaded_;                             // by the file without links
  std::vector<std::string> failures_;                                // configured modules that did not load
};

}  // namespace hsm::pkcs11
