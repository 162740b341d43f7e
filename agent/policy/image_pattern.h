// ImagePattern: what a rule of a policy applies to.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "agent/policy/glob.h"

namespace agent {

/// Repositories, and of them the tags that the part behind `:` matches.
struct ImagePattern {
  Glob repository;
  std::optional<Glob> tag;

  /// Reads `REPOSITORY` or `REPOSITORY:TAG`. Throws kPolicyMalformed, with the reason, for what is no pattern
  /// and for a repository that no image can be of: images are compared by the names that Docker writes out
  /// (image_reference.h), so such a rule would be dead, and a weaker one decide in its place.
  static ImagePattern parse(const std::string& text);

  /// Characters that are no wildcards: the longest match decides.
  std::size_t literals() const { return repository.literals() + (tag ? tag->literals() : 0); }
  std::string text() const { return repository.text() + (tag ? ":" + tag->text() : ""); }
};

}  // namespace agent
