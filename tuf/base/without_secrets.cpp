#include "tuf/base/without_secrets.h"

#include <algorithm>
#include <cctype>
#include <iterator>

#include "tuf/base/base64.h"
#include "tuf/base/words.h"

namespace tuf {
namespace {

constexpr std::string_view kHidden = "…";

/// How long the mark is between the name and the value at the beginning of `text`: as it is, or as a URI
/// encodes it in what it takes for part of a name. 0: there is none.
std::size_t length_of_mark(std::string_view text, bool with_colon) {
  for (const std::string_view mark : {"=", "%3d", ":", "%3a"}) {
    if (starts_ignoring_case(text, mark) && (with_colon || mark == "=" || mark == "%3d")) return mark.size();
  }
  return 0;
}

/// Whether a word may begin behind `text`: a letter of `%3F` is part of none.
bool ends_word(std::string_view text) {
  const auto is_hex = [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; };
  if (text.empty() || std::isalnum(static_cast<unsigned char>(text.back())) == 0) return true;
  return text.size() >= 3 && text[text.size() - 3] == '%' && is_hex(text[text.size() - 2]) &&
         is_hex(text.back());
}

/// `pin-value=1234` of a token URI, and `pin=1234`, wherever somebody has put it: all of the value becomes
/// `…`. An empty one asks for the empty PIN, and is none.
void hide_pins(std::string& text) {
  constexpr std::string_view kWord = "pin";
  constexpr std::string_view kAttributes[] = {"pin-value", "pin_value", "pinvalue", kWord};
  const auto are_alike = [](char a, char b) { return in_lower_case(a) == in_lower_case(b); };
  for (const std::string_view attribute : kAttributes) {
    const bool is_word = attribute == kWord;
    std::size_t at = 0;
    while (true) {
      const auto found = std::search(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(),
                                     attribute.begin(), attribute.end(), are_alike);
      if (found == text.end()) break;
      const auto name = static_cast<std::size_t>(found - text.begin());
      at = name + attribute.size();
      const std::string_view all = text;
      const std::size_t mark = length_of_mark(all.substr(at), !is_word);
      if (mark == 0 || (is_word && !ends_word(all.substr(0, name)))) continue;
      at += mark;
      const std::size_t end = std::min(text.find_first_of("&;\"' \t\r\n", at), text.size());
      if (end > at) text.replace(at, end - at, kHidden);
    }
  }
}

bool is_digest(std::string_view text) {
  return text.starts_with("sha") && text.size() > 3 && text[3] >= '0' && text[3] <= '9';
}

bool begins_host(std::string_view text) {
  return !text.empty() &&
         (std::isalnum(static_cast<unsigned char>(text.front())) != 0 || text.front() == '[');
}

/// How far a login may reach: to the first slash; in a path that somebody has made of one by `file:`, in
/// which an `@` alone is part of a name, as far as there are `user:` and `@`.
std::size_t end_of_login(std::string_view word) {
  constexpr std::string_view kPath = "file:";
  const std::size_t path = word.find(kPath);
  if (path == std::string_view::npos) return word.find('/');
  const std::size_t colon = word.find(':', path + kPath.size());
  const std::size_t sign = word.rfind('@');
  return sign != std::string_view::npos && colon < sign ? sign + 1 : word.find('/');
}

/// The `user:password@` of a URL, and that in front of a host without a scheme, as in the name of an image;
/// not the tag of `name:tag@sha256:…`, and no token URI.
void hide_users(std::string& text) {
  constexpr std::string_view kBetweenWords = "\"' \t\r\n";
  constexpr std::string_view kScheme = "://";
  constexpr std::string_view kToken = "pkcs11:";
  for (std::size_t at = text.find(kScheme); at != std::string::npos; at = text.find(kScheme, at)) {
    at += kScheme.size();
    const std::size_t end = std::min(text.find_first_of("/?#\"' \t\r\n", at), text.size());
    const std::size_t sign = std::string_view(text).substr(0, end).rfind('@');
    if (sign != std::string::npos && sign > at) text.replace(at, sign - at, kHidden);
  }
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(kBetweenWords, at), text.size());
    const std::string_view word = std::string_view(text).substr(at, end - at);
    const std::string_view head = word.substr(0, end_of_login(word));
    std::size_t sign = head.rfind('@');
    if (sign != std::string_view::npos && is_digest(word.substr(sign + 1)))
      sign = sign == 0 ? std::string_view::npos : head.rfind('@', sign - 1);
    const bool hides = sign != std::string_view::npos && head.find(':') < sign &&
                       begins_host(word.substr(sign + 1)) && !word.starts_with(kToken);
    at = end + 1;
    if (!hides) continue;
    const std::size_t begin = end - word.size();
    text.replace(begin, sign, kHidden);
    at = at + kHidden.size() - sign;
  }
}

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

bool is_alphanumeric(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

/// Whether what stands behind `host:` can be no port, nor the PORT of a hint.
bool may_be_password(std::string_view text) {
  const auto rest = std::find_if_not(text.begin(), text.end(), is_digit);
  const bool port_ends = rest != text.begin() && rest != text.end() &&
                         std::string_view(",;:)]").find(*rest) != std::string_view::npos;
  return !port_ends && !text.starts_with("PORT") && std::any_of(rest, text.end(), is_alphanumeric);
}

/// `https://user:password`, the host forgotten.
void hide_passwords_without_host(std::string& text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    for (std::size_t at = text.find(scheme); at != std::string::npos; at = text.find(scheme, at)) {
      at += scheme.size();
      const std::size_t end = std::min(text.find_first_of("/?#\"' \t\r\n", at), text.size());
      const std::string_view authority = std::string_view(text).substr(at, end - at);
      const std::size_t colon = authority.find(':');
      if (colon == std::string_view::npos || authority.substr(0, colon).find('[') != std::string_view::npos ||
          !may_be_password(authority.substr(colon + 1)))
        continue;
      text.replace(at + colon + 1, end - at - colon - 1, kHidden);
    }
  }
}

/// `?token=…` and its like, in a URL or in what should be none.
void hide_queries(std::string& text) {
  constexpr std::string_view kSecrets[] = {"token",  "password",  "passwd", "secret",
                                           "apikey", "signature", "sig",    "credential"};
  for (std::size_t at = text.find_first_of("?&"); at != std::string::npos;
       at = text.find_first_of("?&", at)) {
    const std::size_t name = ++at;
    const std::size_t equals = text.find_first_of("=?&;\"' \t\r\n", name);
    if (equals == std::string::npos || text[equals] != '=') continue;
    std::string named;  // access_token, X-Amz-Signature
    for (const char c : text.substr(name, equals - name)) {
      if (is_alphanumeric(c)) named += in_lower_case(c);
    }
    const bool is_secret = std::any_of(std::begin(kSecrets), std::end(kSecrets),
                                       [&](std::string_view secret) { return named.ends_with(secret); });
    if (!is_secret) continue;
    const std::size_t end = std::min(text.find_first_of("&#\"' \t\r\n", equals), text.size());
    if (end > equals + 1) text.replace(equals + 1, end - equals - 1, kHidden);
  }
}

/// Behind any kind of dashes, such as those that a word processor makes of `--`.
std::size_t skip_dashes(std::string_view text, std::size_t at) {
  constexpr std::string_view kDashes[] = {"-",      "\u2010", "\u2011", "\u2012",
                                          "\u2013", "\u2014", "\u2015", "\u2212"};
  const auto length_of_dash = [&]() -> std::size_t {
    for (const std::string_view dash : kDashes) {
      if (text.substr(at).starts_with(dash)) return dash.size();
    }
    return 0;
  };
  while (const std::size_t length = length_of_dash()) at += length;
  return at;
}

/// Where the content of a block begins whose `BEGIN ` ends at `label`: of a key whatever dashes stand there,
/// of anything else only if it is PEM. npos: it is no block.
std::size_t content_of_block(std::string_view text, std::size_t label) {
  constexpr std::string_view kCapitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ";
  constexpr std::string_view kKey = "PRIVATE KEY";
  constexpr std::string_view kBlock = " BLOCK";  // of PGP
  constexpr std::string_view kDashes = "-----";
  constexpr std::string_view kBegin = "-----BEGIN ";
  const std::size_t label_end = std::min(text.find_first_not_of(kCapitals, label), text.size());
  if (const std::size_t key = text.find(kKey, label); key < label_end) {
    std::size_t behind = key + kKey.size();
    if (text.substr(behind).starts_with(kBlock)) behind += kBlock.size();
    return skip_dashes(text, behind);
  }
  const bool is_pem = text.substr(0, label).ends_with(kBegin) && text.substr(label_end).starts_with(kDashes);
  return is_pem ? label_end + kDashes.size() : std::string_view::npos;
}

/// What a block of PEM holds, where the name of its file was wanted: to its end, or that of the quotation.
void hide_pem(std::string& text) {
  constexpr std::string_view kBegin = "BEGIN ";
  constexpr std::string_view kDashes = "-----";
  constexpr std::string_view kEnd = "-----END ";
  for (std::size_t at = text.find(kBegin); at != std::string::npos; at = text.find(kBegin, at)) {
    at += kBegin.size();
    const std::size_t content = content_of_block(text, at);
    if (content == std::string::npos) continue;
    at = content;
    std::size_t end = std::min(text.find_first_of("\"'", at), text.size());
    if (const std::size_t foot = text.find(kEnd, at); foot < end)
      end = std::min(text.find(kDashes, foot + kEnd.size()), end - kDashes.size()) + kDashes.size();
    if (end > at && std::string_view(text).substr(at, kHidden.size()) != kHidden)
      text.replace(at, end - at, kHidden);
  }
}

/// Whether it is the beginning of a private key in DER: SEQUENCE { INTEGER version }, or what is encrypted by
/// a password.
bool begins_private_key(std::string_view der) {
  constexpr std::string_view kEncryption("\x2a\x86\x48\x86\xf7\x0d\x01\x05", 8);  // PKCS#5
  if (!der.starts_with('\x30') || der.size() < 12) return false;
  const auto length = static_cast<unsigned char>(der[1]);
  const std::string_view body = der.substr(length < 0x80 ? 2 : 2 + (length & 0x7f));
  return body.starts_with(std::string_view("\x02\x01", 2)) || body.find(kEncryption) < 24;
}

/// The first bytes of a run of base64, of either alphabet.
std::string first_bytes(std::string_view run) {
  constexpr std::size_t kEnough = 64;
  std::string standard(run.substr(0, std::min(kEnough, run.size() / 4 * 4)));
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  const auto bytes = from_base64(standard);
  return bytes ? std::string(bytes->begin(), bytes->end()) : "";
}

/// A key in base64, as the variables of CI systems hold them, also twice.
void hide_encoded_keys(std::string& text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
  constexpr std::size_t kShortest = 40;
  for (std::size_t at = text.find_first_of(kAlphabet); at != std::string::npos;
       at = text.find_first_of(kAlphabet, at)) {
    const std::size_t end = std::min(text.find_first_not_of(kAlphabet, at), text.size());
    std::string inner = end - at < kShortest ? "" : first_bytes(std::string_view(text).substr(at, end - at));
    if (inner.starts_with("LS0tLS1CRUdJ") || inner.starts_with('M')) inner = first_bytes(inner);
    if (!inner.starts_with("-----BEGIN ") && !begins_private_key(inner)) {
      at = end;
      continue;
    }
    text.replace(at, std::min(text.find_first_not_of('=', end), text.size()) - at, kHidden);
    at += kHidden.size();
  }
}

}  // namespace

std::string without_secrets(std::string_view raw) {
  std::string text(raw);
  hide_pem(text);
  hide_pins(text);
  hide_users(text);
  hide_passwords_without_host(text);
  hide_queries(text);
  hide_encoded_keys(text);
  return text;
}

}  // namespace tuf
