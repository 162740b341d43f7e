// Session: one Cryptoki session and what is asked of the objects it shows. Internal to this folder.
#pragma once

#include <p11-kit/pkcs11.h>

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tuf/base/bytes.h"

namespace hsm::pkcs11 {

/// A list of attributes that owns their values.
class Template {
 public:
  Template& add(CK_ATTRIBUTE_TYPE type, tuf::ByteView value);
  Template& add(CK_ATTRIBUTE_TYPE type, std::string_view value) { return add(type, tuf::as_bytes(value)); }
  Template& add_flag(CK_ATTRIBUTE_TYPE type, bool value);
  Template& add_number(CK_ATTRIBUTE_TYPE type, CK_ULONG value);

  // Cryptoki takes templates as non-const and does not write to those of a search or a new object.
  CK_ATTRIBUTE* data() const { return attributes_.data(); }
  CK_ULONG size() const { return attributes_.size(); }

 private:
  std::deque<tuf::Bytes> values_;  // a deque: values stay where they are
  mutable std::vector<CK_ATTRIBUTE> attributes_;
};

class Session {
 public:
  /// `subject`: "token 'ci'", for messages. Throws CallFailed.
  Session(CK_FUNCTION_LIST& functions, CK_SLOT_ID slot, bool writable, std::string subject);
  ~Session();
  // A copy would close the session under the original.
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// True if the user is logged in, in whichever session that happened. Throws CallFailed.
  bool user_is_logged_in() const;
  /// `user`: CKU_USER, or CKU_CONTEXT_SPECIFIC between C_SignInit and C_Sign.
  CK_RV login(CK_USER_TYPE user, std::string_view pin);

  /// Handles of all objects that fit, in the module's order.
  std::vector<CK_OBJECT_HANDLE> find(const Template& wanted) const;

  // The value of an attribute; nullopt if the object does not have it or does not show it.
  std::optional<tuf::Bytes> bytes(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;
  std::optional<bool> flag(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;
  std::optional<CK_ULONG> number(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;
  /// As `bytes`; empty for nullopt.
  std::string text(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;

  void destroy(CK_OBJECT_HANDLE object) noexcept;

  CK_SESSION_HANDLE handle() const { return handle_; }
  CK_FUNCTION_LIST& functions() const { return functions_; }
  const std::string& subject() const { return subject_; }

 private:
  CK_FUNCTION_LIST& functions_;
  std::string subject_;
  CK_SESSION_HANDLE handle_ = CK_INVALID_HANDLE;
};

}  // namespace hsm::pkcs11
