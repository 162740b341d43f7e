#include "agent/policy/located_json.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/json/json.h"

namespace agent {
namespace {

constexpr std::size_t kMaxMemory = 36 << 20;  // of what is built

using Json = nlohmann::json;

/// Characters as the parser takes them; `taken` tells how far it has come.
class Reader {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Reader(const char* at, const char** taken) : at_(at), taken_(taken) {}
  reference operator*() const { return *at_; }
  Reader& operator++() {
    *taken_ = ++at_;
    return *this;
  }
  Reader operator++(int) {
    Reader before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Reader& other) const { return at_ == other.at_; }
  bool operator!=(const Reader& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** taken_;
};

class Builder final : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view text, std::string_view what)
      : what_(what), counted_(text.data()), taken_(text.data()) {}

  const char** taken() { return &taken_; }
  LocatedJson take() { return std::move(root_); }

  bool null() override { return put(value(LocatedJson::Kind::kNull, line())); }
  bool boolean(bool truth) override {
    LocatedJson json = value(LocatedJson::Kind::kBoolean, line());
    json.boolean = truth;
    return put(std::move(json));
  }
  bool number_integer(number_integer_t value) override { return put_integer(value); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > std::uint64_t{1} << 53) fail(line(1), "number out of range");
    return put_integer(static_cast<std::int64_t>(value));
  }
  bool number_float(number_float_t, const string_t&) override { fail(line(1), "number is not an integer"); }
  bool string(string_t& text) override {
    LocatedJson json = value(LocatedJson::Kind::kString, line());
    json.string = std::move(text);
    return put(std::move(json));
  }
  bool binary(binary_t&) override { fail(line(), "binary value"); }
  bool start_object(std::size_t) override { return open(LocatedJson::Kind::kObject); }
  bool start_array(std::size_t) override { return open(LocatedJson::Kind::kArray); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (!open_.back().names.insert(name).second)
      fail(line(), "member \"" + tuf::printable(name, 60) + "\" stands twice");
    key_ = std::move(name);
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    fail(line(1), "not valid JSON");
  }

 private:
  struct Open {
    LocatedJson* json;
    std::unordered_set<std::string> names;
  };

  [[noreturn]] void fail(int line, const std::string& reason) const {
    throw tuf::Error(tuf::ErrorCode::kPolicyMalformed,
                     std::string(what_) + " line " + std::to_string(line) + ": " + reason);
  }

  /// Of the character that was taken last, or of one before it: what ends a number is taken to see its end.
  int line(int before = 0) {
    const char* const end = std::max(counted_, taken_ - before);
    line_ += static_cast<int>(std::count(counted_, end, '\n'));
    counted_ = end;
    return line_;
  }

  static LocatedJson value(LocatedJson::Kind kind, int line) {
    LocatedJson json;
    json.kind = kind;
    json.line = line;
    return json;
  }

  bool put_integer(std::int64_t number) {
    LocatedJson json = value(LocatedJson::Kind::kInteger, line(1));
    json.integer = number;
    return put(std::move(json));
  }

  bool put(LocatedJson json) {
    if (++values_ > LocatedJson::kMaxValues) fail(json.line, "too many values");
    // A list that doubles is there twice for a moment.
    memory_ += 3 * sizeof(LocatedJson) + json.string.size() + key_.size();
    if (!open_.empty()) memory_ += open_.back().json->key.size();
    if (memory_ > kMaxMemory) fail(json.line, "too many values");
    if (open_.empty()) {
      root_ = std::move(json);
      return true;
    }
    LocatedJson& parent = *open_.back().json;
    json.key = parent.kind == LocatedJson::Kind::kObject ? std::move(key_) : parent.key;
    parent.items.push_back(std::move(json));
    return true;
  }

  bool open(LocatedJson::Kind kind) {
    if (open_.size() == LocatedJson::kMaxDepth) fail(line(), "nested too deeply");
    put(value(kind, line()));
    // Nothing is added beside an open container, so its address stays.
    open_.push_back({open_.empty() ? &root_ : &open_.back().json->items.back(), {}});
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view what_;
  const char* counted_;  // up to where lines have been counted
  const char* taken_;
  int line_ = 1;
  LocatedJson root_;
  std::size_t values_ = 0;
  std::size_t memory_ = 0;
  std::vector<Open> open_;
  std::string key_;
};

}  // namespace

LocatedJson LocatedJson::parse(std::string_view text, std::string_view what) {
  const auto refuse = [&](const char* reason) {
    throw tuf::Error(tuf::ErrorCode::kPolicyMalformed, std::string(what) + " line 1: " + reason);
  };
  if (text.starts_with("\xef\xbb\xbf")) refuse("starts with a byte order mark");  // nlohmann would skip it
  if (text.find('\0') != std::string_view::npos) refuse("holds a zero byte");  // …and take this for the end
  Builder builder(text, what);
  Json::sax_parse(Reader(text.data(), builder.taken()), Reader(text.data() + text.size(), builder.taken()),
                  &builder);
  return builder.take();
}

const LocatedJson* LocatedJson::find(std::string_view name) const {
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const LocatedJson& item) { return item.key == name; });
  return kind != Kind::kObject || found == items.end() ? nullptr : &*found;
}

}  // namespace agent
