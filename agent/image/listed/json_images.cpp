#include "agent/image/listed/json_images.h"

#include <iterator>
#include <nlohmann/json.hpp>

#include "agent/image/listed/image_finder.h"

namespace agent {
namespace {

using Json = nlohmann::json;

/// Where the reader stands.
struct Cursor {
  std::string_view text;
  std::size_t at = 0;
  int line = 1;
};

/// Characters for nlohmann's reader, which takes them one by one: all copies move the same cursor.
class Characters {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  Characters() = default;  // the end
  explicit Characters(Cursor& cursor) : cursor_(&cursor) {}

  char operator*() const { return cursor_->text[cursor_->at]; }
  Characters& operator++() {
    if (cursor_->text[cursor_->at++] == '\n') ++cursor_->line;
    return *this;
  }
  void operator++(int) { ++*this; }
  bool operator==(const Characters& other) const { return is_at_end() == other.is_at_end(); }
  bool operator!=(const Characters& other) const { return !(*this == other); }

 private:
  bool is_at_end() const { return cursor_ == nullptr || cursor_->at == cursor_->text.size(); }

  Cursor* cursor_ = nullptr;
};

/// What nlohmann's reader meets, told to a finder.
class Pieces {
 public:
  Pieces(ImageFinder& finder, const Cursor& cursor) : finder_(finder), cursor_(cursor) {}

  bool null() { return constant("null"); }
  bool boolean(bool value) { return constant(value ? "true" : "false"); }
  bool number_integer(Json::number_integer_t) { return constant("-1"); }  // no name has any such
  bool number_unsigned(Json::number_unsigned_t number) { return constant(std::to_string(number)); }
  bool number_float(Json::number_float_t, const std::string& text) { return constant(text); }
  bool string(std::string& text) { return piece(text, true); }
  bool binary(Json::binary_t&) { return false; }
  bool key(std::string& text) { return piece(text, true); }
  bool start_object(std::size_t) {
    finder_.begin_map(cursor_.line);
    return true;
  }
  bool end_object() {
    finder_.end_map();
    return true;
  }
  bool start_array(std::size_t) {
    finder_.begin_list(cursor_.line);
    return true;
  }
  bool end_array() {
    finder_.end_list();
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) { return false; }

 private:
  bool constant(std::string_view text) { return piece(text, false); }
  bool piece(std::string_view text, bool is_text) {
    finder_.scalar(cursor_.line, {text, is_text});
    return true;
  }

  ImageFinder& finder_;
  const Cursor& cursor_;
};

/// A reader may hold a text several times while it grows.
void require_short_texts(std::string_view text, const std::string& name) {
  constexpr std::size_t kMaxText = 4 << 20;
  int line = 1;
  std::size_t length = 0;
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') ++line;
    if (text[i] == '"') {
      inside = !inside;
      length = 0;
    } else if (text[i] == '\\' && inside) {
      ++i;
    }
    if (++length > kMaxText) fail_at(name, line, "holds a text that is too long", kUnclearLine);
  }
}

}  // namespace

std::optional<ImageList> images_in_json(std::string_view text, const std::string& name) {
  require_short_texts(text, name);
  ImageFinder finder(name);
  Cursor cursor{text};
  Pieces pieces(finder, cursor);
  const auto skip_blanks = [&] {
    constexpr std::string_view kBlanks = " \t\r\n";
    for (Characters each(cursor); each != Characters() && kBlanks.find(*each) != std::string_view::npos;)
      ++each;
  };
  const auto read_object = [&] {
    finder.begin_document();
    return text[cursor.at] == '{' && Json::sax_parse(Characters(cursor), Characters(), &pieces,
                                                     nlohmann::detail::input_format_t::json, false);
  };
  skip_blanks();
  if (cursor.at == text.size() || !read_object()) return std::nullopt;
  for (skip_blanks(); cursor.at < text.size(); skip_blanks()) {
    if (!read_object()) fail_at(name, cursor.line, "goes on after JSON with something else", kUnclearLine);
  }
  return finder.take();
}

}  // namespace agent
