// Foreign entries: what stands in `targets/releases` though nobody whose signature counts vouches for it.
//
// Signing releases signs the whole file, so whoever signs next would put their name under these entries too.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/policy/judge.h"

namespace agent {

struct ForeignEntry {
  std::string name;
  std::string digest;  // `sha256:…`; may be empty
  std::vector<std::string>
      signers;  // who signed the file in which it stands: users, or keys with their roles
  std::vector<tuf::RoleName> roles;  // identities in which it stands as well

  /// "evil (sha256:…) in a file signed by key 1a2b3c4 of targets/mallory, and in targets/mallory"
  std::string text() const;
};

/// What else is known of entries of releases, by name.
struct KnownEntries {
  /// A releases file that was checked like this when it was signed here; nullptr without one.
  const tuf::Targets* checked_before = nullptr;
  /// What is about to be signed by somebody whose signature counts.
  std::map<std::string, tuf::Bytes> about_to_be_signed = {};
};

/// In order of their names. Also those of a releases file that has expired: signing would revive it.
std::vector<ForeignEntry> foreign_entries(const Policy& policy, const SignedState& state, const Judge& judge,
                                          const KnownEntries& known);

}  // namespace agent
