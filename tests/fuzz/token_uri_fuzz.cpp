// PKCS#11 URIs and key references: what is printed reads back as the same, every attribute that stands in the
// URI restricts something, and the PIN is never printed.
#include <algorithm>

#include "hsm/key_ref.h"
#include "hsm/pkcs11/token_uri.h"
#include "tests/fuzz/fuzz.h"

namespace {

std::size_t count_attributes(std::string_view text) {
  if (text == "pkcs11:") return 0;
  const auto is_type = [](std::string_view part) { return part.starts_with("type="); };
  std::size_t count = 0;
  text.remove_prefix(std::string_view("pkcs11:").size());
  std::string_view query = text;
  for (std::string_view path = fuzz::take_part(query, "?"); !path.empty();) {
    if (!is_type(fuzz::take_part(path, ";"))) ++count;
  }
  for (; !query.empty(); ++count) fuzz::take_part(query, "&");
  return count;
}

void check_uri(std::string_view text) {
  const auto uri = fuzz::attempt([&] { return hsm::TokenUri::parse(text); });
  if (!uri) return;
  const std::size_t members = !uri->token.empty() + !uri->serial.empty() + !uri->manufacturer.empty() +
                              !uri->model.empty() + !uri->object.empty() + !uri->id.empty() +
                              !uri->module_path.empty() + !uri->pin_source.empty() +
                              (uri->pin_value != nullptr);
  fuzz::require(members == count_attributes(text), "every attribute of the URI restricts something");
  fuzz::require(!uri->pin_value || !uri->pin_value->empty(), "a PIN that is given is not empty");

  const std::string printed = uri->to_string();
  const hsm::TokenUri again = hsm::TokenUri::parse(printed);
  fuzz::require(!again.pin_value, "the PIN is never printed");
  fuzz::require(again == *uri, "what is printed reads back as the same");
  fuzz::require(again.to_string() == printed, "there is one way to print it");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  check_uri(text);
  if (text.starts_with('/') || text.starts_with('.')) return 0;  // files of whoever runs this
  const auto ref = fuzz::attempt([&] { return hsm::parse_key_ref(text); });
  if (!ref) return 0;
  if (const auto* prefix = std::get_if<hsm::KeyIdPrefix>(&*ref)) {
    fuzz::require(prefix->digits.size() == text.size() && text.size() >= 4 && text.size() <= 64 &&
                      prefix->digits.find_first_not_of("0123456789abcdef") == std::string::npos,
                  "a key ID is 4 to 64 lower-case digits");
  } else if (const auto* uri = std::get_if<hsm::TokenKeyUri>(&*ref)) {
    fuzz::require(uri->text == text, "a URI is kept as it is");
  }
  return 0;
}
