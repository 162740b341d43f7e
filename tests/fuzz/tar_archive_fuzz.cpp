// Tar archives: what is read from one stands in it, byte by byte, and nothing else does.
//
// Blocks with the ustar magic get the right checksum first, so that inputs get past it.
#include "agent/image/tar_archive.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

namespace {

constexpr std::size_t kBlock = 512;

void mend_checksums(std::string& archive) {
  for (std::size_t at = 0; at + kBlock <= archive.size(); at += kBlock) {
    if (archive.compare(at + 257, 5, "ustar") != 0) continue;
    archive.replace(at + 148, 8, 8, ' ');
    unsigned sum = 0;
    for (std::size_t i = 0; i < kBlock; ++i) sum += static_cast<unsigned char>(archive[at + i]);
    char text[8];
    static_cast<void>(std::snprintf(text, sizeof text, "%06o", sum));
    archive.replace(at + 148, 7, text, 7);  // its NUL included
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string content(fuzz::as_text(data, size));
  mend_checksums(content);
  const fuzz::MemoryFile file(content);
  static_cast<void>(fuzz::attempt([&] {
    const agent::TarArchive archive(file.path());
    for (const char* name : {"index.json", "oci-layout", "a", ""}) {
      const auto found = fuzz::attempt([&] { return archive.read(name, 600); });
      if (!found || !*found) continue;
      fuzz::require((*found)->size() <= 600, "a file is not longer than asked for");
      fuzz::require(content.find(**found, kBlock) != std::string::npos, "what is read stands in the archive");
    }
    return true;
  }));
  return 0;
}
