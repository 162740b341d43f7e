// Image references, repository and role names: what is printed reads back as the same, and no name that is
// accepted leads out of the folder or the URL that it becomes a part of.
#include "agent/names/image_reference.h"
#include "tests/fuzz/fuzz.h"

namespace {

void check_path(std::string_view path) {
  fuzz::require(path.size() <= 255, "a name has at most 255 characters");
  while (!path.empty()) {
    const std::string_view segment = fuzz::take_part(path, "/");
    fuzz::require(!segment.empty() && segment != "." && segment != "..", "a name stays in its folder");
    for (const char c : segment) {
      fuzz::require(c > 0x20 && c < 0x7f && std::string_view("?#%\\\"<>&").find(c) == std::string_view::npos,
                    "a name needs no escapes in a URL");
    }
  }
}

std::string print(const agent::ImageReference& image) {
  return image.gun.text() + (image.tag ? ":" + *image.tag : "") +
         (image.digest ? "@" + image.digest->text() : "");
}

void check_image(std::string_view text) {
  const auto image = fuzz::attempt([&] { return agent::parse_image(text); });
  if (!image) return;
  check_path(image->gun.text());
  fuzz::require(agent::registry_of(image->gun) == image->registry, "the GUN begins with the registry");
  fuzz::require(!image->tag || tuf::is_valid_target_name(*image->tag), "a tag is a target name");
  const agent::ImageReference again = agent::parse_image(print(*image));
  fuzz::require(print(again) == print(*image) && again.tag == image->tag && again.digest == image->digest,
                "what is printed reads back as the same");
  fuzz::require(agent::parse_repository(image->gun.text()) == image->gun, "the GUN names the repository");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  check_image(text);
  if (const auto gun = fuzz::attempt([&] { return agent::parse_repository(text); })) {
    check_path(gun->text());
    fuzz::require(agent::parse_repository(gun->text()) == *gun, "a repository reads back as the same");
  }
  if (const auto gun = tuf::Gun::parse(text)) {
    fuzz::require(gun->text() == text, "a GUN is kept as it is");
    check_path(text);
  }
  if (const auto role = tuf::RoleName::parse(text)) {
    fuzz::require(role->text() == text, "a role's name is kept as it is");
    check_path(text);
    if (!role->is_delegation()) return 0;
    fuzz::require(tuf::RoleName::parse(role->parent().text()).has_value(), "a delegation has a parent");
    fuzz::require(role->parent().text() + "/" + std::string(role->leaf()) == text, "and a leaf below it");
  }
  return 0;
}
