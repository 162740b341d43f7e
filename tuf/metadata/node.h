// Node: a value of metadata that has been parsed, and where it stands. Internal to the codec.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tuf/base/bytes.h"
#include "tuf/json/json.h"

namespace tuf {

/// A JSON value that knows where it stands, so that every error names its member.
class Node {
 public:
  Node(Json& value, std::string path) : value_(value), path_(std::move(path)) {}

  [[noreturn]] void fail(std::string_view reason) const;

  const Json& json() const { return value_; }
  /// Leaves nothing there.
  Json take() const { return std::move(value_); }
  bool is_null() const { return value_.is_null(); }

  Json::object_t& object() const;
  Json::array_t& array() const;
  const std::string& text() const;
  std::int64_t number() const;
  bool boolean() const;
  Bytes base64() const;

  /// A file in which others would read a member that we do not see says different things to different
  /// readers.
  std::optional<Node> find(const char* name) const;
  Node at(const char* name) const;
  /// Of a map or a list; which one is not said, since names of maps come from outside.
  Node element(Json& value) const { return {value, path_ + "[]"}; }

 private:
  Json& value_;
  std::string path_;
};

}  // namespace tuf
