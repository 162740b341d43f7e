#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "tuf/base/error.h"
#include "tuf/json/json.h"

namespace tuf {
namespace {

constexpr std::size_t kAllocation = 16;  // what the heap itself needs for a piece, at most
constexpr std::size_t kTreeNode = 32;

// A text in an object, each of the two on the heap, with a zero at its end.
static_assert(kTreeNode + sizeof(Json::object_t::value_type) + sizeof(std::string) + 4 * kAllocation + 2 <=
              kMaxJsonValueMemory);

std::size_t text_memory(const std::string& text) {
  return text.size() < sizeof(std::string) / 2 ? 0 : text.size() + 1 + kAllocation;
}

/// What a value takes that stands in a container of the kind of `parent`, without what it holds itself.
std::size_t place_memory(const Json* parent, const std::string& key) {
  if (!parent) return 0;
  if (parent->is_array()) return 3 * sizeof(Json);  // a vector that doubles is there twice for a moment
  return kTreeNode + sizeof(Json::object_t::value_type) + kAllocation + text_memory(key);
}

std::size_t own_memory(const Json& value) {
  if (value.is_object()) return sizeof(Json::object_t) + kAllocation;
  if (value.is_array()) return sizeof(Json::array_t) + kAllocation;
  if (!value.is_string()) return 0;
  return sizeof(std::string) + kAllocation + text_memory(value.get_ref<const std::string&>());
}

/// What a text may hold.
struct Rules {
  std::size_t max_values = kMaxJsonValues;
  std::size_t max_memory = kMaxJsonMemory;
  bool any_numbers = false;
  std::size_t beside = 0;  // bytes that are taken already
  KeepsMember keeps = {};
};

/// Builds the value event by event, so that what nlohmann would smooth over is seen and refused.
class StrictBuilder final : public nlohmann::json_sax<Json> {
 public:
  StrictBuilder(std::string_view what, Rules rules) : what_(what), rules_(std::move(rules)) {}

  Json take() { return std::move(root_); }

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { fail("binary value"); }

  bool number_integer(number_integer_t value) override {
    if (!rules_.any_numbers && value < -kMaxJsonInteger) fail("number out of range");
    return put(value);
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (rules_.any_numbers) return put(value);
    if (value > static_cast<number_unsigned_t>(kMaxJsonInteger)) fail("number out of range");
    return put(static_cast<std::int64_t>(value));
  }
  bool number_float(number_float_t value, const string_t&) override {
    if (rules_.any_numbers) return put(value);
    if (!(std::fabs(value) <= static_cast<double>(kMaxJsonInteger))) fail("number out of range");
    if (std::trunc(value) != value) fail("number is not an integer");
    return put(static_cast<std::int64_t>(value));
  }

  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (skipped_) return true;
    if (open_.back()->contains(name)) fail("duplicate member \"" + printable(name) + "\"");
    skips_next_ = rules_.keeps && !rules_.keeps(open_.size() - 1, name);
    key_ = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    fail("not valid JSON near byte " + std::to_string(position));
  }

  std::size_t memory() const { return memory_; }

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
    if (skipped_ || std::exchange(skips_next_, false)) return &root_;  // whatever: it is not looked at
    Json* parent = open_.empty() ? nullptr : open_.back();
    memory_ += place_memory(parent, key_) + own_memory(value);
    if (++values_ > rules_.max_values || memory_ > rules_.max_memory ||
        memory_ + rules_.beside > kMaxJsonMemoryWithText)
      fail("holds too many values");
    if (!parent) {
      root_ = std::move(value);
      return &root_;
    }
    if (parent->is_array()) {
      parent->push_back(std::move(value));
      return &parent->back();
    }
    return &((*parent)[std::move(key_)] = std::move(value));
  }

  bool open(Json container) {
    if (skipped_ || skips_next_) {
      skips_next_ = false;
      ++skipped_;
      return true;
    }
    if (open_.size() == kMaxJsonDepth) fail("nested too deeply");
    open_.push_back(put(std::move(container)));
    return true;
  }

  bool close() {
    if (skipped_) {
      --skipped_;
    } else {
      open_.pop_back();
    }
    return true;
  }

  std::string_view what_;
  Rules rules_;
  Json root_;
  std::size_t values_ = 0;
  std::size_t memory_ = 0;   // of what was built
  std::size_t skipped_ = 0;  // containers that are open within what is not kept
  bool skips_next_ = false;  // the value of the member whose name was just read
  std::vector<Json*> open_;  // from the outermost container to the one being filled
  std::string key_;
};

Json parse(std::string_view text, std::string_view what, Rules rules, std::size_t* memory = nullptr) {
  if (text.starts_with("\xef\xbb\xbf")) {  // nlohmann would skip it
    throw Error(ErrorCode::kMalformedMetadata, std::string(what) + ": starts with a byte order mark");
  }
  if (text.find('\0') != std::string_view::npos) {  // nlohmann would take it for the end
    throw Error(ErrorCode::kMalformedMetadata, std::string(what) + ": holds a zero byte");
  }
  StrictBuilder builder(what, std::move(rules));
  Json::sax_parse(text.begin(), text.end(), &builder);
  if (memory) *memory = builder.memory();
  return builder.take();
}

}  // namespace

Json parse_json(std::string_view text, std::string_view what, std::size_t* memory) {
  Rules rules;
  rules.beside = 2 * text.size();
  return parse(text, what, std::move(rules), memory);
}

Json parse_foreign_json(std::string_view text, std::string_view what, KeepsMember keeps) {
  return parse(text, what,
               {std::numeric_limits<std::size_t>::max(), kMaxForeignJsonMemory, true, 0, std::move(keeps)});
}

bool fits_json_bounds(std::string_view text) {
  try {
    static_cast<void>(parse_json(text, ""));
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace tuf
