// ImageReference: what IMAGE and REPO on the command line mean, normalised the way Docker does it: `alpine:3`
// is `docker.io/library/alpine`, tag `3`. The GUN of the trust data is the normalised repository name
// (section 8.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/names/digest.h"
#include "tuf/names/role_name.h"

namespace agent {

struct ImageReference {
  tuf::Gun gun;          // "docker.io/library/alpine"
  std::string registry;  // "docker.io", "registry.example.com:5000", "[::1]:5000"
  std::optional<std::string> tag;
  std::optional<Digest> digest;
};

/// Reads `[registry/]repository[:tag][@sha256:…]`. No tag is made up: without one there is none. Throws
/// kInvalidReference, kInvalidTag, kInvalidDigest.
ImageReference parse_image(std::string_view text);

/// Reads a REPO operand: a repository without tag and digest, normalised like an image, so that the same
/// words mean the same repository in every command. What Docker would refuse is taken as it is, as `notary`
/// does, when it begins with a host (`reg.example.com/Team/App`). Throws kInvalidReference.
tuf::Gun parse_repository(std::string_view text);

/// Whether the first segment of a name is the host of a registry, with or without a port: of other names it
/// is part of a repository on Docker Hub.
bool is_registry(std::string_view segment);

/// The first segment of a GUN: the registry of an image's GUN.
std::string registry_of(const tuf::Gun& gun);

/// Docker's grammar of a tag.
bool is_valid_tag(std::string_view text);

}  // namespace agent
