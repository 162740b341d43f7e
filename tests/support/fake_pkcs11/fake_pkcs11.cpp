// A PKCS#11 module for the faults that no real one shows on demand. One token 'fake' (PIN 1234) with one
// P-256 key pair that really signs. Reads its script at C_Initialize from the environment:
//
//   FAKE_PKCS11      entries separated by ';'
//     fail=FUNCTION@N:RV      the N-th call of FUNCTION answers RV (N = * means every call) and does nothing
//     hang=FUNCTION@N         the N-th call never returns
//     lose=FUNCTION@N:RV      before the N-th call all sessions are closed, then it answers RV
//     logout=FUNCTION@N       before the N-th call the user is logged out, then it goes on
//     flags=NUMBER            token flags that are set besides the usual ones
//     after-wrong-pin=NUMBER  token flags that are set once a PIN was refused
//     pin-length=NUMBER       the PIN is 12341234… up to this length
//     max-sessions=NUMBER     C_OpenSession refuses more
//     signature=flip|short|other   what is wrong with every signature
//     point=raw               CKA_EC_POINT without its OCTET STRING
//     public-label=TEXT, public-id=BYTE   of the public key object, where they differ from the private one's
//     certificate=TEXT        there is a certificate of the key, with this label
//     without-pin=RV          what C_Login answers to no PIN at all (default CKR_ARGUMENTS_BAD; 0: logged in)
//     no-pin-flag             CKF_USER_PIN_INITIALIZED is not set
//     no-public, always-authenticate, extractable, imported, unprotected (private objects show without
//     log-in)
//     mended=FILE             FILE is made by what a person does to mend a token (a log-in, C_InitPIN,
//                             C_SetPIN); where it is, nothing else of the script counts
//   FAKE_PKCS11_LOG  a file that gets one line for every call
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <p11-kit/pkcs11.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Value = std::vector<unsigned char>;
using Attributes = std::map<CK_ATTRIBUTE_TYPE, Value>;

constexpr CK_SLOT_ID kSlot = 7;
constexpr CK_SLOT_ID kBlankSlot = 8;
constexpr std::string_view kPin = "1234";  // repeated up to `pin-length`

struct Session {
  std::vector<CK_OBJECT_HANDLE> found;
  std::size_t next = 0;
  bool finding = false;
  bool signing = false;
  bool authenticated = false;
};

struct State {
  bool initialized = false;
  std::multimap<std::string, std::string> script;
  std::string mended;
  std::map<std::string, int> calls;
  std::map<CK_SESSION_HANDLE, Session> sessions;
  CK_SESSION_HANDLE next_session = 100;
  bool logged_in = false;
  bool pin_refused = false;
  std::map<CK_OBJECT_HANDLE, Attributes> objects;
  std::map<CK_OBJECT_HANDLE, EVP_PKEY*> keys;
  CK_OBJECT_HANDLE next_object = 1;
} state;

bool has(const std::string& name) {
  return state.script.count(name) != 0;
}
std::string setting(const std::string& name) {
  const auto found = state.script.find(name);
  return found == state.script.end() ? "" : found->second;
}
CK_ULONG number(const std::string& text) {
  return text.empty() ? 0 : std::strtoul(text.c_str(), nullptr, 0);
}

void read_script() {
  state.script.clear();
  state.mended.clear();
  const char* text = std::getenv("FAKE_PKCS11");
  std::string rest = text ? text : "";
  while (!rest.empty()) {
    const std::size_t end = rest.find(';');
    const std::string entry = rest.substr(0, end);
    rest = end == std::string::npos ? "" : rest.substr(end + 1);
    const std::size_t equals = entry.find('=');
    if (!entry.empty()) {
      state.script.emplace(entry.substr(0, equals),
                           equals == std::string::npos ? "" : entry.substr(equals + 1));
    }
  }
  state.mended = setting("mended");
  if (!state.mended.empty() && ::access(state.mended.c_str(), F_OK) == 0) state.script.clear();
}

void note_mended() {
  if (std::FILE* file = state.mended.empty() ? nullptr : std::fopen(state.mended.c_str(), "w"))
    std::fclose(file);
}

/// The part behind "FUNCTION@N" if an entry `name` speaks of this call.
const std::string* scripted(const std::string& name, const std::string& function, std::string& rest) {
  const auto [first, last] = state.script.equal_range(name);
  for (auto entry = first; entry != last; ++entry) {
    const std::string& text = entry->second;
    const std::size_t at = text.find('@');
    const std::size_t colon = text.find(':');
    if (at == std::string::npos || text.substr(0, at) != function) continue;
    const std::string when = text.substr(at + 1, colon == std::string::npos ? colon : colon - at - 1);
    if (when != "*" && std::atoi(when.c_str()) != state.calls[function]) continue;
    rest = colon == std::string::npos ? "" : text.substr(colon + 1);
    return &rest;
  }
  return nullptr;
}

CK_RV enter(const char* function) {
  ++state.calls[function];
  if (const char* log = std::getenv("FAKE_PKCS11_LOG")) {
    if (std::FILE* file = std::fopen(log, "a")) {
      std::fprintf(file, "%s\n", function);
      std::fclose(file);
    }
  }
  std::string rest;
  if (scripted("hang", function, rest)) {
    while (true) ::pause();
  }
  if (scripted("logout", function, rest)) state.logged_in = false;
  if (scripted("lose", function, rest)) {
    state.sessions.clear();
    state.logged_in = false;
    return number(rest);
  }
  if (scripted("fail", function, rest)) return number(rest);
  return CKR_OK;
}

#define ENTER()                                                                               \
  do {                                                                                        \
    if (const CK_RV scripted_rv = enter(__func__); scripted_rv != CKR_OK) return scripted_rv; \
  } while (false)
#define SESSION(handle)                                                 \
  const auto entry = state.sessions.find(handle);                       \
  if (entry == state.sessions.end()) return CKR_SESSION_HANDLE_INVALID; \
  [[maybe_unused]] Session& session = entry->second

void pad(unsigned char* field, std::size_t size, std::string_view text) {
  std::memset(field, ' ', size);
  std::memcpy(field, text.data(), std::min(size, text.size()));
}
template <std::size_t N>
void pad(unsigned char (&field)[N], std::string_view text) {
  pad(field, N, text);
}

Value bytes(std::string_view text) {
  return {text.begin(), text.end()};
}
Value flag(bool value) {
  return {static_cast<unsigned char>(value ? 1 : 0)};
}
Value number_value(CK_ULONG value) {
  Value result(sizeof value);
  std::memcpy(result.data(), &value, sizeof value);
  return result;
}

Value one_byte(const std::string& text) {
  return {static_cast<unsigned char>(number(text))};
}

/// Self-signed: what it says beside the key is nobody's business here.
void add_certificate(EVP_PKEY* key, const Value& id) {
  X509* certificate = X509_new();
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, EVP_sha256());
  unsigned char* der = nullptr;
  const int length = i2d_X509(certificate, &der);
  X509_free(certificate);
  state.objects[state.next_object++] = {{CKA_CLASS, number_value(CKO_CERTIFICATE)},
                                        {CKA_CERTIFICATE_TYPE, number_value(CKC_X_509)},
                                        {CKA_LABEL, bytes(setting("certificate"))},
                                        {CKA_ID, has("public-id") ? one_byte(setting("public-id")) : id},
                                        {CKA_VALUE, Value(der, der + length)},
                                        {CKA_PRIVATE, flag(false)}};
  OPENSSL_free(der);
}

void add_key_pair(const Value& label, const Value& id, CK_OBJECT_HANDLE* public_out,
                  CK_OBJECT_HANDLE* private_out) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  unsigned char point[65];
  std::size_t length = 0;
  EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &length);
  Value encoded = {0x04, 65};
  if (setting("point") == "raw") encoded.clear();
  encoded.insert(encoded.end(), point, point + sizeof point);
  const Value curve = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

  const CK_OBJECT_HANDLE private_handle = state.next_object++;
  state.objects[private_handle] = {{CKA_CLASS, number_value(CKO_PRIVATE_KEY)},
                                   {CKA_KEY_TYPE, number_value(CKK_EC)},
                                   {CKA_LABEL, label},
                                   {CKA_ID, id},
                                   {CKA_EC_PARAMS, curve},
                                   {CKA_PRIVATE, flag(!has("unprotected"))},
                                   {CKA_SENSITIVE, flag(true)},
                                   {CKA_EXTRACTABLE, flag(has("extractable"))},
                                   {CKA_NEVER_EXTRACTABLE, flag(!has("extractable"))},
                                   {CKA_LOCAL, flag(!has("imported"))},
                                   {CKA_ALWAYS_AUTHENTICATE, flag(has("always-authenticate"))}};
  state.keys[private_handle] = key;
  if (private_out) *private_out = private_handle;
  if (has("certificate")) add_certificate(key, id);
  if (has("no-public")) return;
  const CK_OBJECT_HANDLE public_handle = state.next_object++;
  state.objects[public_handle] = {{CKA_CLASS, number_value(CKO_PUBLIC_KEY)},
                                  {CKA_KEY_TYPE, number_value(CKK_EC)},
                                  {CKA_LABEL, has("public-label") ? bytes(setting("public-label")) : label},
                                  {CKA_ID, has("public-id") ? one_byte(setting("public-id")) : id},
                                  {CKA_EC_PARAMS, curve},
                                  {CKA_EC_POINT, encoded},
                                  {CKA_PRIVATE, flag(false)}};
  if (public_out) *public_out = public_handle;
}

void drop_keys() {
  for (auto& [handle, key] : state.keys) EVP_PKEY_free(key);
  state.keys.clear();
  state.objects.clear();
}

CK_RV C_Initialize(void*) {
  if (state.initialized) return CKR_CRYPTOKI_ALREADY_INITIALIZED;
  drop_keys();
  state = State();
  read_script();
  ENTER();
  add_key_pair(bytes("key"), {0x01}, nullptr, nullptr);
  state.initialized = true;
  return CKR_OK;
}

CK_RV C_Finalize(void*) {
  ENTER();
  if (!state.initialized) return CKR_CRYPTOKI_NOT_INITIALIZED;
  state.initialized = false;
  state.sessions.clear();
  drop_keys();
  return CKR_OK;
}

CK_RV C_GetInfo(CK_INFO* info) {
  ENTER();
  *info = {};
  info->cryptokiVersion = {2, 40};
  pad(info->manufacturerID, "countersign tests");
  pad(info->libraryDescription, "scripted module");
  return CKR_OK;
}

CK_RV C_GetSlotList(CK_BBOOL, CK_SLOT_ID* slots, CK_ULONG* count) {
  ENTER();
  if (slots) {
    if (*count < 2) return CKR_BUFFER_TOO_SMALL;
    slots[0] = kSlot;
    slots[1] = kBlankSlot;
  }
  *count = 2;
  return CKR_OK;
}

CK_RV C_GetSlotInfo(CK_SLOT_ID, CK_SLOT_INFO* info) {
  ENTER();
  *info = {};
  pad(info->slotDescription, "slot");
  pad(info->manufacturerID, "countersign tests");
  info->flags = CKF_TOKEN_PRESENT;
  return CKR_OK;
}

CK_RV C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO* info) {
  ENTER();
  *info = {};
  pad(info->manufacturerID, "countersign tests");
  pad(info->model, "fake");
  pad(info->label, slot == kSlot ? "fake" : "");
  pad(info->serialNumber, slot == kSlot ? "0001" : "");
  if (slot != kSlot) return CKR_OK;
  info->flags = CKF_TOKEN_INITIALIZED | number(setting("flags"));
  if (!has("no-pin-flag")) info->flags |= CKF_USER_PIN_INITIALIZED;
  if (!has("unprotected")) info->flags |= CKF_LOGIN_REQUIRED;
  if (state.pin_refused) info->flags |= number(setting("after-wrong-pin"));
  return CKR_OK;
}

CK_RV C_GetMechanismInfo(CK_SLOT_ID, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO* info) {
  ENTER();
  if (type != CKM_EC_KEY_PAIR_GEN && type != CKM_ECDSA) return CKR_MECHANISM_INVALID;
  *info = {256, 256, 0};
  return CKR_OK;
}

CK_RV C_OpenSession(CK_SLOT_ID slot, CK_FLAGS, void*, CK_NOTIFY, CK_SESSION_HANDLE* handle) {
  ENTER();
  if (slot != kSlot) return CKR_TOKEN_NOT_RECOGNIZED;
  if (has("max-sessions") && state.sessions.size() >= number(setting("max-sessions")))
    return CKR_SESSION_COUNT;
  *handle = state.next_session++;
  state.sessions[*handle] = {};
  return CKR_OK;
}

CK_RV C_CloseSession(CK_SESSION_HANDLE handle) {
  ENTER();
  if (state.sessions.erase(handle) == 0) return CKR_SESSION_HANDLE_INVALID;
  if (state.sessions.empty()) state.logged_in = false;
  return CKR_OK;
}

CK_RV C_CloseAllSessions(CK_SLOT_ID slot) {
  ENTER();
  if (slot != kSlot) return CKR_OK;
  state.sessions.clear();
  state.logged_in = false;
  return CKR_OK;
}

CK_RV C_GetSessionInfo(CK_SESSION_HANDLE handle, CK_SESSION_INFO* info) {
  ENTER();
  SESSION(handle);
  *info = {};
  info->slotID = kSlot;
  info->state = state.logged_in ? CKS_RO_USER_FUNCTIONS : CKS_RO_PUBLIC_SESSION;
  info->flags = CKF_SERIAL_SESSION;
  return CKR_OK;
}

CK_RV C_Login(CK_SESSION_HANDLE handle, CK_USER_TYPE user, unsigned char* pin, CK_ULONG length) {
  ENTER();
  SESSION(handle);
  if (user == CKU_USER && state.logged_in) return CKR_USER_ALREADY_LOGGED_IN;
  if (user == CKU_CONTEXT_SPECIFIC && !session.signing) return CKR_OPERATION_NOT_INITIALIZED;
  if (pin == nullptr) {
    const CK_RV rv = has("without-pin") ? number(setting("without-pin")) : CKR_ARGUMENTS_BAD;
    if (rv != CKR_OK) return rv;
    (user == CKU_CONTEXT_SPECIFIC ? session.authenticated : state.logged_in) = true;
    return CKR_OK;
  }
  const CK_ULONG right_length = has("pin-length") ? number(setting("pin-length")) : kPin.size();
  bool right = length == right_length;
  for (CK_ULONG i = 0; right && i < length; ++i)
    right = pin[i] == static_cast<unsigned char>(kPin[i % kPin.size()]);
  if (!right) {
    state.pin_refused = true;
    return CKR_PIN_INCORRECT;
  }
  if (user == CKU_CONTEXT_SPECIFIC) {
    session.authenticated = true;
  } else {
    state.logged_in = true;
    if (user == CKU_USER) note_mended();
  }
  return CKR_OK;
}

CK_RV C_InitPIN(CK_SESSION_HANDLE handle, unsigned char*, CK_ULONG) {
  ENTER();
  SESSION(handle);
  note_mended();
  return CKR_OK;
}

CK_RV C_SetPIN(CK_SESSION_HANDLE handle, unsigned char*, CK_ULONG, unsigned char*, CK_ULONG) {
  ENTER();
  SESSION(handle);
  note_mended();
  return CKR_OK;
}

CK_RV C_Logout(CK_SESSION_HANDLE handle) {
  ENTER();
  SESSION(handle);
  state.logged_in = false;
  return CKR_OK;
}

bool visible(const Attributes& object) {
  return state.logged_in || object.at(CKA_PRIVATE)[0] == 0;
}

CK_RV C_FindObjectsInit(CK_SESSION_HANDLE handle, CK_ATTRIBUTE* wanted, CK_ULONG count) {
  ENTER();
  SESSION(handle);
  if (session.finding) return CKR_OPERATION_ACTIVE;
  session.found.clear();
  for (const auto& [object, attributes] : state.objects) {
    bool fits = visible(attributes);
    for (CK_ULONG i = 0; fits && i < count; ++i) {
      const auto* first = static_cast<unsigned char*>(wanted[i].pValue);
      const auto own = attributes.find(wanted[i].type);
      fits = own != attributes.end() && own->second == Value(first, first + wanted[i].ulValueLen);
    }
    if (fits) session.found.push_back(object);
  }
  session.next = 0;
  session.finding = true;
  return CKR_OK;
}

CK_RV C_FindObjects(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE* objects, CK_ULONG most, CK_ULONG* count) {
  ENTER();
  SESSION(handle);
  if (!session.finding) return CKR_OPERATION_NOT_INITIALIZED;
  for (*count = 0; *count < most && session.next < session.found.size(); ++*count) {
    objects[*count] = session.found[session.next++];
  }
  return CKR_OK;
}

CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE handle) {
  ENTER();
  SESSION(handle);
  session.finding = false;
  return CKR_OK;
}

CK_RV C_GetAttributeValue(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* wanted,
                          CK_ULONG count) {
  ENTER();
  SESSION(handle);
  const auto found = state.objects.find(object);
  if (found == state.objects.end() || !visible(found->second)) return CKR_OBJECT_HANDLE_INVALID;
  for (CK_ULONG i = 0; i < count; ++i) {
    const auto value = found->second.find(wanted[i].type);
    if (value == found->second.end()) {
      wanted[i].ulValueLen = CK_UNAVAILABLE_INFORMATION;
      return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    if (wanted[i].pValue) {
      if (wanted[i].ulValueLen < value->second.size()) return CKR_BUFFER_TOO_SMALL;
      std::memcpy(wanted[i].pValue, value->second.data(), value->second.size());
    }
    wanted[i].ulValueLen = value->second.size();
  }
  return CKR_OK;
}

CK_RV C_SignInit(CK_SESSION_HANDLE handle, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
  ENTER();
  SESSION(handle);
  if (!state.logged_in && !has("unprotected")) return CKR_USER_NOT_LOGGED_IN;
  if (session.signing) return CKR_OPERATION_ACTIVE;
  if (mechanism->mechanism != CKM_ECDSA) return CKR_MECHANISM_INVALID;
  if (state.keys.count(key) == 0) return CKR_KEY_HANDLE_INVALID;
  session.signing = true;
  session.authenticated = false;
  session.found = {key};
  return CKR_OK;
}

CK_RV C_Sign(CK_SESSION_HANDLE handle, unsigned char* data, CK_ULONG size, unsigned char* signature,
             CK_ULONG* length) {
  ENTER();
  SESSION(handle);
  if (!session.signing) return CKR_OPERATION_NOT_INITIALIZED;
  session.signing = false;
  if (has("always-authenticate") && !session.authenticated) return CKR_USER_NOT_LOGGED_IN;
  EVP_PKEY* key = state.keys.at(session.found.front());
  EVP_PKEY* other = setting("signature") == "other" ? EVP_EC_gen("P-256") : nullptr;
  unsigned char der[128];
  std::size_t der_length = sizeof der;
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(other ? other : key, nullptr);
  const bool ok =
      EVP_PKEY_sign_init(context) == 1 && EVP_PKEY_sign(context, der, &der_length, data, size) == 1;
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(other);
  if (!ok) return CKR_FUNCTION_FAILED;
  const unsigned char* next = der;
  ECDSA_SIG* parsed = d2i_ECDSA_SIG(nullptr, &next, static_cast<long>(der_length));
  BN_bn2binpad(ECDSA_SIG_get0_r(parsed), signature, 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(parsed), signature + 32, 32);
  ECDSA_SIG_free(parsed);
  if (setting("signature") == "flip") signature[40] ^= 1;
  *length = setting("signature") == "short" ? 63 : 64;
  return CKR_OK;
}

CK_RV C_GenerateKeyPair(CK_SESSION_HANDLE handle, CK_MECHANISM*, CK_ATTRIBUTE* wanted, CK_ULONG count,
                        CK_ATTRIBUTE*, CK_ULONG, CK_OBJECT_HANDLE* public_key,
                        CK_OBJECT_HANDLE* private_key) {
  ENTER();
  SESSION(handle);
  if (!state.logged_in) return CKR_USER_NOT_LOGGED_IN;
  Value label;
  Value id;
  for (CK_ULONG i = 0; i < count; ++i) {
    const auto* first = static_cast<unsigned char*>(wanted[i].pValue);
    if (wanted[i].type == CKA_LABEL) label.assign(first, first + wanted[i].ulValueLen);
    if (wanted[i].type == CKA_ID) id.assign(first, first + wanted[i].ulValueLen);
  }
  add_key_pair(label, id, public_key, private_key);
  return CKR_OK;
}

CK_RV C_DestroyObject(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object) {
  ENTER();
  SESSION(handle);
  if (state.objects.erase(object) == 0) return CKR_OBJECT_HANDLE_INVALID;
  if (const auto key = state.keys.find(object); key != state.keys.end()) {
    EVP_PKEY_free(key->second);
    state.keys.erase(key);
  }
  return CKR_OK;
}

CK_FUNCTION_LIST make_list() {
  CK_FUNCTION_LIST list{};  // whatever is missing is not called
  list.version = {2, 40};
  list.C_Initialize = C_Initialize;
  list.C_Finalize = C_Finalize;
  list.C_GetInfo = C_GetInfo;
  list.C_GetSlotList = C_GetSlotList;
  list.C_GetSlotInfo = C_GetSlotInfo;
  list.C_GetTokenInfo = C_GetTokenInfo;
  list.C_GetMechanismInfo = C_GetMechanismInfo;
  list.C_OpenSession = C_OpenSession;
  list.C_CloseSession = C_CloseSession;
  list.C_CloseAllSessions = C_CloseAllSessions;
  list.C_GetSessionInfo = C_GetSessionInfo;
  list.C_Login = C_Login;
  list.C_Logout = C_Logout;
  list.C_InitPIN = C_InitPIN;
  list.C_SetPIN = C_SetPIN;
  list.C_FindObjectsInit = C_FindObjectsInit;
  list.C_FindObjects = C_FindObjects;
  list.C_FindObjectsFinal = C_FindObjectsFinal;
  list.C_GetAttributeValue = C_GetAttributeValue;
  list.C_SignInit = C_SignInit;
  list.C_Sign = C_Sign;
  list.C_GenerateKeyPair = C_GenerateKeyPair;
  list.C_DestroyObject = C_DestroyObject;
  return list;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST** list) {
  static CK_FUNCTION_LIST functions = make_list();
  *list = &functions;
  return CKR_OK;
}
