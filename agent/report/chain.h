// Chain: the chain of trust of one repository as a picture shows it: which role vouches for which, with whose
// keys, until when, and for which tags. Bounded, whatever a repository holds: what is left out is counted.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tuf/trust/trusted_repository.h"
#include "tuf/view/tag_view.h"

namespace agent {

struct ChainKey {
  std::string id;           // short form of the canonical ID
  std::string kind;         // "EC P-256"; "of no use" for what can verify nothing
  bool has_signed = false;  // the present file
};

struct ChainTag {
  std::string name;
  std::string digest;    // hex; may be empty
  bool released = true;  // this is what pullers get
};

struct ChainRole {
  enum class State { kUsable, kNearingExpiry, kEmpty, kUnusable };

  std::string name;
  std::string purpose;               // what it vouches for, in a few words
  std::optional<std::size_t> above;  // who vouches for it: its place in the chain; none for root
  State state = State::kUsable;
  std::string state_word;    // "expired", "below threshold", …; empty for what is usable
  std::string problem;       // why it is unusable
  std::int64_t version = 0;  // 0: of no file that could be read
  std::optional<tuf::Time> expires = std::nullopt;
  std::optional<tuf::Time> certificate_expires = std::nullopt;  // root: the first of its certificates
  int threshold = 1;
  std::vector<ChainKey> keys;
  std::size_t more_keys = 0;
  std::vector<std::string> paths;  // empty: all names
  std::size_t more_paths = 0;
  bool admits_nothing = false;  // it has no paths at all
  std::vector<ChainTag> tags;
  std::size_t more_tags = 0;
  std::size_t more_below = 0;           // delegations that are not in the picture
  std::size_t more_unusable_below = 0;  // of these
};

struct Chain {
  static constexpr std::size_t kMaxKeys = 4;          // of a role
  static constexpr std::size_t kMaxTags = 6;          // of a role
  static constexpr std::size_t kMaxPaths = 3;         // of a role
  static constexpr std::size_t kMaxDelegations = 24;  // what cannot be used before what can
  static constexpr std::size_t kMaxDepth = 3;         // levels of delegations below `targets`

  std::string gun;
  std::string server;
  std::string trust_root;
  tuf::Time read_at;
  std::vector<ChainRole> roles;  // root, targets, snapshot, timestamp; then delegations, parents first

  /// `tags` are those that the picture is about.
  static Chain of(const tuf::TrustedRepository& repository, const std::vector<tuf::TagView>& tags,
                  const std::string& server);

  /// The whole picture in sentences, for who does not see it.
  std::string in_words() const;
};

/// "49990" as "49,990".
std::string grouped(std::size_t number);
/// "and 49,990 more tags"; empty for none.
std::string and_more(std::size_t number, std::string_view what);
/// "1 of 2 keys must sign": what a role's threshold demands.
std::string demanded_keys(const ChainRole& role);
/// "version 7, until 2029-11-30", as far as it is known.
std::string validity(const ChainRole& role);

}  // namespace agent
