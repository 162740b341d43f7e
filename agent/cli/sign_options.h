// What `sign` is told: for itself, and for `doctor`, which looks at what that very `sign` would need.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/cli/guarding.h"
#include "agent/cli/wanted_images.h"

namespace agent {

struct SignOptions {
  ImageOptions images;
  std::vector<std::string> roles;
  bool allow_move = false;
  std::optional<std::string> receipt;
  std::vector<std::string> annotations;
  bool no_provenance = false;
  bool no_bound = false;
  PolicyOptions policy;
};

/// All of them but those that name the images.
void add_sign_options(CLI::App* command, SignOptions& options);

/// Everything that `sign` does with these images of one repository, but publishing. Throws what it would
/// throw.
SignedImages rehearse_signing(const SignOptions& options, const tuf::Gun& gun,
                              const std::vector<WantedImage>& images, Run& run, Report& report);

}  // namespace agent
