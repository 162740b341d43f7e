// What builders write down, and release files: metadata, digest files, manifests. What is read can be chosen
// again by each of its names, and nothing of it forges a line.
//
// Input: 'm' metadata, 'd' digest file, 'f' manifest file or 'r' release, then the file.
#include "agent/image/built_image.h"
#include "agent/image/manifest.h"
#include "agent/image/release_file.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"
#include "tuf/base/printable.h"

namespace {

void check(const std::vector<agent::BuiltImage>& images) {
  fuzz::require(!images.empty(), "a file without an image is refused");
  for (const agent::BuiltImage& image : images) {
    fuzz::require(!image.length || *image.length > 0, "a size is positive");
    for (const agent::ImageReference& name : image.names) {
      fuzz::require(agent::parse_image(name.gun.text()).gun == name.gun, "a name is normalised");
      const auto chosen =
          fuzz::attempt([&] { return choose_built_image(images, name, std::nullopt, "FILE").digest; });
      if (chosen && images.size() == 1) fuzz::require(*chosen == image.digest, "the only image is chosen");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::as_text(data, size);
  if (input.empty()) return 0;
  const std::string_view content = input.substr(1);
  const fuzz::MemoryFile file(content);
  if (input.front() == 'm') {
    if (const auto images = fuzz::attempt([&] { return agent::read_metadata_file(file.path()); }))
      check(*images);
  } else if (input.front() == 'd') {
    if (const auto images = fuzz::attempt([&] { return agent::read_digest_file(file.path()); }))
      check(*images);
  } else if (input.front() == 'f') {
    const auto manifest = fuzz::attempt([&] { return agent::read_manifest_file(file.path()); });
    if (!manifest) return 0;
    fuzz::require(manifest->digest == agent::Digest::of(content), "the digest is that of the bytes");
    fuzz::require(agent::is_manifest_type(manifest->media_type), "the type is one that clients pull");
  } else if (input.front() == 'r') {
    const auto entries = fuzz::attempt([&] { return agent::read_release_file(file.path()); });
    if (!entries) return 0;
    for (const agent::ReleaseEntry& entry : *entries) {
      fuzz::require(!entry.image.empty(), "an entry names an image");
      fuzz::require(!entry.sources.size || *entry.sources.size > 0, "a size is positive");
    }
  }
  return 0;
}
