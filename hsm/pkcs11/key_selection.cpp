#include "hsm/pkcs11/key_selection.h"

#include <algorithm>
#include <cctype>

#include "hsm/pkcs11/token_hints.h"
#include "tuf/base/error.h"

namespace hsm::pkcs11 {
namespace {

using tuf::ErrorCode;

constexpr std::size_t kMostNamed = 10;

std::string list_of(const std::vector<FoundKey>& keys) {
  std::string text;
  for (std::size_t i = 0; i < std::min(keys.size(), kMostNamed); ++i) {
    text += (i == 0 ? "" : ", ") + describe(keys[i]);
    if (keys[i].public_key) text += " " + keys[i].public_key->canonical_id().short_form();
  }
  if (keys.size() > kMostNamed) text += " and " + std::to_string(keys.size() - kMostNamed) + " more";
  return text;
}

/// `id=01` means the two characters 0 and 1; who writes it nearly always wants the byte.
std::string id_hint(const TokenUri& uri) {
  const bool hex =
      !uri.id.empty() && uri.id.size() % 2 == 0 &&
      std::all_of(uri.id.begin(), uri.id.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
  if (!hex) return kListKeys;
  std::string encoded;
  for (std::size_t i = 0; i < uri.id.size(); i += 2) {
    encoded += '%';
    encoded += std::string(uri.id.begin() + static_cast<std::ptrdiff_t>(i),
                           uri.id.begin() + static_cast<std::ptrdiff_t>(i + 2));
  }
  return "an ID is written byte by byte: id=" + encoded;
}

tuf::Error not_found(Token& token, const TokenUri& uri) {
  const Session& session = token.session();
  std::string message = token.subject() + ": ";
  if (!uri.names_key()) return {ErrorCode::kKeyNotFound, message + "no private key is on it", kMakeAnother};
  message += "no private key fits";
  if (!uri.object.empty()) message += " object='" + uri.object + "'";
  if (!uri.id.empty()) message += " id=" + describe_id(uri.id);
  if (!uri.object.empty() && !uri.id.empty()) {
    if (const auto by_label = find_private_keys(session, uri.object, {}); !by_label.empty()) {
      return {ErrorCode::kKeyNotFound, message + "; the label fits, the ID does not: " + list_of(by_label),
              id_hint(uri)};
    }
    if (const auto by_id = find_private_keys(session, {}, uri.id); !by_id.empty()) {
      return {ErrorCode::kKeyNotFound, message + "; the ID fits, the label does not: " + list_of(by_id),
              kListKeys};
    }
  }
  const auto all = find_private_keys(session, {}, {});
  message += all.empty() ? "; none is on it" : "; there is " + list_of(all);
  return {ErrorCode::kKeyNotFound, message, id_hint(uri)};
}

}  // namespace

std::vector<FoundKey> private_keys(Token& token, const TokenUri& uri) {
  std::vector<FoundKey> keys = find_private_keys(token.session(), uri.object, uri.id);
  // What is listed without log-in has the name of its public half.
  if (keys.empty() && uri.names_key()) keys = find_keys_by_public_half(token.session(), uri.object, uri.id);
  return keys;
}

FoundKey only_private_key(Token& token, const TokenUri& uri) {
  std::vector<FoundKey> keys = private_keys(token, uri);
  if (keys.empty()) throw not_found(token, uri);
  if (keys.size() > 1) {
    throw tuf::Error(
        ErrorCode::kKeyAmbiguous,
        token.subject() + ": " + std::to_string(keys.size()) + " private keys fit: " + list_of(keys),
        "name one with object= and id=, as shown by: countersign token list --module PATH");
  }
  if (keys.front().problem) throw keys.front().problem->with_context(token.subject());
  return std::move(keys.front());
}

std::string key_uri(const Token& token, const FoundKey& key, const TokenUri& asked) {
  TokenUri uri = token.uri();
  uri.object = key.label;
  uri.id = key.id;
  uri.pin_source = asked.pin_source;
  uri.pin_value = asked.pin_value;
  return uri.to_string();
}

}  // namespace hsm::pkcs11
