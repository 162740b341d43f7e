// Manifests, compose files and lists: what is found stands on a line of the file, and nothing twice.
#include "agent/image/listed/image_list.h"

#include <algorithm>
#include <set>

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  const auto list = fuzz::attempt([&] { return agent::images_in(text, "file"); });
  if (!list) return 0;
  fuzz::require(!list->images.empty(), "a file without images is refused");
  const auto lines =
      1 + std::count_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; });
  std::set<std::string> seen;
  for (const agent::ListedImage& image : list->images) {
    fuzz::require(!image.text.empty(), "an image has a name");
    fuzz::require(image.line >= 1 && image.line <= lines, "it stands on a line");
    fuzz::require(seen.insert(image.text).second, "none stands twice");
  }
  for (const agent::ListedImage& unjudged : list->unjudged)
    fuzz::require(unjudged.line >= 1 && unjudged.line <= lines, "what is not judged stands on a line");
  return 0;
}
