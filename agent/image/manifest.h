// Manifest: the document that a tag points to, and that is signed: an image's manifest, or the index of an
// image for several platforms (OCI or Docker). Its digest and length are those of its exact bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "agent/names/digest.h"

namespace agent {

/// Longest manifest that is read; registries refuse more than 4 MiB.
inline constexpr std::size_t kMaxManifestLength = 8 << 20;

struct Platform {
  std::string os;
  std::string architecture;
  std::string variant;  // may be empty

  /// `linux/arm64/v8`
  std::string text() const;
  bool operator==(const Platform&) const = default;
};

/// An image of an index. The index is what speaks here: nobody has looked at the image itself.
struct ManifestChild {
  Platform platform;
  std::string digest;  // as it is written there
  std::int64_t length = 0;
};

struct Manifest {
  Digest digest;
  std::int64_t length = 0;              // bytes
  std::string media_type;               // one of the four of `is_manifest_type`
  std::vector<ManifestChild> children;  // of an index: its images; attestations are left out
};

/// The image manifest and index types of OCI and Docker.
bool is_manifest_type(std::string_view media_type);

/// Hashes and describes `content`. `media_type` is what whoever holds the bytes says they are; empty if
/// nothing was said. Throws kFileUnreadable if the bytes are no manifest, or one of another type: a client
/// that is told the other type would read another image. Members that are not needed may be anything.
Manifest describe_manifest(std::string_view content, std::string_view media_type);

/// A manifest in a file by itself (`--manifest FILE`), as `skopeo inspect --raw` writes it. One that does not
/// say what it is, which OCI allows, is told by its members. Throws kFileUnreadable.
Manifest read_manifest_file(const std::filesystem::path& path);

}  // namespace agent
