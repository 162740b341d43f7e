// TagView: what a repository says of its tags, as pullers see it (section 8.4).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tuf/trust/trusted_repository.h"

namespace tuf {

/// One name with one digest; a name that stands with several digests has several views.
struct TagView {
  std::string name;
  Target target;
  /// Every usable role that holds the name with this digest, `targets` first, then in order of priority; not
  /// one whose entry was signed for another role or repository (bound.h).
  std::vector<RoleName> roles;
  /// This is what a puller gets: the entry of `targets/releases`, or else that of `targets`. Nothing is
  /// released while the file of `targets/releases` is missing or malformed.
  bool released = false;

  bool is_in(const RoleName& role) const;
  /// Of a released view: the role from which pullers get it.
  const RoleName& releasing_role() const;
  /// `sha256:…`; empty for an entry without a SHA-256.
  std::string digest() const;
  /// The delegations directly below `targets`, other than `releases`, that hold it: names without `targets/`.
  std::vector<std::string> signers() const;
};

/// Whether nobody can tell what `targets/releases` holds. The official clients refuse such a repository, so
/// nothing in it is released; a role that is expired or no longer well signed they pass over (section 7.4).
/// What reaches the threshold for them alone, by one key under two IDs, they take and we do not.
bool hides_releases(const TrustedRepository& repository);

/// All tags by name; for one name the released view first.
std::vector<TagView> view_tags(const TrustedRepository& repository);
/// The views of one name.
std::vector<TagView> view_tag(const TrustedRepository& repository, const std::string& name);

}  // namespace tuf
