// RoleAuthority: the keys that may sign for a role and how many of them must (section 4.2).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tuf/keys/public_key.h"
#include "tuf/metadata/codec.h"

namespace tuf {

/// True if one of `signatures` is by `key` under its very ID and verifies.
bool is_signed_by(const PublicKey& key, std::string_view signed_text,
                  const std::vector<Signature>& signatures);

class RoleAuthority {
 public:
  /// Keys that are not listed, unusable or of an unknown kind cannot sign and are left out.
  RoleAuthority(const std::map<KeyId, KeyObject>& keys, const std::vector<KeyId>& key_ids, int threshold);

  /// Of keys that are all usable.
  RoleAuthority(std::vector<PublicKey> keys, int threshold) : keys_(std::move(keys)), threshold_(threshold) {}

  /// For a top role of `root`.
  static RoleAuthority of(const Root& root, const RoleName& role);
  /// The root role itself: only certificates that are valid for `gun` at `now` count (section 7.3), or at any
  /// time if there is no `now`. `problems`, if given, gets one sentence for every key that does not.
  static RoleAuthority of_root(const Root& root, const Gun& gun, std::optional<Time> now,
                               std::vector<std::string>* problems = nullptr);

  const std::vector<PublicKey>& keys() const { return keys_; }
  int threshold() const { return threshold_; }
  /// Distinct key pairs, which is what a threshold counts.
  std::size_t key_pairs() const;

  /// True if at least `threshold` distinct public keys have signed `signed_text`. The same key bare and in a
  /// certificate counts once, and so does a key that signed twice.
  bool approves(std::string_view signed_text, const std::vector<Signature>& signatures) const;
  /// Which of the listed keys have signed, by the ID under which each did, and not only as many as are
  /// needed.
  std::set<KeyId> signers(std::string_view signed_text, const std::vector<Signature>& signatures) const;
  /// The same as `approves`, of those that `signers` found.
  bool is_reached_by(const std::set<KeyId>& signers) const;

 private:
  std::vector<PublicKey> keys_;
  int threshold_;
};

}  // namespace tuf
