#include "hsm/pkcs11/session.h"

#include <array>
#include <cstring>

#include "hsm/pkcs11/return_value.h"

namespace hsm::pkcs11 {
namespace {

constexpr CK_ULONG kLargestAttribute = 64UL * 1024;  // a module's word is not taken for more
constexpr std::size_t kMostObjects = 100'000;

}  // namespace

Template& Template::add(CK_ATTRIBUTE_TYPE type, tuf::ByteView value) {
  tuf::Bytes& kept = values_.emplace_back(value.begin(), value.end());
  attributes_.push_back({type, kept.data(), kept.size()});
  return *this;
}

Template& Template::add_flag(CK_ATTRIBUTE_TYPE type, bool value) {
  const CK_BBOOL flag = value ? CK_TRUE : CK_FALSE;
  return add(type, tuf::ByteView(&flag, sizeof flag));
}

Template& Template::add_number(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
  return add(type, tuf::ByteView(reinterpret_cast<const std::uint8_t*>(&value), sizeof value));
}

Session::Session(CK_FUNCTION_LIST& functions, CK_SLOT_ID slot, bool writable, std::string subject)
    : functions_(functions), subject_(std::move(subject)) {
  const CK_FLAGS flags = CKF_SERIAL_SESSION | (writable ? CKF_RW_SESSION : 0);
  check(functions_.C_OpenSession(slot, flags, nullptr, nullptr, &handle_), subject_, "C_OpenSession");
}

Session::~Session() {
  functions_.C_CloseSession(handle_);
}

bool Session::user_is_logged_in() const {
  CK_SESSION_INFO info{};
  check(functions_.C_GetSessionInfo(handle_, &info), subject_, "C_GetSessionInfo");
  return info.state == CKS_RO_USER_FUNCTIONS || info.state == CKS_RW_USER_FUNCTIONS;
}

CK_RV Session::login(CK_USER_TYPE user, std::string_view pin) {
  auto* bytes = reinterpret_cast<CK_UTF8CHAR*>(const_cast<char*>(pin.data()));
  const CK_RV rv = functions_.C_Login(handle_, user, bytes, pin.size());
  return rv == CKR_USER_ALREADY_LOGGED_IN ? CKR_OK : rv;
}

std::vector<CK_OBJECT_HANDLE> Session::find(const Template& wanted) const {
  check(functions_.C_FindObjectsInit(handle_, wanted.data(), wanted.size()), subject_, "C_FindObjectsInit");
  std::vector<CK_OBJECT_HANDLE> found;
  std::array<CK_OBJECT_HANDLE, 64> batch{};
  CK_RV rv = CKR_OK;
  while (found.size() < kMostObjects) {
    CK_ULONG count = 0;
    rv = functions_.C_FindObjects(handle_, batch.data(), batch.size(), &count);
    if (rv != CKR_OK || count == 0 || count > batch.size()) break;
    found.insert(found.end(), batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(count));
  }
  const CK_RV final_rv =
      functions_.C_FindObjectsFinal(handle_);  // also after a failure: the search is still open
  check(rv, subject_, "C_FindObjects");
  check(final_rv, subject_, "C_FindObjectsFinal");
  return found;
}

std::optional<tuf::Bytes> Session::bytes(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
  CK_ATTRIBUTE attribute{type, nullptr, 0};
  const auto get = [&] { return functions_.C_GetAttributeValue(handle_, object, &attribute, 1); };
  const auto absent = [](CK_RV rv) {
    return rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE;
  };
  CK_RV rv = get();
  if (absent(rv) || (rv == CKR_OK && attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION)) return std::nullopt;
  check(rv, subject_, "C_GetAttributeValue");
  if (attribute.ulValueLen > kLargestAttribute) return std::nullopt;
  tuf::Bytes value(attribute.ulValueLen);
  if (value.empty()) return value;
  attribute.pValue = value.data();
  rv = get();
  if (absent(rv)) return std::nullopt;
  check(rv, subject_, "C_GetAttributeValue");
  if (attribute.ulValueLen > value.size()) return std::nullopt;
  value.resize(attribute.ulValueLen);
  return value;
}

std::optional<bool> Session::flag(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
  const auto value = bytes(object, type);
  if (!value || value->size() != sizeof(CK_BBOOL)) return std::nullopt;
  return value->front() != CK_FALSE;
}

std::optional<CK_ULONG> Session::number(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
  const auto value = bytes(object, type);
  CK_ULONG number = 0;
  if (!value || value->size() != sizeof number) return std::nullopt;
  std::memcpy(&number, value->data(), sizeof number);
  return number;
}

std::string Session::text(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
  return std::string(tuf::as_text(bytes(object, type).value_or(tuf::Bytes{})));
}

void Session::destroy(CK_OBJECT_HANDLE object) noexcept {
  functions_.C_DestroyObject(handle_, object);
}

}  // namespace hsm::pkcs11
