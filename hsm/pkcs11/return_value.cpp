#include "hsm/pkcs11/return_value.h"

#include <libp11.h>
#include <openssl/err.h>

#include <array>
#include <cstdio>
#include <utility>

#include "hsm/pkcs11/token_hints.h"

namespace hsm::pkcs11 {
namespace {

using tuf::ErrorCode;

#define NAMED(name)               \
  std::pair<CK_RV, const char*> { \
    name, #name                   \
  }
constexpr std::array kNames = {NAMED(CKR_OK),
                               NAMED(CKR_CANCEL),
                               NAMED(CKR_HOST_MEMORY),
                               NAMED(CKR_SLOT_ID_INVALID),
                               NAMED(CKR_GENERAL_ERROR),
                               NAMED(CKR_FUNCTION_FAILED),
                               NAMED(CKR_ARGUMENTS_BAD),
                               NAMED(CKR_NO_EVENT),
                               NAMED(CKR_NEED_TO_CREATE_THREADS),
                               NAMED(CKR_CANT_LOCK),
                               NAMED(CKR_ATTRIBUTE_READ_ONLY),
                               NAMED(CKR_ATTRIBUTE_SENSITIVE),
                               NAMED(CKR_ATTRIBUTE_TYPE_INVALID),
                               NAMED(CKR_ATTRIBUTE_VALUE_INVALID),
                               NAMED(CKR_ACTION_PROHIBITED),
                               NAMED(CKR_DATA_INVALID),
                               NAMED(CKR_DATA_LEN_RANGE),
                               NAMED(CKR_DEVICE_ERROR),
                               NAMED(CKR_DEVICE_MEMORY),
                               NAMED(CKR_DEVICE_REMOVED),
                               NAMED(CKR_FUNCTION_CANCELED),
                               NAMED(CKR_FUNCTION_NOT_PARALLEL),
                               NAMED(CKR_FUNCTION_NOT_SUPPORTED),
                               NAMED(CKR_KEY_HANDLE_INVALID),
                               NAMED(CKR_KEY_SIZE_RANGE),
                               NAMED(CKR_KEY_TYPE_INCONSISTENT),
                               NAMED(CKR_KEY_CHANGED),
                               NAMED(CKR_KEY_NEEDED),
                               NAMED(CKR_KEY_INDIGESTIBLE),
                               NAMED(CKR_KEY_FUNCTION_NOT_PERMITTED),
                               NAMED(CKR_KEY_UNEXTRACTABLE),
                               NAMED(CKR_MECHANISM_INVALID),
                               NAMED(CKR_MECHANISM_PARAM_INVALID),
                               NAMED(CKR_OBJECT_HANDLE_INVALID),
                               NAMED(CKR_OPERATION_ACTIVE),
                               NAMED(CKR_OPERATION_NOT_INITIALIZED),
                               NAMED(CKR_PIN_INCORRECT),
                               NAMED(CKR_PIN_INVALID),
                               NAMED(CKR_PIN_LEN_RANGE),
                               NAMED(CKR_PIN_EXPIRED),
                               NAMED(CKR_PIN_LOCKED),
                               NAMED(CKR_SESSION_CLOSED),
                               NAMED(CKR_SESSION_COUNT),
                               NAMED(CKR_SESSION_HANDLE_INVALID),
                               NAMED(CKR_SESSION_PARALLEL_NOT_SUPPORTED),
                               NAMED(CKR_SESSION_READ_ONLY),
                               NAMED(CKR_SESSION_EXISTS),
                               NAMED(CKR_SESSION_READ_ONLY_EXISTS),
                               NAMED(CKR_SESSION_READ_WRITE_SO_EXISTS),
                               NAMED(CKR_SIGNATURE_INVALID),
                               NAMED(CKR_SIGNATURE_LEN_RANGE),
                               NAMED(CKR_TEMPLATE_INCOMPLETE),
                               NAMED(CKR_TEMPLATE_INCONSISTENT),
                               NAMED(CKR_TOKEN_NOT_PRESENT),
                               NAMED(CKR_TOKEN_NOT_RECOGNIZED),
                               NAMED(CKR_TOKEN_WRITE_PROTECTED),
                               NAMED(CKR_USER_ALREADY_LOGGED_IN),
                               NAMED(CKR_USER_NOT_LOGGED_IN),
                               NAMED(CKR_USER_PIN_NOT_INITIALIZED),
                               NAMED(CKR_USER_TYPE_INVALID),
                               NAMED(CKR_USER_ANOTHER_ALREADY_LOGGED_IN),
                               NAMED(CKR_USER_TOO_MANY_TYPES),
                               NAMED(CKR_DOMAIN_PARAMS_INVALID),
                               NAMED(CKR_BUFFER_TOO_SMALL),
                               NAMED(CKR_CRYPTOKI_NOT_INITIALIZED),
                               NAMED(CKR_CRYPTOKI_ALREADY_INITIALIZED),
                               NAMED(CKR_MUTEX_BAD),
                               NAMED(CKR_MUTEX_NOT_LOCKED),
                               NAMED(CKR_FUNCTION_REJECTED)};
#undef NAMED

ErrorCode code_of(CK_RV rv) {
  switch (rv) {
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
      return ErrorCode::kWrongPin;
    case CKR_PIN_LOCKED:
      return ErrorCode::kPinLocked;
    case CKR_MECHANISM_INVALID:
    case CKR_MECHANISM_PARAM_INVALID:
    case CKR_KEY_FUNCTION_NOT_PERMITTED:
    case CKR_KEY_TYPE_INCONSISTENT:
    case CKR_KEY_SIZE_RANGE:
      return ErrorCode::kKeyUnsupported;
    default:
      return ErrorCode::kTokenFailed;
  }
}

std::string hint_of(CK_RV rv) {
  switch (rv) {
    case CKR_DEVICE_REMOVED:
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_TOKEN_NOT_RECOGNIZED:
      return "bring the token (or the way to the HSM) back and run the same command again";
    case CKR_USER_PIN_NOT_INITIALIZED:
      return "set the user PIN: pkcs11-tool --module PATH --token-label LABEL --login --login-type so "
             "--init-pin";
    case CKR_PIN_EXPIRED:
      return "change the user PIN: pkcs11-tool --module PATH --token-label LABEL --change-pin";
    case CKR_KEY_FUNCTION_NOT_PERMITTED:
      return std::string("the key was made without the right to sign; ") + kMakeAnother;
    case CKR_MECHANISM_INVALID:
    case CKR_MECHANISM_PARAM_INVALID:
    case CKR_KEY_TYPE_INCONSISTENT:
    case CKR_KEY_SIZE_RANGE:
      return kMakeAnother;
    case CKR_TOKEN_WRITE_PROTECTED:
      return "the token cannot be written to; make the key with its vendor's tool";
    case CKR_SESSION_COUNT:
      return "close other programs that use the token";
    default:
      return kCheckToken;
  }
}

}  // namespace

std::string return_value_name(CK_RV rv) {
  char number[2 + 2 * sizeof rv + 1];
  std::snprintf(number, sizeof number, "0x%lx", rv);
  for (const auto& [value, name] : kNames) {
    if (value == rv) return std::string(name) + " (" + number + ")";
  }
  return std::string("CKR ") + number;
}

CallFailed::CallFailed(const std::string& subject, const std::string& function, CK_RV rv)
    : tuf::Error(code_of(rv), subject + ": " + function + " failed: " + return_value_name(rv), hint_of(rv)),
      rv_(rv) {}

void check(CK_RV rv, const std::string& subject, const char* function) {
  if (rv != CKR_OK) throw CallFailed(subject, function, rv);
}

CK_RV take_libp11_error(CK_RV otherwise) {
  CK_RV found = otherwise;
  // ERR_get_CKR_code() is the number of the library that the module's errors are filed under, not an error.
  const int module_errors = ERR_get_CKR_code();
  for (unsigned long code = ERR_get_error(); code != 0; code = ERR_get_error()) {
    if (ERR_GET_LIB(code) == module_errors) found = static_cast<CK_RV>(ERR_GET_REASON(code));
  }
  return found;
}

}  // namespace hsm::pkcs11
