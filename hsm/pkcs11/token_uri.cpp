#include "hsm/pkcs11/token_uri.h"

#include <openssl/crypto.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

#include "hsm/key_ref.h"
#include "tuf/base/error.h"
#include "tuf/base/openssl.h"

namespace hsm {
namespace {

using UriPtr = tuf::OpensslPtr<P11KitUri, p11_kit_uri_free>;  // a deleter type fits any C library

constexpr std::size_t kLongestUri = 8192;

tuf::Error refuse(const std::string& what,
                  std::string hint = "take the URI as it is shown by: countersign token list") {
  return {tuf::ErrorCode::kInvalidKeyRef, "pkcs11: URI: " + what, std::move(hint)};
}

void check_characters(std::string_view text) {
  if (text.size() > kLongestUri) throw refuse("longer than " + std::to_string(kLongestUri) + " characters");
  // p11-kit drops white space silently, which would turn the label "my token" into "mytoken".
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!plain) {
    throw refuse("holds white space or a character outside ASCII",
                 "write it percent-encoded: a space is %20; quote the URI for the shell");
  }
}

/// Attributes have names of letters; anything else may be a misplaced PIN.
bool is_name(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
}

void check_name(std::string_view name, bool in_query) {
  static const std::set<std::string_view> in_path_known{"token",
                                                        "serial",
                                                        "manufacturer",
                                                        "model",
                                                        "object",
                                                        "id",
                                                        "type",
                                                        "library-manufacturer",
                                                        "library-description",
                                                        "library-version"};
  static const std::set<std::string_view> in_query_known{"module-path", "pin-source", "pin-value"};
  if ((in_query ? in_query_known : in_path_known).count(name) != 0) return;
  if (!is_name(name)) throw refuse("a component has no name=value form");
  const std::string quoted = "'" + std::string(name) + "'";
  if (name == "slot-id" || name == "slot-description" || name == "slot-manufacturer") {
    throw refuse(quoted + " is refused: a token is never chosen by its slot, since slot numbers change",
                 "name the token with token= and serial=; see: countersign token list");
  }
  if (name == "module-name") {
    throw refuse(quoted + " is not supported", "give the module's absolute path with module-path=");
  }
  if (name == "pinfile") throw refuse(quoted + " is out of date", "write pin-source=");
  if (in_path_known.count(name) != 0) throw refuse(quoted + " stands before the '?', after a ';'");
  if (in_query_known.count(name) != 0) throw refuse(quoted + " stands after the '?', behind an '&'");
  throw refuse(
      "unknown attribute " + quoted,
      "known are token, serial, manufacturer, model, library-manufacturer, library-description, "
      "library-version, object, id, type=private and, after '?', module-path, pin-source, pin-value");
}

/// Everything about the form that p11-kit would let pass: doubled and empty attributes, empty components.
void check_components(std::string_view part, char separator, bool in_query, std::set<std::string>& seen) {
  while (true) {
    const std::size_t end = part.find(separator);
    const std::string_view component = part.substr(0, end);
    const std::size_t equals = component.find('=');
    if (component.empty()) throw refuse(std::string("empty component beside a '") + separator + "'");
    if (equals == std::string_view::npos || equals == 0) {
      // The component is not repeated: it might be a misplaced PIN.
      throw refuse("a component has no name=value form");
    }
    const std::string name(component.substr(0, equals));
    const std::string_view value = component.substr(equals + 1);
    check_name(name, in_query);
    if (!seen.insert(name).second) throw refuse("'" + name + "' stands there twice");
    // An empty PIN is asked for in this way only, and only on purpose.
    if (value.empty() && name != "pin-value") throw refuse("'" + name + "' is empty");
    // RFC 7512 wants the first two encoded there. Written plainly they are slips, behind which a PIN would be
    // taken for part of a name, and shown.
    if (value.find_first_of(in_query ? ";?" : "&") != std::string_view::npos) {
      throw refuse("'" + name + "' holds a separator that does not belong there",
                   "write ';' between the attributes before the '?', '&' between those after it; inside a "
                   "value '&' is %26, ';' is %3B, '?' is %3F");
    }
    if (name != "id" && value.find("%00") != std::string_view::npos) {
      throw refuse("'" + name + "' holds a zero byte");
    }
    if (name == "type" && value != "private") {
      throw refuse("type=" + std::string(value) + " is not what signs", "write type=private or leave it out");
    }
    if (end == std::string_view::npos) return;
    part.remove_prefix(end + 1);
  }
}

template <std::size_t N>
std::string field(const unsigned char (&padded)[N]) {
  if (padded[0] == 0) return {};
  return {reinterpret_cast<const char*>(padded), p11_kit_space_strlen(padded, N)};
}

template <std::size_t N>
void set_field(unsigned char (&padded)[N], std::string_view value) {
  if (value.empty()) return;
  std::memset(padded, ' ', N);
  std::memcpy(padded, value.data(), std::min(N, value.size()));
}

std::string version_text(const CK_VERSION& version) {
  return std::to_string(version.major) + "." + std::to_string(version.minor);
}

std::string read_text(const char* text) {
  return text ? std::string(text) : std::string();
}

tuf::Bytes read_attribute(P11KitUri* uri, CK_ATTRIBUTE_TYPE type) {
  const CK_ATTRIBUTE* attribute = p11_kit_uri_get_attribute(uri, type);
  if (!attribute) return {};
  const auto* first = static_cast<const std::uint8_t*>(attribute->pValue);
  return {first, first + attribute->ulValueLen};
}

/// `pin-source` as a path: RFC 7512 allows `file:` URIs, and programs behind a '|', which we never start.
std::string read_pin_source(std::string source) {
  if (source.empty()) return source;
  if (source.front() == '|') {
    throw refuse("a program as pin-source is refused", "let the program write a file, and name that");
  }
  if (source.compare(0, 7, "file://") == 0) {
    source.erase(0, 7);
  } else if (source.compare(0, 5, "file:") == 0) {
    source.erase(0, 5);
  }
  if (source.empty() || source.front() != '/') {
    throw refuse("pin-source is not the absolute path of a file", "write pin-source=/run/secrets/pin");
  }
  return source;
}

/// Takes the PIN out of p11-kit's structure and wipes what is left there.
std::shared_ptr<const Secret> take_pin_value(P11KitUri* uri) {
  char* pin = const_cast<char*>(p11_kit_uri_get_pin_value(uri));
  if (!pin) return nullptr;
  auto secret = std::make_shared<const Secret>(std::string_view(pin));
  OPENSSL_cleanse(pin, std::strlen(pin));
  return secret;
}

/// p11-kit encodes the slashes of module-path and pin-source, though RFC 7512 allows them in a query.
std::string with_readable_paths(std::string text) {
  constexpr std::string_view kSlash = "%2F";
  const std::size_t query = std::min(text.find('?'), text.size());
  for (std::size_t at = text.find(kSlash, query); at != std::string::npos; at = text.find(kSlash, at)) {
    text.replace(at, kSlash.size(), "/");
  }
  return text;
}

}  // namespace

TokenUri TokenUri::parse(std::string_view text) {
  check_characters(text);
  if (!is_token_uri(text)) throw refuse("does not begin with pkcs11:");
  const std::string_view rest = text.substr(kTokenScheme.size());
  const std::size_t question = rest.find('?');
  std::set<std::string> seen;
  if (const auto path = rest.substr(0, question); !path.empty()) check_components(path, ';', false, seen);
  if (question != std::string_view::npos) check_components(rest.substr(question + 1), '&', true, seen);

  std::string copy(text);
  copy.replace(0, kTokenScheme.size(), kTokenScheme);  // p11-kit takes it in lower case only
  const UriPtr uri(p11_kit_uri_new());
  const int result = p11_kit_uri_parse(copy.c_str(), P11_KIT_URI_FOR_ANY, uri.get());
  OPENSSL_cleanse(copy.data(), copy.size());
  auto pin_value = take_pin_value(uri.get());
  if (result == P11_KIT_URI_BAD_ENCODING) {
    throw refuse("a '%' is not followed by two hexadecimal digits", "the byte 01 is written id=%01");
  }
  if (result != P11_KIT_URI_OK) throw refuse(p11_kit_uri_message(result));
  if (p11_kit_uri_any_unrecognized(uri.get())) {
    throw refuse("a value is longer than a token can hold",
                 "token, manufacturer and what a library says have at most 32 bytes, model and serial 16");
  }

  const CK_TOKEN_INFO& token_info = *p11_kit_uri_get_token_info(uri.get());
  TokenUri parsed;
  parsed.token = field(token_info.label);
  parsed.serial = field(token_info.serialNumber);
  parsed.manufacturer = field(token_info.manufacturerID);
  parsed.model = field(token_info.model);
  const CK_INFO& library_info = *p11_kit_uri_get_module_info(uri.get());
  parsed.library_manufacturer = field(library_info.manufacturerID);
  parsed.library_description = field(library_info.libraryDescription);
  if (seen.count("library-version") != 0) parsed.library_version = version_text(library_info.libraryVersion);
  for (const auto& [name, value] : {std::pair{"token", &parsed.token},
                                    {"serial", &parsed.serial},
                                    {"manufacturer", &parsed.manufacturer},
                                    {"model", &parsed.model},
                                    {"library-manufacturer", &parsed.library_manufacturer},
                                    {"library-description", &parsed.library_description}}) {
    // Tokens pad their fields with blanks, so those at the end do not count; without the rest every token
    // fits.
    if (value->empty() && seen.count(name) != 0) throw refuse(std::string("'") + name + "' is blank");
  }
  parsed.object = std::string(tuf::as_text(read_attribute(uri.get(), CKA_LABEL)));
  parsed.id = read_attribute(uri.get(), CKA_ID);
  parsed.module_path = read_text(p11_kit_uri_get_module_path(uri.get()));
  if (!parsed.module_path.empty() && parsed.module_path.front() != '/') {
    throw refuse("module-path is not absolute", "write module-path=/usr/lib/softhsm/libsofthsm2.so");
  }
  parsed.pin_source = read_pin_source(read_text(p11_kit_uri_get_pin_source(uri.get())));
  parsed.pin_value = std::move(pin_value);
  return parsed;
}

std::string TokenUri::to_string() const {
  const UriPtr uri(p11_kit_uri_new());
  CK_TOKEN_INFO& token_info = *p11_kit_uri_get_token_info(uri.get());
  set_field(token_info.label, token);
  set_field(token_info.serialNumber, serial);
  set_field(token_info.manufacturerID, manufacturer);
  set_field(token_info.model, model);
  CK_INFO& library_info = *p11_kit_uri_get_module_info(uri.get());
  set_field(library_info.manufacturerID, library_manufacturer);
  set_field(library_info.libraryDescription, library_description);
  if (!library_version.empty()) {
    const std::size_t dot = library_version.find('.');
    library_info.libraryVersion = {static_cast<CK_BYTE>(std::stoi(library_version)),
                                   static_cast<CK_BYTE>(std::stoi(library_version.substr(dot + 1)))};
  }
  const auto set_attribute = [&](CK_ATTRIBUTE_TYPE type, tuf::ByteView value) {
    if (value.empty()) return;
    CK_ATTRIBUTE attribute{type, const_cast<std::uint8_t*>(value.data()), value.size()};
    p11_kit_uri_set_attribute(uri.get(), &attribute);  // copies
  };
  set_attribute(CKA_LABEL, tuf::as_bytes(object));
  set_attribute(CKA_ID, id);
  if (!module_path.empty()) p11_kit_uri_set_module_path(uri.get(), module_path.c_str());
  if (!pin_source.empty()) p11_kit_uri_set_pin_source(uri.get(), pin_source.c_str());

  if (pin_value && pin_value->empty()) p11_kit_uri_set_pin_value(uri.get(), "");

  char* text = nullptr;
  if (p11_kit_uri_format(uri.get(), P11_KIT_URI_FOR_ANY, &text) != P11_KIT_URI_OK) {
    throw tuf::Error(tuf::ErrorCode::kInternal, "a pkcs11: URI could not be written");
  }
  const tuf::OpensslPtr<char, std::free> owner(text);
  return with_readable_paths(text);
}

bool operator==(const TokenUri& left, const TokenUri& right) {
  const auto parts = [](const TokenUri& uri) {
    return std::tie(uri.token, uri.serial, uri.manufacturer, uri.model, uri.library_manufacturer,
                    uri.library_description, uri.library_version, uri.object, uri.id, uri.module_path,
                    uri.pin_source);
  };
  return parts(left) == parts(right);
}

}  // namespace hsm
