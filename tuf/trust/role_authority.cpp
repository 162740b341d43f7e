#include "tuf/trust/role_authority.h"

#include <algorithm>
#include <set>

#include "tuf/keys/certificate.h"
#include "tuf/trust/trust_pin.h"

namespace tuf {

bool is_signed_by(const PublicKey& key, std::string_view signed_text,
                  const std::vector<Signature>& signatures) {
  return std::any_of(signatures.begin(), signatures.end(), [&](const Signature& signature) {
    return signature.keyid == key.id().hex() && key.verifies(signature, as_bytes(signed_text));
  });
}

RoleAuthority::RoleAuthority(const std::map<KeyId, KeyObject>& keys, const std::vector<KeyId>& key_ids,
                             int threshold)
    : threshold_(threshold) {
  std::set<KeyId> done;  // a role may list an ID a thousand times; each costs a verification
  for (const KeyId& id : key_ids) {
    const auto found = keys.find(id);
    if (found == keys.end() || !done.insert(id).second) continue;
    if (auto key = PublicKey::from_object(found->second)) keys_.push_back(*std::move(key));
  }
}

RoleAuthority RoleAuthority::of(const Root& root, const RoleName& role) {
  const RoleKeys& keys = root.role(role);
  return {root.keys, keys.key_ids, keys.threshold};
}

RoleAuthority RoleAuthority::of_root(const Root& root, const Gun& gun, std::optional<Time> now,
                                     std::vector<std::string>* problems) {
  RoleAuthority authority = of(root, RoleName::root());
  std::erase_if(authority.keys_, [&](const PublicKey& key) {
    const auto problem = root_certificate_problem(key, gun.text(), now);
    if (problem && problems) problems->push_back("root key " + key.id().short_form() + ": " + *problem);
    return problem.has_value();
  });
  return authority;
}

std::size_t RoleAuthority::key_pairs() const {
  std::set<KeyId> pairs;
  for (const PublicKey& key : keys_) pairs.insert(key.canonical_id());
  return pairs.size();
}

bool RoleAuthority::approves(std::string_view signed_text, const std::vector<Signature>& signatures) const {
  return is_reached_by(signers(signed_text, signatures));
}

std::set<KeyId> RoleAuthority::signers(std::string_view signed_text,
                                       const std::vector<Signature>& signatures) const {
  std::set<KeyId> signers;
  for (const PublicKey& key : keys_) {
    if (tuf::is_signed_by(key, signed_text, signatures)) signers.insert(key.id());
  }
  return signers;
}

bool RoleAuthority::is_reached_by(const std::set<KeyId>& signers) const {
  std::set<KeyId> pairs;  // canonical IDs: what counts is the key pair
  for (const PublicKey& key : keys_) {
    if (signers.contains(key.id())) pairs.insert(key.canonical_id());
  }
  return !pairs.empty() && pairs.size() >= static_cast<std::size_t>(threshold_);
}

bool TrustPin::accepts(const Metadata<Root>& root, const Gun& gun, std::optional<Time> now) const {
  const RoleAuthority authority = RoleAuthority::of_root(root.body, gun, now);
  return std::any_of(authority.keys().begin(), authority.keys().end(), [&](const PublicKey& key) {
    const bool pinned = key_ids.contains(key.id()) || key_ids.contains(key.canonical_id()) ||
                        (!ca_pem.empty() && now && chains_to(key, ca_pem, *now));
    return pinned && is_signed_by(key, root.signed_text, root.signatures);
  });
}

}  // namespace tuf
