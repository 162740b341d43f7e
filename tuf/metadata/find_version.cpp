#include "tuf/metadata/find_version.h"

#include <algorithm>
#include <string>

#include "tuf/base/words.h"
#include "tuf/json/json.h"

namespace tuf {
namespace {

/// Servers ignore the case of members.
bool is(std::string_view member, std::string_view name) {
  return equals_ignoring_case(member, name);
}

class VersionFinder final : public nlohmann::json_sax<Json> {
 public:
  std::optional<std::int64_t> version() const { return version_; }

  bool key(string_t& name) override {
    if (depth_ == 1) in_signed_ = is(name, "signed");
    at_version_ = depth_ == 2 && in_signed_ && is(name, "version");
    return true;
  }
  bool number_integer(number_integer_t value) override { return found(value); }
  bool number_unsigned(number_unsigned_t value) override {
    return found(static_cast<std::int64_t>(
        std::min<number_unsigned_t>(value, static_cast<number_unsigned_t>(kMaxJsonInteger))));
  }
  bool number_float(number_float_t, const string_t&) override { return passed(); }
  bool null() override { return passed(); }
  bool boolean(bool) override { return passed(); }
  bool string(string_t&) override { return passed(); }
  bool binary(binary_t&) override { return passed(); }
  bool start_object(std::size_t) override { return opened(); }
  bool start_array(std::size_t) override { return opened(); }
  bool end_object() override { return closed(); }
  bool end_array() override { return closed(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  bool found(std::int64_t value) {
    if (at_version_) version_ = std::max(version_.value_or(value), value);
    return passed();
  }
  bool passed() {
    at_version_ = false;
    return true;
  }
  bool opened() {
    ++depth_;
    return passed();
  }
  bool closed() {
    --depth_;
    return true;
  }

  std::size_t depth_ = 0;
  bool in_signed_ = false;
  bool at_version_ = false;
  std::optional<std::int64_t> version_;
};

}  // namespace

std::optional<std::int64_t> find_version(std::string_view file) {
  VersionFinder finder;
  static_cast<void>(Json::sax_parse(file.begin(), file.end(), &finder));
  return finder.version();
}

}  // namespace tuf
