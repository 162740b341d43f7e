// Token: one initialised token of a module: its session, its log-in, and what is done when either is lost.
// Internal to this folder.
#pragma once

#include <libp11.h>
#include <p11-kit/pkcs11.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "hsm/pkcs11/module.h"
#include "hsm/pkcs11/pin.h"
#include "hsm/pkcs11/return_value.h"
#include "hsm/pkcs11/session.h"
#include "hsm/pkcs11/token_uri.h"

namespace hsm::pkcs11 {

class Token {
 public:
  /// `slot`: one of the module's, with an initialised token. Only such are touched: libp11 waits forever when
  /// a session cannot be opened, as on the empty slot that SoftHSM always offers.
  Token(std::shared_ptr<Module> module, PKCS11_SLOT* slot);
  ~Token();
  Token(const Token&) = delete;
  Token& operator=(const Token&) = delete;

  const Module& module() const { return *module_; }
  const PKCS11_TOKEN& description() const { return *slot_->token; }
  /// "token 'ci'", for messages.
  const std::string& subject() const { return subject_; }
  /// The URI of the token alone, with the module's path.
  TokenUri uri() const;
  /// `error` with the values of its hint that the token knows: PATH of the module, LABEL, TOKEN (its URI).
  tuf::Error knowing(const tuf::Error& error) const;
  /// Empty if the token is one that `uri` names; else what speaks against it: "serial is 12".
  std::string mismatch(const TokenUri& uri) const;

  /// CKF_… of C_GetTokenInfo, fresh from the token.
  CK_FLAGS flags() const;
  /// The session; opened when it is first needed.
  Session& session();
  /// Changes whenever object handles may have lost their meaning.
  unsigned epoch() const { return epoch_; }
  /// A session that may write.
  std::unique_ptr<Session> writable_session();

  bool logged_in() const { return logged_in_; }
  /// Logs in, at most once in this process, whatever comes of it: a second call after a failure throws the
  /// same error again. Does nothing if the token asks for no log-in. A token with a protected path is logged
  /// in to by it, without a PIN; where the module has no such path after all, with the PIN. Throws
  /// kSecretMissing, kWrongPin, kPinLocked, kPinFinalTry (without a try: the last one is for a person),
  /// kTokenFailed.
  void login(const TokenUri& uri, SecretSource& secrets, const OnWarning& on_warning);
  /// The second log-in that keys with CKA_ALWAYS_AUTHENTICATE want between C_SignInit and C_Sign.
  void authenticate_operation();

  /// Runs `operation`; if the session or the log-in was lost underneath it, gets them back and runs it once
  /// more. Errors know the token.
  template <class Operation>
  auto steadily(Operation operation) {
    try {
      try {
        return operation();
      } catch (const CallFailed& failure) {
        if (!recover(failure.rv())) throw;
      }
      return operation();
    } catch (const tuf::Error& error) {
      throw knowing(error);
    }
  }

  /// Held for every use of the session: a session has one operation at a time.
  std::recursive_mutex& mutex() { return mutex_; }
  PKCS11_SLOT* slot() const { return slot_; }

 private:
  CK_RV login_once();
  /// C_Login without a PIN, on a token that takes it on a keypad or from elsewhere. False if it has no such
  /// way after all and there is a PIN to be tried; else throws what the token answered.
  bool login_by_own_path(bool has_pin);
  CK_RV login_through_libp11(const char* pin);
  /// What a repeated log-in gives: the PIN, or nothing where the token has a path of its own.
  CK_RV login_again_as(CK_USER_TYPE user);
  void try_login(const TokenUri& uri, SecretSource& secrets, const OnWarning& on_warning);
  void refuse_hopeless_login(CK_FLAGS flags) const;
  tuf::Error login_error(CK_RV rv) const;
  tuf::Error own_path_error(CK_RV rv) const;
  bool recover(CK_RV rv);
  void reopen_session();
  bool login_again();

  std::shared_ptr<Module> module_;  // first: the session below is closed before the module goes
  PKCS11_SLOT* slot_;
  CK_SLOT_ID slot_id_;
  std::string subject_;
  std::unique_ptr<Session> session_;
  unsigned epoch_ = 0;
  std::optional<Pin> pin_;
  std::optional<tuf::Error> login_failure_;
  bool logged_in_ = false;
  bool by_own_path_ = false;
  bool logged_in_again_ = false;
  std::recursive_mutex mutex_;
};

}  // namespace hsm::pkcs11
