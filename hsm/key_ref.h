// KeyRef: what --key and --signing-key take.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

namespace hsm {

inline constexpr std::string_view kTokenScheme = "pkcs11:";
/// Whether `text` is meant to be such a URI, right or wrong; the scheme may have capitals (RFC 3986).
bool is_token_uri(std::string_view text);

/// `ref` fit to be printed for use: a token URI without a PIN that stands in it.
std::string without_pin(std::string_view ref);

/// Whether it is the ID of a key or its first digits, four at least; in capitals, too.
bool is_key_id(std::string_view text);

/// A `pkcs11:` URI, not looked into here.
struct TokenKeyUri {
  std::string text;
};
/// A file of one or more PEM keys.
struct KeyFilePath {
  std::filesystem::path path;
};
/// The first 4 to 64 digits, lower case, of the ID of a key in the trust directory.
struct KeyIdPrefix {
  std::string digits;
};

using KeyRef = std::variant<TokenKeyUri, KeyFilePath, KeyIdPrefix>;

/// Text that starts with `pkcs11:` is a URI; 4 to 64 hexadecimal digits are a key ID, whatever files there
/// are (`./abcd` names one); anything else is an existing file. Throws kFileUnreadable for what looks like a
/// path to nothing, kInvalidKeyRef for anything else. No message repeats what may be the PIN of a mistyped
/// URI.
KeyRef parse_key_ref(std::string_view text);

}  // namespace hsm
