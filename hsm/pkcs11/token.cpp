#include "hsm/pkcs11/token.h"

#include <openssl/crypto.h>

#include <vector>

namespace hsm::pkcs11 {
namespace {

using tuf::ErrorCode;

/// A C string for the one function that wants it; wiped.
class PinText {
 public:
  explicit PinText(std::string_view pin) : text_(pin.begin(), pin.end()) { text_.push_back('\0'); }
  ~PinText() { OPENSSL_cleanse(text_.data(), text_.size()); }
  PinText(const PinText&) = delete;
  PinText& operator=(const PinText&) = delete;
  const char* c_str() const { return text_.data(); }

 private:
  std::vector<char> text_;
};

constexpr const char* kUnlock =
    "the security officer unlocks it: pkcs11-tool --module PATH --token-label LABEL --login --login-type so "
    "--init-pin";

/// What a token answers that only claims to have a way of its own to log in.
bool is_no_path(CK_RV rv) {
  return rv == CKR_ARGUMENTS_BAD || rv == CKR_FUNCTION_NOT_SUPPORTED;
}

bool is_pin_refusal(CK_RV rv) {
  return rv == CKR_PIN_INCORRECT || rv == CKR_PIN_INVALID || rv == CKR_PIN_LEN_RANGE || rv == CKR_PIN_LOCKED;
}

std::string quoted(const char* text) {
  return "'" + std::string(text ? text : "") + "'";
}

}  // namespace

Token::Token(std::shared_ptr<Module> module, PKCS11_SLOT* slot)
    : module_(std::move(module)),
      slot_(slot),
      slot_id_(PKCS11_get_slotid_from_slot(slot)),
      subject_("token " + quoted(slot->token->label)) {}

Token::~Token() {
  const auto guard = module_->watchdog().watch(subject_ + ": closing");
  module_->withdraw_pin(this);
  session_.reset();
}

TokenUri Token::uri() const {
  TokenUri uri;
  uri.token = description().label;
  uri.serial = description().serialnr;
  uri.module_path = module_->path();
  return uri;
}

tuf::Error Token::knowing(const tuf::Error& error) const {
  return error.with_value("PATH", module_->path())
      .with_value("LABEL", description().label)
      .with_value("TOKEN", uri().to_string());
}

std::string Token::mismatch(const TokenUri& uri) const {
  std::string reasons;
  const auto compare = [&](const char* name, const std::string& wanted, const char* found) {
    if (wanted.empty() || wanted == found) return;
    if (!reasons.empty()) reasons += ", ";
    reasons += std::string(name) + " is " + quoted(found);
  };
  compare("label", uri.token, description().label);
  compare("serial", uri.serial, description().serialnr);
  compare("manufacturer", uri.manufacturer, description().manufacturer);
  compare("model", uri.model, description().model);
  if (uri.names_library()) {
    const Module::Library library = module_->library();
    compare("library-manufacturer", uri.library_manufacturer, library.manufacturer.c_str());
    compare("library-description", uri.library_description, library.description.c_str());
    compare("library-version", uri.library_version, library.version.c_str());
  }
  return reasons;
}

CK_FLAGS Token::flags() const {
  CK_TOKEN_INFO info{};
  check(module_->functions().C_GetTokenInfo(slot_id_, &info), subject_, "C_GetTokenInfo");
  return info.flags;
}

Session& Token::session() {
  if (!session_) session_ = std::make_unique<Session>(module_->functions(), slot_id_, false, subject_);
  return *session_;
}

std::unique_ptr<Session> Token::writable_session() {
  return std::make_unique<Session>(module_->functions(), slot_id_, true, subject_);
}

void Token::refuse_hopeless_login(CK_FLAGS flags) const {
  if ((flags & CKF_USER_PIN_LOCKED) != 0) {
    throw tuf::Error(ErrorCode::kPinLocked, subject_ + ": the user PIN is locked; no log-in was tried",
                     kUnlock);
  }
  if ((flags & CKF_USER_PIN_FINAL_TRY) != 0) {
    throw tuf::Error(
        ErrorCode::kPinFinalTry, subject_ + ": one try is left before the PIN locks; no log-in was tried",
        "a person who knows the PIN logs in once, which resets the counter: pkcs11-tool --module "
        "PATH --token-label LABEL --login --list-objects");
  }
}

void Token::login(const TokenUri& uri, SecretSource& secrets, const OnWarning& on_warning) {
  if (logged_in_) return;
  if (login_failure_) throw login_failure_->with_context("not tried again");
  try {
    try_login(uri, secrets, on_warning);
  } catch (const tuf::Error& error) {
    throw knowing(error);
  }
}

void Token::try_login(const TokenUri& uri, SecretSource& secrets, const OnWarning& on_warning) {
  const CK_FLAGS flags_now = flags();
  if ((flags_now & CKF_LOGIN_REQUIRED) == 0) {
    // A key on it may want the PIN all the same.
    if (Pin::is_at_hand(uri, secrets)) pin_ = Pin::find(uri, secrets, subject_, on_warning);
    return;
  }
  refuse_hopeless_login(flags_now);
  if ((flags_now & CKF_PROTECTED_AUTHENTICATION_PATH) != 0 &&
      login_by_own_path(Pin::is_at_hand(uri, secrets)))
    return;
  // Not every token sets this flag that has a PIN. If it has none, the answer is the same and costs nothing.
  if ((flags_now & CKF_USER_PIN_INITIALIZED) == 0 && !Pin::is_at_hand(uri, secrets))
    throw CallFailed(subject_, "log-in", CKR_USER_PIN_NOT_INITIALIZED);
  Pin pin = Pin::find(uri, secrets, subject_, on_warning);
  if ((flags_now & CKF_USER_PIN_COUNT_LOW) != 0 && on_warning) {
    on_warning("PIN_COUNT_LOW",
               subject_ + ": a wrong PIN was tried since the last log-in; few tries may be left");
  }
  session();
  pin_ = std::move(pin);
  const CK_RV rv = login_once();
  if (rv != CKR_OK) {
    login_failure_ = knowing(login_error(rv));
    pin_.reset();
    throw tuf::Error(*login_failure_);
  }
  logged_in_ = true;
  ++epoch_;  // private objects came into view
  module_->offer_pin(this, *pin_);
}

CK_RV Token::login_once() {
  const PinText text(pin_->reveal());
  return login_through_libp11(text.c_str());
}

CK_RV Token::login_again_as(CK_USER_TYPE user) {
  return pin_ ? session().login(user, pin_->reveal()) : session().login(user, {});
}

bool Token::login_by_own_path(bool has_pin) {
  session();
  const CK_RV rv = login_through_libp11(nullptr);
  if (rv == CKR_OK) {
    logged_in_ = by_own_path_ = true;
    ++epoch_;
    return true;
  }
  if (is_no_path(rv) && has_pin) return false;
  login_failure_ = own_path_error(rv);
  throw tuf::Error(*login_failure_);
}

CK_RV Token::login_through_libp11(const char* pin) {
  const std::string_view text = pin ? std::string_view(pin) : std::string_view();
  if (!module_->shared_with_libp11()) return session().login(CKU_USER, text);
  // libp11 0.4.12 waits forever for a session that it cannot open (issue 525). So see first whether there is
  // room for one more; on a token with room for a single one, that one logs in.
  CK_SESSION_HANDLE probe = CK_INVALID_HANDLE;
  CK_FUNCTION_LIST& functions = module_->functions();
  if (functions.C_OpenSession(slot_id_, CKF_SERIAL_SESSION, nullptr, nullptr, &probe) != CKR_OK) {
    return session().login(CKU_USER, text);
  }
  functions.C_CloseSession(probe);
  ERR_clear_error();
  const bool done = PKCS11_login(slot_, 0, pin) == 0;
  const CK_RV rv = take_libp11_error();
  return done ? CKR_OK : rv;
}

tuf::Error Token::own_path_error(CK_RV rv) const {
  const std::string how = subject_ +
                          ": its own way to log in (a keypad, or what its vendor has set up) gave " +
                          return_value_name(rv) + "; no PIN was tried";
  std::string hint = "set that way up with the vendor's tool so that no person is needed";
  if (is_no_path(rv)) hint += ", or, if the token takes its PIN from software, set COUNTERSIGN_PIN_FILE";
  return {is_pin_refusal(rv) ? ErrorCode::kWrongPin : ErrorCode::kTokenFailed, how, std::move(hint)};
}

tuf::Error Token::login_error(CK_RV rv) const {
  if (!is_pin_refusal(rv)) {
    const CallFailed failed(subject_, "C_Login", rv);
    return {failed.code(), failed.what(), failed.hint()};
  }
  std::string report = "the token reports no number of tries left";
  CK_TOKEN_INFO info{};
  if (module_->functions().C_GetTokenInfo(slot_id_, &info) == CKR_OK) {
    if ((info.flags & CKF_USER_PIN_LOCKED) != 0) {
      report = "the PIN is locked now";
    } else if ((info.flags & CKF_USER_PIN_FINAL_TRY) != 0) {
      report = "one try is left before it locks";
    } else if ((info.flags & CKF_USER_PIN_COUNT_LOW) != 0) {
      report = "the token reports that tries are running out";
    }
  }
  if (rv == CKR_PIN_LOCKED) {
    return {ErrorCode::kPinLocked, subject_ + ": the user PIN is locked", kUnlock};
  }
  return {
      ErrorCode::kWrongPin,
      subject_ + ": wrong PIN (" + pin_->origin() + "; " + return_value_name(rv) + "); tried once; " + report,
      "correct the PIN in " + pin_->origin() +
          " before the next run: every wrong one brings the lock nearer"};
}

void Token::authenticate_operation() {
  if (!pin_ && !by_own_path_) {
    throw tuf::Error(ErrorCode::kSecretMissing, subject_ + ": the key wants the PIN for every signature",
                     "set COUNTERSIGN_PIN_FILE to the path of a file that holds it");
  }
  const CK_RV rv = login_again_as(CKU_CONTEXT_SPECIFIC);
  if (rv == CKR_OK) return;
  // As a plain error: this call is never repeated, whatever it answered.
  login_failure_ = by_own_path_ ? own_path_error(rv) : login_error(rv);
  throw tuf::Error(*login_failure_);
}

bool Token::recover(CK_RV rv) {
  switch (rv) {
    case CKR_SESSION_HANDLE_INVALID:
    case CKR_SESSION_CLOSED:
    case CKR_OPERATION_ACTIVE:
    case CKR_FUNCTION_FAILED:
    case CKR_KEY_HANDLE_INVALID:
    case CKR_OBJECT_HANDLE_INVALID:
      reopen_session();
      break;
    case CKR_USER_NOT_LOGGED_IN:
      if (!logged_in_) return false;
      break;
    default:
      return false;
  }
  ++epoch_;
  if (!logged_in_ || session().user_is_logged_in()) return rv != CKR_USER_NOT_LOGGED_IN;
  return login_again();
}

void Token::reopen_session() {
  // The new one first: closing the last session of a token logs out.
  try {
    session_ = std::make_unique<Session>(module_->functions(), slot_id_, false, subject_);
  } catch (const CallFailed& failure) {
    if (failure.rv() != CKR_SESSION_COUNT) throw;
    session_.reset();
    session();
  }
}

bool Token::login_again() {
  // Only after a log-in that worked, once, and never against a lock. Not through libp11, which remembers that
  // it is logged in and would do nothing.
  if (logged_in_again_ || login_failure_ || !logged_in_) return false;
  refuse_hopeless_login(flags());
  logged_in_again_ = true;
  const CK_RV rv = login_again_as(CKU_USER);
  if (rv == CKR_OK) return true;
  login_failure_ = by_own_path_ ? own_path_error(rv) : login_error(rv);
  throw tuf::Error(*login_failure_);
}

}  // namespace hsm::pkcs11
