// OCI layouts: what is signed is the digest and the length of bytes that are really there, and of a type that
// its descriptor and the bytes agree on.
//
// Input: REF or nothing, a line break, index.json, a line `---`, the manifest. In index.json `@D` stands for
// the manifest's digest and `@L` for its length.
#include "agent/image/oci_layout.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

namespace {

std::string tar_entry(const std::string& name, std::string_view content) {
  std::string header(512, '\0');
  header.replace(0, name.size(), name);
  char size[13];
  static_cast<void>(std::snprintf(size, sizeof size, "%011zo", content.size()));
  header.replace(124, 11, size);
  header[156] = '0';
  header.replace(257, 5, "ustar");
  header.replace(263, 2, "00");
  header.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  static_cast<void>(std::snprintf(size, sizeof size, "%06o", sum));
  header.replace(148, 7, size, 7);
  return header + std::string(content) + std::string((512 - content.size() % 512) % 512, '\0');
}

std::string replace(std::string text, std::string_view what, const std::string& by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view blob = fuzz::as_text(data, size);
  const std::string_view ref = fuzz::take_part(blob, "\n");
  std::string index(fuzz::take_part(blob, "\n---\n"));
  const agent::Digest digest = agent::Digest::of(blob);
  index = replace(replace(std::move(index), "@D", digest.text()), "@L", std::to_string(blob.size()));
  const fuzz::MemoryFile file(tar_entry("index.json", index) +
                              tar_entry("blobs/sha256/" + digest.hex(), blob) + std::string(1024, '\0'));

  agent::SourceLocation location{file.path(), std::nullopt};
  if (!ref.empty()) location.name = ref;
  const auto manifest = fuzz::attempt([&] { return agent::read_layout(location); });
  if (!manifest) return 0;
  fuzz::require(manifest->digest == digest, "the digest is that of the bytes");
  fuzz::require(manifest->length == static_cast<std::int64_t>(blob.size()), "the length is theirs too");
  fuzz::require(agent::is_manifest_type(manifest->media_type), "the type is one that clients pull");
  for (const agent::ManifestChild& child : manifest->children) {
    fuzz::require(!child.platform.os.empty(), "a platform has a name");
  }
  return 0;
}
