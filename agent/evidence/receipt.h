// Receipt: what one run of `sign` has published and read back, signed with the key that signed it. A
// statement of type `countersign-receipt/v1`, kept as one line in a file of its own:
//
//   time, command, countersign (version), ci (what the CI says), policy (verdict, if there was one),
//   repositories: with every role that has a file: version, length, sha256, expires, key
//   IDs; targets with digest, length, roles and status. The timestamp's entry tells what the store vouched
//   for.
//
// It proves that whoever has the key said so. That it is true of a repository is checked against that.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/evidence/published.h"
#include "agent/evidence/statement.h"
#include "tuf/trust/trusted_repository.h"
#include "tuf/view/provenance.h"

namespace agent {

inline constexpr std::string_view kReceiptType = "countersign-receipt/v1";

struct ReceiptContent {
  std::string command;
  tuf::Time time;
  tuf::Provenance ci;               // what the CI says
  std::optional<tuf::Json> policy;  // the verdict; strings in it are printable
  std::vector<PublishedRepository> repositories;
};

/// The file. Throws the KEY errors.
std::string write_receipt(const ReceiptContent& content,
                          const std::vector<std::shared_ptr<tuf::Signer>>& signers);

struct ReceiptRole {
  tuf::RoleName name;
  std::int64_t version;
  std::string sha256;  // hex
};
struct ReceiptTarget {
  std::string name;
  std::string digest;
  std::int64_t length;
  std::vector<tuf::RoleName> roles;
  std::string status;
};
struct ReceiptRepository {
  tuf::Gun gun;
  std::vector<ReceiptRole> roles;
  std::vector<ReceiptTarget> targets;
};

struct Receipt {
  Statement statement;
  tuf::Time time;
  std::vector<ReceiptRepository> repositories;

  /// At most this long, in bytes.
  static constexpr std::size_t kMaxLength = 16 << 20;

  /// Throws kReceiptInvalid: changed, not signed, or not a receipt. `what` names it.
  static Receipt read(std::string_view text, const std::string& what);
};

/// What has become of one target since.
struct TagFinding {
  enum class State { kUnchanged, kMoved, kGone };
  std::string name;
  tuf::RoleName role;
  State state;
  std::string digest;  // now; empty if it is gone
};

/// Whether the repository bears the receipt out. Throws kReceiptInvalid if too few of a role's keys have
/// signed the receipt, if the repository has another file of the same version, or only older ones. What its
/// tags point to may have changed since: one finding for each tag and role.
std::vector<TagFinding> compare_with_repository(const Receipt& receipt, const ReceiptRepository& published,
                                                const tuf::TrustedRepository& repository);

}  // namespace agent
