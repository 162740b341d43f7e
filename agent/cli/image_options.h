// How images to sign are named on the command line.
#pragma once

#include "agent/cli/grammar.h"
#include "agent/work/images_to_sign.h"

namespace agent {

/// IMAGE… and --release: what is to be signed.
void add_images_to_sign(CLI::App* command, ImageOptions& options);
/// Where digest and size come from.
void add_source_options(CLI::App* command, ImageOptions& options);

}  // namespace agent
