#include "hsm/pkcs11/key_search.h"

#include <algorithm>

#include "hsm/pkcs11/public_half.h"
#include "hsm/pkcs11/return_value.h"
#include "hsm/pkcs11/token_hints.h"
#include "tuf/base/hex.h"
#include "tuf/base/shell_word.h"

namespace hsm::pkcs11 {
namespace {

using tuf::ErrorCode;

Template wanted(CK_OBJECT_CLASS object_class, const std::string& label, tuf::ByteView id) {
  Template result;
  result.add_number(CKA_CLASS, object_class);
  if (!label.empty()) result.add(CKA_LABEL, label);
  if (!id.empty()) result.add(CKA_ID, id);
  return result;
}

struct PublicObject {
  CK_OBJECT_HANDLE handle;
  tuf::Bytes id;
  std::string label;
};

std::vector<PublicObject> objects(const Session& session, const Template& which) {
  std::vector<PublicObject> found;
  for (const CK_OBJECT_HANDLE handle : session.find(which)) {
    found.push_back(
        {handle, session.bytes(handle, CKA_ID).value_or(tuf::Bytes{}), session.text(handle, CKA_LABEL)});
  }
  return found;
}

std::string write_public_half(const FoundKey& key) {
  return "write it to the token with: pkcs11-tool --module PATH --token-label LABEL --login --write-object "
         "FILE.der --type pubkey" +
         (key.id.empty() ? " --label " + tuf::shell_word(key.label) : " --id " + describe_id(key.id));
}

template <class Read>
std::vector<tuf::PublicKey> read_all(const std::vector<PublicObject>& from, const FoundKey& key, Read read) {
  std::vector<tuf::PublicKey> keys;
  const auto add = [&](const PublicObject& object) {
    tuf::PublicKey found = read(object.handle);
    const bool known = std::any_of(keys.begin(), keys.end(), [&](const tuf::PublicKey& other) {
      return other.canonical_id() == found.canonical_id();
    });
    if (!known) keys.push_back(std::move(found));
  };
  // Two pairs may carry the same ID; then the label tells them apart.
  for (const PublicObject& object : from) {
    if (from.size() == 1 || object.label == key.label) add(object);
  }
  if (keys.empty()) std::for_each(from.begin(), from.end(), add);
  return keys;
}

class PublicHalves {
 public:
  /// `only`: the one key that will be asked for, so that not every object of a large token is read.
  PublicHalves(const Session& session, const FoundKey* only) : session_(session) {
    read_objects({}, only ? only->id : tuf::Bytes{});
    // Some tokens call the halves alike and number them apart.
    if (only && !only->label.empty() && public_keys_.empty() && certificates_.empty()) {
      read_objects(only->label, {});
    }
  }

  void complete(FoundKey& key) const {
    try {
      const auto beside = partners(public_keys_, key);
      key.has_public_object = !beside.empty();
      key.public_key = public_key_of_private(session_, key.private_key);
      for (const auto partners_by : {&PublicHalves::partners_by_id, &PublicHalves::partners_by_label}) {
        if (!key.public_key)
          key.public_key =
              public_key_among((this->*partners_by)(public_keys_, key), key, public_key_of_object);
        if (!key.public_key)
          key.public_key =
              public_key_among((this->*partners_by)(certificates_, key), key, public_key_of_certificate);
      }
      if (!key.public_key) {
        throw tuf::Error(ErrorCode::kKeyMalformed,
                         describe(key) +
                             " has no public half: the token shows neither a public key object nor a "
                             "certificate with its ID",
                         write_public_half(key));
      }
      key.kind = key.public_key->description();
    } catch (const CallFailed&) {
      throw;
    } catch (const tuf::Error& error) {
      key.problem = error.hint().empty() ? error.with_hint(kMakeAnother) : error;
    }
  }

 private:
  void read_objects(const std::string& label, tuf::ByteView id) {
    public_keys_ = objects(session_, wanted(CKO_PUBLIC_KEY, label, id));
    Template x509 = wanted(CKO_CERTIFICATE, label, id);
    x509.add_number(CKA_CERTIFICATE_TYPE, CKC_X_509);
    certificates_ = objects(session_, x509);
  }

  std::vector<PublicObject> partners_by_id(const std::vector<PublicObject>& candidates,
                                           const FoundKey& key) const {
    std::vector<PublicObject> fitting;
    std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(fitting),
                 [&](const PublicObject& object) { return !key.id.empty() && object.id == key.id; });
    return fitting;
  }
  /// For keys that nothing has the ID of: what bears their label, unless its ID is that of another key.
  std::vector<PublicObject> partners_by_label(const std::vector<PublicObject>& candidates,
                                              const FoundKey& key) const {
    std::vector<PublicObject> fitting;
    std::copy_if(
        candidates.begin(), candidates.end(), std::back_inserter(fitting), [&](const PublicObject& object) {
          return !key.label.empty() && object.label == key.label &&
                 (object.id.empty() || session_.find(wanted(CKO_PRIVATE_KEY, {}, object.id)).empty());
        });
    return fitting;
  }
  std::vector<PublicObject> partners(const std::vector<PublicObject>& candidates, const FoundKey& key) const {
    std::vector<PublicObject> fitting = partners_by_id(candidates, key);
    return fitting.empty() ? partners_by_label(candidates, key) : fitting;
  }

  template <class Read>
  std::optional<tuf::PublicKey> public_key_among(const std::vector<PublicObject>& objects,
                                                 const FoundKey& key, Read read) const {
    std::vector<tuf::PublicKey> keys =
        read_all(objects, key, [&](CK_OBJECT_HANDLE handle) { return read(session_, handle); });
    return keys.empty() ? std::nullopt : std::optional(only_one(std::move(keys), key));
  }

  static tuf::PublicKey only_one(std::vector<tuf::PublicKey> keys, const FoundKey& key) {
    if (keys.size() == 1) return std::move(keys.front());
    throw tuf::Error(ErrorCode::kKeyAmbiguous,
                     describe(key) + ": several public keys on the token have its ID and label",
                     kMakeAnother);
  }

  const Session& session_;
  std::vector<PublicObject> public_keys_;
  std::vector<PublicObject> certificates_;
};

}  // namespace

std::vector<FoundKey> find_private_keys(const Session& session, const std::string& label, tuf::ByteView id) {
  std::vector<FoundKey> keys;
  for (const CK_OBJECT_HANDLE handle : session.find(wanted(CKO_PRIVATE_KEY, label, id))) {
    FoundKey key;
    key.private_key = handle;
    key.label = session.text(handle, CKA_LABEL);
    key.id = session.bytes(handle, CKA_ID).value_or(tuf::Bytes{});
    key.kind = kind_of_key(session, handle);
    keys.push_back(std::move(key));
  }
  if (keys.empty()) return keys;
  const PublicHalves halves(session, keys.size() == 1 ? &keys.front() : nullptr);
  for (FoundKey& key : keys) halves.complete(key);
  return keys;
}

std::vector<FoundKey> find_keys_by_public_half(const Session& session, const std::string& label,
                                               tuf::ByteView id) {
  std::vector<FoundKey> keys;
  for (const FoundKey& half : find_public_keys(session, label, id, true)) {
    if (!half.public_key) continue;
    std::vector<FoundKey> candidates;
    if (!half.id.empty()) candidates = find_private_keys(session, {}, half.id);
    if (candidates.empty() && !half.label.empty()) candidates = find_private_keys(session, half.label, {});
    for (FoundKey& key : candidates) {
      const auto is_same = [&](const FoundKey& other) { return other.private_key == key.private_key; };
      const bool belongs =
          key.public_key && key.public_key->canonical_id() == half.public_key->canonical_id();
      if (belongs && std::none_of(keys.begin(), keys.end(), is_same)) keys.push_back(std::move(key));
    }
  }
  return keys;
}

std::vector<FoundKey> find_public_keys(const Session& session, const std::string& label, tuf::ByteView id,
                                       bool certificates) {
  std::vector<FoundKey> keys;
  const auto add = [&](CK_OBJECT_CLASS object_class, auto read) {
    for (const PublicObject& object : objects(session, wanted(object_class, label, id))) {
      FoundKey key;
      key.label = object.label;
      key.id = object.id;
      key.has_public_object = true;
      key.kind = object_class == CKO_PUBLIC_KEY ? kind_of_key(session, object.handle) : "certificate";
      try {
        key.public_key = read(object.handle);
        key.kind = key.public_key->description();
      } catch (const CallFailed&) {
        throw;
      } catch (const tuf::Error& error) {
        key.problem = error;
      }
      const bool known =
          key.public_key && std::any_of(keys.begin(), keys.end(), [&](const FoundKey& other) {
            return other.public_key && other.public_key->canonical_id() == key.public_key->canonical_id();
          });
      if (!known) keys.push_back(std::move(key));
    }
  };
  add(CKO_PUBLIC_KEY, [&](CK_OBJECT_HANDLE handle) { return public_key_of_object(session, handle); });
  if (certificates) {
    add(CKO_CERTIFICATE, [&](CK_OBJECT_HANDLE handle) { return public_key_of_certificate(session, handle); });
  }
  return keys;
}

std::string describe_id(tuf::ByteView id) {
  return tuf::to_hex(id);
}

std::string describe(const FoundKey& key) {
  std::string text = "key '" + key.label + "' (";
  if (!key.id.empty()) text += "id " + describe_id(key.id) + ", ";
  return text + key.kind + ")";
}

}  // namespace hsm::pkcs11
