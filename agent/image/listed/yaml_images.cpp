#include "agent/image/listed/yaml_images.h"

#include <yaml.h>

#include <algorithm>

#include "agent/image/listed/image_finder.h"

namespace agent {
namespace {

int line_of(const yaml_mark_t& mark) {
  return static_cast<int>(mark.line) + 1;
}

std::string text_of(const yaml_char_t* text) {
  return text == nullptr ? "" : reinterpret_cast<const char*>(text);
}

/// What libyaml allocates for an event.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&event_); }

  yaml_event_t* operator->() { return &event_; }
  yaml_event_t& operator*() { return event_; }

 private:
  yaml_event_t event_{};
};

class Parser {
 public:
  Parser(std::string_view text, const std::string& name) : text_(text), name_(name), finder_(name) {
    if (yaml_parser_initialize(&parser_) == 0) throw std::bad_alloc();
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() { yaml_parser_delete(&parser_); }

  ImageList images() {
    for (bool more = true; more;) {
      Event event;
      if (yaml_parser_parse(&parser_, &*event) == 0) fail_to_read();
      more = event->type != YAML_STREAM_END_EVENT;
      take(*event);
    }
    return finder_.take();
  }

 private:
  [[noreturn]] void fail_to_read() const {
    if (parser_.error == YAML_MEMORY_ERROR) throw std::bad_alloc();
    const std::string why = parser_.problem == nullptr ? "it ends early" : parser_.problem;
    fail_at(name_, line_of(parser_.problem_mark), "is not YAML: " + why, kOtherKind);
  }

  void take(const yaml_event_t& event) {
    const int line = line_of(event.start_mark);
    switch (event.type) {
      case YAML_DOCUMENT_START_EVENT:
        finder_.begin_document();
        break;
      case YAML_ALIAS_EVENT:
        finder_.alias(line, text_of(event.data.alias.anchor));
        break;
      case YAML_SCALAR_EVENT: {
        const auto& scalar = event.data.scalar;
        require_plain_tag(event, scalar.tag);
        const bool is_text = scalar.style != YAML_PLAIN_SCALAR_STYLE || scalar.tag != nullptr;
        const std::string_view text(reinterpret_cast<const char*>(scalar.value), scalar.length);
        finder_.scalar(line, {text, is_text}, text_of(scalar.anchor));
        break;
      }
      case YAML_SEQUENCE_START_EVENT:
        require_plain_tag(event, event.data.sequence_start.tag);
        finder_.begin_list(line, text_of(event.data.sequence_start.anchor));
        break;
      case YAML_MAPPING_START_EVENT:
        require_plain_tag(event, event.data.mapping_start.tag);
        finder_.begin_map(line, text_of(event.data.mapping_start.anchor));
        break;
      case YAML_SEQUENCE_END_EVENT:
        finder_.end_list();
        break;
      case YAML_MAPPING_END_EVENT:
        finder_.end_map();
        break;
      default:
        break;
    }
  }

  /// Tags change what a value is (`!!binary`), or whether it is there at all (`!reset`).
  void require_plain_tag(const yaml_event_t& event, const yaml_char_t* tag) {
    if (tag == nullptr) return;
    if (event.type != YAML_SCALAR_EVENT || text_of(tag) != YAML_STR_TAG)
      fail_at(name_, line_of(event.start_mark),
              "has a tag, by which readers take something else than it shows", kUnclearLine);
    if (lines_hold_percent(event.start_mark.line, event.end_mark.line))
      fail_at(name_, line_of(event.start_mark), "has a % beside a tag, which not every reader understands",
              kUnclearLine);
  }

  /// Whether there is a % on the lines from `first` to `last`. To be asked in the order of the text.
  bool lines_hold_percent(std::size_t first, std::size_t last) {
    for (; line_ < first && begin_ != std::string_view::npos; ++line_) begin_ = after_line(begin_);
    std::size_t end = begin_;
    for (std::size_t line = line_; line <= last && end != std::string_view::npos; ++line)
      end = after_line(end);
    if (begin_ == std::string_view::npos) return false;
    return text_.substr(begin_, end - begin_).find('%') != std::string_view::npos;
  }
  std::size_t after_line(std::size_t at) const {
    const std::size_t end = text_.find('\n', at);
    return end == std::string_view::npos ? end : end + 1;
  }

  std::string_view text_;
  const std::string& name_;
  ImageFinder finder_;
  yaml_parser_t parser_{};
  std::size_t line_ = 0;
  std::size_t begin_ = 0;  // of that line
};

/// Directives cost libyaml more the more there are. kubectl takes `---` for the end of a document also if a
/// comment follows at once, does not take it for one if a value follows, and reads nothing between `...` and
/// the next `---`.
void require_clear_lines(std::string_view text, const std::string& name) {
  bool ended = false;
  for (int line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view rest = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (rest.ends_with('\r')) rest.remove_suffix(1);
    if (rest.starts_with('%'))
      fail_at(name, line, "has a directive, which not every reader understands", kUnclearLine);
    const bool begins = rest.starts_with("---");
    const bool ends = rest.starts_with("...");
    if (begins || ends) rest.remove_prefix(3);
    const std::size_t first = rest.find_first_not_of(' ');
    const bool is_bare =
        first == std::string_view::npos || (rest[first] == '#' && !((begins || ends) && first == 0));
    if ((begins || ends) && !is_bare) {
      fail_at(name, line,
              "begins as the line between documents and goes on, which not every reader takes for one",
              kUnclearLine);
    }
    if (ended && !begins && !is_bare)
      fail_at(name, line, "stands between \"...\" and \"---\", where not every reader looks", kUnclearLine);
    ended = ends || (ended && !begins);
  }
}

}  // namespace

ImageList images_in_yaml(std::string_view text, const std::string& name) {
  require_clear_lines(text, name);
  return Parser(text, name).images();
}

}  // namespace agent
