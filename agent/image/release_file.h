// ReleaseFile: a whole release in one file (`--release`): images of any number of repositories, each with its
// sources. Strict, so that a slip of the pen signs nothing:
//
//   { "schema": "countersign/release/v1",
//     "images": [ { "image": "registry.example.com/team/app:1.2", "metadata-file": "app.json" },
//                 { "image": "registry.example.com/team/db:1.2@sha256:…", "size": 1573 },
//                 { "image": "registry.example.com/team/app:app-1.2.tgz", "file": "dist/app-1.2.tgz" } ] }
//
// The members are called as the options are: size, oci-layout, metadata-file, digest-file, manifest, file.
// Relative paths are relative to the folder of the release file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "agent/image/image_source.h"

namespace agent {

struct ReleaseEntry {
  std::string image;  // as an operand of `sign`
  SourceOptions sources;
  std::optional<std::string> file;  // a target that is no image; then there are no sources
};

/// Throws kFileUnreadable for a file that cannot be read, kConfig for one that is malformed: an unknown or
/// doubled member, another schema, no images.
std::vector<ReleaseEntry> read_release_file(const std::filesystem::path& path);

}  // namespace agent
