// Ownership of OpenSSL's objects: the deleter is part of the type, so that no pairing can be wrong.
#pragma once

#include <openssl/err.h>

#include <memory>
#include <string>

namespace tuf {

template <auto Free>
struct OpensslDeleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

template <class T, auto Free>
using OpensslPtr = std::unique_ptr<T, OpensslDeleter<Free>>;

/// Empties OpenSSL's error queue and returns its newest reason, or "unknown reason". Success and failure are
/// told by return codes alone; the queue only explains.
inline std::string drain_openssl_errors() {
  std::string reason = "unknown reason";
  for (unsigned long code = ERR_get_error(); code != 0; code = ERR_get_error()) {
    if (const char* text = ERR_reason_error_string(code)) reason = text;
  }
  return reason;
}

}  // namespace tuf
