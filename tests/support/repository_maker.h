// RepositoryMaker: a whole repository with software keys, as a trust server would hold it.
//
//   test::RepositoryMaker repository;                        // root, targets, snapshot and timestamp,
//   version 1 auto jenkins = test::TestSigner::generate(); repository.add_delegation("targets/jenkins",
//   jenkins);   // all paths, threshold 1 repository.set_target("targets/jenkins", "1.0",
//   test::make_target("1.0")); repository.publish();                                    // the changed roles,
//   a new snapshot and timestamp repository.newest("timestamp"); repository.with_version("root", 1);
//   repository.with_hash(digest); tuf::TrustedRepository trusted = test::load(repository);
//
// Bodies and signers are open: an attack changes them and publishes. `store` takes bytes as they are, as the
// server takes a POST.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/support/test_signer.h"
#include "tuf/edit/sign_metadata.h"
#include "tuf/metadata/codec.h"
#include "tuf/trust/trusted_repository.h"

namespace test {

/// 2026-11-21T22:00:00Z, the clock at which the recorded vectors are valid too.
inline constexpr tuf::Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} +
                                std::chrono::hours{22}};

/// A target whose digest and length are those of `content`.
tuf::Target make_target(std::string_view content);

class RepositoryMaker {
 public:
  using Signers = std::vector<std::shared_ptr<TestSigner>>;

  /// Version 1 of the four top roles, published. `now` is the time from which validity counts.
  explicit RepositoryMaker(const std::string& gun = "registry.example.com/team/app", tuf::Time now = kNow);

  tuf::Gun gun;
  tuf::Time now;

  // --- bodies, to be changed freely; versions are raised by `publish`
  tuf::Root root;
  std::map<std::string, tuf::Targets> targets;  // "targets" and every delegation
  tuf::Snapshot snapshot;
  tuf::Timestamp timestamp;

  /// Who signs a role's file. Each signs once for every key ID that the role lists of it.
  std::map<std::string, Signers> signers;
  TestSigner& signer(const std::string& role) { return *signers.at(role).front(); }
  /// Every private key of the repository, for drafts and key rings.
  tuf::SignerFor signer_for() const;

  // --- changes; they take effect with `publish`
  /// Adds the delegation to its parent. `listed`, if given, are the keys as the role lists them (for example
  /// certificates); otherwise the bare keys of `by`.
  void add_delegation(const std::string& role, Signers by, std::vector<std::string> paths = {""},
                      int threshold = 1, std::vector<tuf::PublicKey> listed = {});
  void add_delegation(const std::string& role, std::shared_ptr<TestSigner> by,
                      std::vector<std::string> paths = {""}) {
    add_delegation(role, Signers{std::move(by)}, std::move(paths));
  }
  void remove_delegation(const std::string& role);  // as the server does: its file stays in the snapshot
  void set_target(const std::string& role, const std::string& name, const tuf::Target& target);
  void remove_target(const std::string& role, const std::string& name);
  /// New key for a top role. For `root` the old key signs the next version too, and `spec` may replace the
  /// certificate's content.
  void rotate(const std::string& role, std::shared_ptr<TestSigner> to = TestSigner::generate(),
              std::optional<CertificateSpec> spec = std::nullopt);
  /// Marks a role to be signed again: its body was changed by hand, or is to have a first, empty file.
  void touch(const std::string& role) { changed_.insert(role); }

  /// A certificate as the official client makes it: common name the GUN, valid for ten years from `now`.
  CertificateSpec root_certificate() const;
  /// The key of `signer` in a certificate.
  static tuf::PublicKey certified(const TestSigner& signer, const CertificateSpec& spec);

  /// Signs every changed role with its version raised by one (a first delegation file gets 1), then makes a
  /// new snapshot and a new timestamp.
  void publish();

  // --- files, as a server keeps them
  /// Stores bytes as they are, without a new snapshot or timestamp.
  void store(const std::string& role, std::string bytes);
  /// A new snapshot (version + 1, entries of all newest files) and timestamp.
  void publish_snapshot();
  /// A new timestamp that names the newest snapshot file.
  void publish_timestamp();
  /// The file of a body as it stands, signed by the role's signers, with every key ID the role lists.
  std::string sign_role(const std::string& role) const;
  /// The file of any signed text.
  std::string sign_text(const std::string& role, std::string_view signed_text) const;

  std::optional<std::string> newest(const std::string& role) const;
  std::optional<std::string> with_version(const std::string& role, std::int64_t version) const;
  std::optional<std::string> with_hash(const tuf::Bytes& sha256) const;
  /// Newest file of every role.
  const std::map<std::string, std::string>& files() const { return newest_; }

 private:
  std::vector<tuf::PublicKey> listed_keys(const std::string& role) const;

  std::set<std::string> changed_;
  std::map<std::string, std::string> newest_;
  std::map<std::pair<std::string, std::int64_t>, std::string> by_version_;
  std::map<tuf::Bytes, std::string> by_hash_;
};

/// Loads everything as a client does: the root by `pin` (nullptr: as it is) or from `known_root`, the chain
/// of roots up to the newest, timestamp, snapshot, targets and all delegations. Throws what TrustedRepository
/// throws.
struct LoadOptions {
  std::optional<tuf::Time> now;  // default: that of the repository
  const tuf::TrustPin* pin = nullptr;
  std::optional<std::string> known_root;
  std::map<tuf::RoleName, tuf::SeenFile> seen;
};
tuf::TrustedRepository load(const RepositoryMaker& repository, const LoadOptions& options = {});

/// What a client remembers after `trusted` was loaded.
std::map<tuf::RoleName, tuf::SeenFile> seen_in(const tuf::TrustedRepository& trusted);

}  // namespace test
