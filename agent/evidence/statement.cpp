#include "agent/evidence/statement.h"

#include <algorithm>
#include <map>

#include "agent/evidence/key_evidence.h"
#include "tuf/base/base64.h"
#include "tuf/base/text_encoding.h"
#include "tuf/edit/sign_metadata.h"
#include "tuf/keys/key_object.h"
#include "tuf/metadata/codec.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::Json;

tuf::PublicKey key_of(const Json& entry) {
  const tuf::KeyObject object{text_member(entry, "keytype"), text_member(entry, "public")};
  const auto key = tuf::PublicKey::from_object(object);
  if (!key || key->id() != key->canonical_id() || key->id().hex() != text_member(entry, "id")) {
    throw Error(tuf::ErrorCode::kKeyMalformed, "it lists a key that is none");
  }
  return *key;
}

tuf::Signature signature_of(const Json& entry) {
  const auto value = tuf::from_base64(text_member(entry, "sig"));
  if (!value) throw Error(tuf::ErrorCode::kBadSignature, "a signature is not base64");
  return {text_member(entry, "keyid"), text_member(entry, "method"), *value};
}

Statement read(std::string_view text, std::string_view type) {
  Json document = tuf::parse_json(text, "its text");
  Statement statement{std::move(document.at("signed")), {}};
  if (text_member(statement.body, "_type") != type) {
    throw Error(tuf::ErrorCode::kMalformedMetadata, "it is not of type " + std::string(type));
  }
  const std::string signed_text = tuf::canonical_json(statement.body, text.size());
  const Json& listed = statement.body.at("keys");
  const Json& entries = document.at("signatures");
  if (!listed.is_array() || !entries.is_array() || listed.size() != entries.size()) {
    throw Error(tuf::ErrorCode::kBadSignature, "keys and signatures do not agree");
  }
  std::vector<tuf::Signature> signatures;
  for (std::size_t i = 0; i < listed.size(); ++i) {
    tuf::PublicKey key = key_of(listed[i]);
    tuf::Signature signature = signature_of(entries[i]);
    // The key decides on the method: a text that could name another one would have a second form.
    if (signature.keyid != key.id().hex() || signature.method != tuf::signature_method(key.type()) ||
        statement.is_signed_by(key) || !key.verifies(signature, tuf::as_bytes(signed_text))) {
      throw Error(tuf::ErrorCode::kBadSignature,
                  "the signature of key " + key.id().short_form() + " does not verify");
    }
    statement.signers.push_back(std::move(key));
    signatures.push_back(std::move(signature));
  }
  if (tuf::encode_file(signed_text, signatures) != text) {
    throw Error(tuf::ErrorCode::kMalformedMetadata, "it is not in its exact form");
  }
  return statement;
}

}  // namespace

bool Statement::is_signed_by(const tuf::PublicKey& key) const {
  return std::any_of(signers.begin(), signers.end(), [&](const tuf::PublicKey& signer) {
    return signer.canonical_id() == key.canonical_id();
  });
}

std::string write_statement(std::string_view type, Json body,
                            const std::vector<std::shared_ptr<tuf::Signer>>& signers) {
  std::map<tuf::KeyId, std::shared_ptr<tuf::Signer>> by_id;  // in the order of the signatures, each once
  for (const auto& signer : signers) by_id.emplace(signer->public_key().id(), signer);
  std::vector<tuf::PublicKey> keys;
  body["_type"] = type;
  body["keys"] = Json::array();
  for (const auto& [id, signer] : by_id) {
    keys.push_back(signer->public_key());
    body["keys"].push_back(key_evidence(*signer));
  }
  const int all = static_cast<int>(keys.size());
  return tuf::sign_metadata(type, tuf::canonical_json(body), std::move(keys), all,
                            [&](const tuf::KeyId& id) { return by_id.at(id); });
}

Statement read_statement(std::string_view text, std::string_view type, tuf::ErrorCode code,
                         const std::string& what) {
  try {
    return read(text, type);
  } catch (const Error& error) {
    throw Error(code, what + ": " + error.what());
  } catch (const Json::exception&) {
    throw Error(code, what + ": it is not of type " + std::string(type));
  }
}

void refuse_wide(std::string_view file, const std::string& name) {
  const auto mend = [](const std::string&) {
    return "copy it, byte for byte, from where it was written: converted it would be another";
  };
  tuf::refuse_wide(file, name, mend);
}

std::string claimed_type(std::string_view file) {
  try {
    return text_member(tuf::parse_json(file.substr(0, file.find('\n')), "").at("signed"), "_type");
  } catch (const Error&) {
    return {};
  } catch (const Json::exception&) {
    return {};
  }
}

const std::string& text_member(const Json& object, const char* name) {
  return object.at(name).get_ref<const std::string&>();
}

std::int64_t number_member(const Json& object, const char* name) {
  return object.at(name).get_ref<const std::int64_t&>();
}

}  // namespace agent
