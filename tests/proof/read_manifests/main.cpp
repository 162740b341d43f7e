// What our reader makes of many manifests, for tests/proof/test_manifests.py: each comes on stdin as its
// length, a line break and its bytes; each is answered with one line of JSON.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "agent/image/listed/image_list.h"

namespace {

nlohmann::json read(const std::string& text) {
  try {
    const agent::ImageList list = agent::images_in(text, "file");
    nlohmann::json images = nlohmann::json::array();
    for (const agent::ListedImage& image : list.images) images.push_back(image.text);
    return {{"images", images}, {"unjudged", list.unjudged.size()}};
  } catch (const tuf::Error& error) {
    return {{"refused", error.what()}};
  }
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  for (std::size_t length = 0; std::cin >> length;) {
    std::cin.get();
    std::string text(length, '\0');
    std::cin.read(text.data(), static_cast<std::streamsize>(length));
    // Whoever wrote a text that is no UTF-8 need not see its bytes again.
    std::cout << read(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) << std::endl;
  }
}
