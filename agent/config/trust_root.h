// What `--trust-root REF` and `trust_pinning` name, made into the pin that the first root must show
// (section 7.8).
#pragma once

#include <filesystem>
#include <string_view>

#include "tuf/trust/trust_pin.h"

namespace agent {

/// REF is a key ID (TUF or canonical, 64 hex digits) or a PEM file: a public key or certificate, which
/// becomes its key IDs, or certificates of authorities (basicConstraints CA:TRUE), to which the root's
/// certificate must chain. Throws kUsage if it is neither, kFileUnreadable if the file cannot be used.
tuf::TrustPin parse_trust_root(std::string_view ref);

/// A file of `trust_pinning.ca`: its certificates are anchors, whatever they say of themselves.
tuf::TrustPin read_ca_pin(const std::filesystem::path& file);

}  // namespace agent
