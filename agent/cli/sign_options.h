// What `sign` is told: for itself, and for `doctor`, which looks at what that very `sign` would need.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/cli/image_options.h"
#include "agent/cli/policy_options.h"
#include "agent/work/release_signer.h"

namespace agent {

struct SignOptions {
  ImageOptions images;
  std::vector<std::string> roles;
  std::optional<std::string> receipt;
  std::vector<std::string> annotations;
  bool no_provenance = false;
  bool no_bound = false;
  bool keep_going = false;
  PolicyOptions policy;

  /// Throws kInvalidRole, kUsage.
  SigningChoices choices() const;
};

/// All of them but those that name the images.
void add_sign_options(CLI::App* command, SignOptions& options);

}  // namespace agent
