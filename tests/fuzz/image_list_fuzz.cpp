// Manifests, compose files and lists: what is found stands on a line of the file, and nothing twice.
#include "agent/image/image_list.h"

#include <algorithm>
#include <set>

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  const auto images = fuzz::attempt([&] { return agent::images_in(text, "file"); });
  if (!images) return 0;
  fuzz::require(!images->empty(), "a file without images is refused");
  const auto lines =
      1 + std::count_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; });
  std::set<std::string> seen;
  for (const agent::ListedImage& image : *images) {
    fuzz::require(!image.text.empty(), "an image has a name");
    fuzz::require(image.line >= 1 && image.line <= lines, "it stands on a line");
    fuzz::require(seen.insert(image.text).second, "none stands twice");
  }
  return 0;
}
