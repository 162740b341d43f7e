// TrustedRepository: the verified trust data of one repository. It cannot hold anything unverified: every
// file comes in through an `accept_…` that checks it against what was accepted before, in the order root,
// timestamp, snapshot, targets, delegations from the top down. Whatever takes a TrustedRepository has been
// verified.
//
// No I/O and no clock: bytes and the time of the run come in as parameters. The rules are those of section 7
// without the holes of the official clients: versions never fall below what was ever seen, equal versions
// have equal bytes, hashes and lengths are exact, every role's expiry is checked.
//
// Errors: kMalformedMetadata, kBadSignature, kExpired, kRollback, kHashMismatch, kBadRootCertificate,
// kPinMismatch. After an error the object stays as it was before the call.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tuf/base/digest.h"
#include "tuf/base/error.h"
#include "tuf/metadata/codec.h"
#include "tuf/trust/role_authority.h"
#include "tuf/trust/trust_pin.h"

namespace tuf {

/// What was seen of a role before: the memory against rollback. It binds only while the keys that have signed
/// it are those of the role: a role that was given new keys starts over (fast-forward recovery).
struct SeenFile {
  std::int64_t version = 0;
  Bytes sha256;
  SharedText signed_text;
  std::vector<Signature> signatures;

  template <class T>
  static SeenFile of(const Metadata<T>& file) {
    return {file.body.version, file.bytes.sha256(), file.signed_text, file.signatures};
  }
};

/// What is read below one direct child of `targets`. Each has this much for itself, so that no signer can use
/// up what others need; within it, those nearer to `targets` come first.
inline constexpr std::size_t kMaxDelegationsBelow = 512;
inline constexpr std::size_t kMaxKeysBelow = 2048;  // that these delegations list, all together
/// Most memory that all these files take, as Metadata::memory counts.
inline constexpr std::size_t kMaxMemoryBelow = kMaxJsonMemoryWithText;

/// A delegation with what became of its file. What is wrong with one delegation is no reason to distrust the
/// others, so it does not fail the load; nothing is ever read from it.
struct Delegation {
  enum class State {
    kUsable,
    kExpired,         // verified, but out of date: readers skip it, its signer may renew it
    kBelowThreshold,  // a file is there, but not (any more) signed by the role's keys
    kMalformed,       // the file that the snapshot names cannot be read, or is more than is read
    kMissing,         // the file that the snapshot names cannot be had
    kEmpty,           // nothing was ever published in it
  };
  DelegationRole role;              // as the parent defines it
  std::vector<std::string> paths;   // those of role.paths that count (section 3.6)
  std::map<KeyId, KeyObject> keys;  // those of role.key_ids that the parent's file has
  RoleAuthority authority;          // of those keys
  State state = State::kEmpty;
  std::optional<Error> problem = {};               // why it is neither usable nor empty
  std::optional<Metadata<Targets>> metadata = {};  // with kUsable and kExpired
  std::set<KeyId> signers = {};                    // listed keys that have signed it, each by its ID
  std::int64_t stored_version = 0;                 // of the file, 0 where it could not be read
  bool over_limit = false;                         // left out for what it takes to read it
  bool counted_twice = false;                      // below threshold here, but not for official clients
  std::optional<Error> unread_below = {};          // why none of what it delegates to is read, though usable

  /// Whether the key, listed or not, has signed the file; false where none is read.
  bool is_signed_by(const PublicKey& key) const;
  /// Whether it would still be verified if these were the keys of the role.
  bool is_approved_by(const RoleAuthority& other) const;
};

/// "usable", "expired", "below threshold", "malformed", "missing", "empty".
std::string_view to_string(Delegation::State state);

/// What somebody puts up with who is about to sign anew what is wrong with a repository. Signatures, versions
/// and what was seen count all the same; but nothing that is read in this way may be shown as valid.
struct Tolerance {
  bool expiry = false;      // of top roles
  bool other_form = false;  // files of root, targets and delegations that are not those the snapshot names
  bool lapsed_certificate = false;  // of the root's keys, which are about to get another one

  /// At which the certificates of root keys must hold; nullopt: their dates do not matter.
  std::optional<Time> certificate_date(Time now) const {
    return lapsed_certificate ? std::nullopt : std::optional(now);
  }
};

class TrustedRepository {
 public:
  TrustedRepository(Gun gun, Time now, std::map<RoleName, SeenFile> seen = {});

  void tolerate(const Tolerance& tolerance) { tolerance_ = tolerance; }

  // --- loading -----------------------------------------------------------------------------------------
  /// First contact: a root that signs itself and that `pin` accepts; without a pin it is trusted as it is
  /// (trust on first use: the caller has been told to).
  void accept_first_root(SharedText bytes, const TrustPin* pin);
  /// The same of a pinned root that later ones have followed: as in the chain itself, dates only matter for
  /// the last one. No CA pin accepts it, which vouches for a certificate only while that is valid.
  void accept_superseded_root(SharedText bytes, const TrustPin& pin);
  /// A root of this repository that was verified by an earlier run. Its own expiry does not matter yet.
  void accept_known_root(SharedText bytes);
  /// The next root of the chain: version exactly one higher, signed by the present root role and by its own.
  /// The same bytes as the present root are accepted and change nothing.
  void accept_next_root(SharedText bytes);
  /// Ends the root phase: neither the root in use nor the certificates that vouch for it may be expired, and
  /// it must not be older than what was seen.
  void accept_timestamp(SharedText bytes);
  void accept_snapshot(SharedText bytes);
  /// In place of a timestamp and the snapshot that it names: the newest snapshot of a repository whose server
  /// can make no timestamp any more, because a snapshot that it cannot sign has expired (section 2.6). Only
  /// with Tolerance::expiry.
  void accept_unstamped_snapshot(SharedText bytes);
  void accept_targets(SharedText bytes);
  /// For every role of `wanted_delegations`, parents before children. nullopt if the snapshot does not list
  /// the role, or if the file that it names cannot be had.
  void accept_delegation(const RoleName& name, std::optional<SharedText> bytes);
  /// In its place, for a role whose file is too much to be read: it becomes kMalformed, with `why`.
  void leave_out_delegation(const RoleName& name, const Error& why);

  /// Delegations that are defined by accepted parents and not yet accepted themselves, with what the snapshot
  /// says of their files (nullopt: not listed, nothing to fetch). Parents before children, and level by
  /// level.
  std::vector<std::pair<RoleName, std::optional<FileMeta>>> wanted_delegations() const;
  /// What verified metadata says of `snapshot`, `targets` or `root`. Throws kInternal if asked too early.
  const FileMeta& expected(const RoleName& name) const;

  // --- what is known -----------------------------------------------------------------------------------
  const Gun& gun() const { return gun_; }
  Time now() const { return now_; }
  const Metadata<Root>& root() const { return get(root_); }
  const Metadata<Timestamp>& timestamp() const { return get(timestamp_); }
  const Metadata<Snapshot>& snapshot() const { return get(snapshot_); }
  const Metadata<Targets>& targets() const { return get(targets_); }
  bool has_root() const { return root_.has_value(); }
  bool has_timestamp() const { return timestamp_.has_value(); }
  /// All delegations, parents before children, in order of priority.
  const std::vector<Delegation>& delegations() const { return delegations_; }
  const Delegation* find_delegation(const RoleName& name) const;
  /// That there is no role of that name: or, if it would stand below one whose delegations are more than is
  /// read, that. kRoleNotFound, kMalformedMetadata.
  Error no_such_role(const RoleName& name) const;

  /// Whether a target of that name counts in this role: one of the role's paths that count admits it (section
  /// 3.6). Always true for `targets`.
  bool admits(const RoleName& role, std::string_view target_name) const;
  /// The target in this very role; nullopt if the role is not usable, has none, or must not have it.
  std::optional<TargetMap::Entry> find_entry(const RoleName& role, std::string_view target_name) const;
  /// The same, read.
  std::optional<Target> find_target(const RoleName& role, std::string_view target_name) const;

 private:
  template <class T>
  static const T& get(const std::optional<T>& part);
  /// What was seen of the role and still binds it; nullptr if there is nothing.
  bool has_seen(const RoleName& name, const RoleAuthority& authority) const;
  template <class T>
  void check_seen(const RoleName& name, const RoleAuthority& authority, const Metadata<T>& metadata) const;
  Error expired(const std::string& what, Time expires) const;
  void check_expiry(const std::string& what, Time expires) const;
  Error no_root_key(const std::string& what, const Root& root,
                    const std::vector<std::string>& problems) const;
  /// How a delegation whose file nobody can read comes back.
  std::string way_to_empty(const RoleName& role) const;
  Delegation define(const RoleName& name) const;
  void add(Delegation delegation);
  /// Counts what a usable delegation delegates to, or says in it that this is more than is read.
  void count_memory(Delegation& delegation);
  void count_children(Delegation& delegation);
  /// Fills in what becomes of the file that the snapshot lists for a delegation.
  void read_file(Delegation& delegation, const FileMeta& listed, std::optional<SharedText> bytes) const;
  void start_with(SharedText bytes, const TrustPin* pin, std::optional<Time> certificate_date);
  void check_final_root(const Metadata<Root>& root) const;
  /// That the file is the one that the snapshot names.
  void check_named(const std::string& what, const FileMeta& expected, const SharedText& bytes) const;
  void verify_snapshot(SharedText bytes);

  Gun gun_;
  Time now_;
  Tolerance tolerance_;
  std::map<RoleName, SeenFile> seen_;
  std::optional<Metadata<Root>> root_;
  std::optional<Metadata<Timestamp>> timestamp_;
  std::optional<Metadata<Snapshot>> snapshot_;
  std::optional<Metadata<Targets>> targets_;
  std::vector<Delegation> delegations_;
  std::map<RoleName, std::size_t> indices_;  // in delegations_
  struct Load {
    std::size_t delegations = 0;
    std::size_t keys = 0;
    std::size_t memory = 0;
  };
  std::map<RoleName, Load> below_;  // direct children of targets
};

}  // namespace tuf
