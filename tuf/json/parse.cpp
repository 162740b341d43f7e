#include <cmath>
#include <vector>

#include "tuf/base/error.h"
#include "tuf/json/json.h"

namespace tuf {
namespace {

/// Builds the value event by event, so that what nlohmann would smooth over is seen and refused.
class StrictBuilder final : public nlohmann::json_sax<Json> {
 public:
  explicit StrictBuilder(std::string_view what) : what_(what) {}

  Json take() { return std::move(root_); }

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { fail("binary value"); }

  bool number_integer(number_integer_t value) override {
    if (value < -kMaxJsonInteger) fail("number out of range");
    return put(value);
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(kMaxJsonInteger)) fail("number out of range");
    return put(static_cast<std::int64_t>(value));
  }
  bool number_float(number_float_t value, const string_t&) override {
    if (!(std::fabs(value) <= static_cast<double>(kMaxJsonInteger))) fail("number out of range");
    if (std::trunc(value) != value) fail("number is not an integer");
    return put(static_cast<std::int64_t>(value));
  }

  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (open_.back()->contains(name)) fail("duplicate member \"" + printable(name) + "\"");
    key_ = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    fail("not valid JSON near byte " + std::to_string(position));
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const {
    throw Error(ErrorCode::kMalformedMetadata, std::string(what_) + ": " + reason);
  }

  static std::string printable(std::string_view text) {
    std::string out;
    for (char c : text.substr(0, 40)) out += c >= 0x20 && c < 0x7f ? c : '?';
    return out;
  }

  Json* put(Json value) {
    if (++values_ > kMaxJsonValues) fail("holds too many values");
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    return &(parent[std::move(key_)] = std::move(value));
  }

  bool open(Json container) {
    if (open_.size() == kMaxJsonDepth) fail("nested too deeply");
    open_.push_back(put(std::move(container)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view what_;
  Json root_;
  std::size_t values_ = 0;
  std::vector<Json*> open_;  // from the outermost container to the one being filled
  std::string key_;
};

}  // namespace

Json parse_json(std::string_view text, std::string_view what) {
  if (text.starts_with("\xef\xbb\xbf")) {  // nlohmann would skip it
    throw Error(ErrorCode::kMalformedMetadata, std::string(what) + ": starts with a byte order mark");
  }
  if (text.find('\0') != std::string_view::npos) {  // nlohmann would take it for the end
    throw Error(ErrorCode::kMalformedMetadata, std::string(what) + ": holds a zero byte");
  }
  StrictBuilder builder(what);
  Json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

}  // namespace tuf
