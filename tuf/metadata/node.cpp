#include "tuf/metadata/node.h"

#include "tuf/base/base64.h"
#include "tuf/base/error.h"

namespace tuf {
namespace {

/// Whether the official clients take `member` for `name` although it is spelt otherwise: they ignore case, by
/// which U+017F is an s and U+212A a k.
bool is_misspelt(std::string_view member, std::string_view name) {
  if (member == name) return false;
  for (const char wanted : name) {
    const auto take = [&](std::string_view spelling) {
      if (!member.starts_with(spelling)) return false;
      member.remove_prefix(spelling.size());
      return true;
    };
    const char upper = wanted >= 'a' && wanted <= 'z' ? static_cast<char>(wanted - 'a' + 'A') : wanted;
    if (take({&wanted, 1}) || take({&upper, 1})) continue;
    if (wanted == 's' && take("\xc5\xbf")) continue;
    if (wanted == 'k' && take("\xe2\x84\xaa")) continue;
    return false;
  }
  return member.empty();
}

}  // namespace

void Node::fail(std::string_view reason) const {
  throw Error(ErrorCode::kMalformedMetadata, path_ + ": " + std::string(reason));
}

Json::object_t& Node::object() const {
  if (!value_.is_object()) fail("must be an object");
  return value_.get_ref<Json::object_t&>();
}

Json::array_t& Node::array() const {
  if (!value_.is_array()) fail("must be an array");
  return value_.get_ref<Json::array_t&>();
}

const std::string& Node::text() const {
  if (!value_.is_string()) fail("must be a string");
  return value_.get_ref<const std::string&>();
}

std::int64_t Node::number() const {
  if (!value_.is_number_integer()) fail("must be an integer");
  return value_.get<std::int64_t>();
}

bool Node::boolean() const {
  if (!value_.is_boolean()) fail("must be true or false");
  return value_.get<bool>();
}

Bytes Node::base64() const {
  std::optional<Bytes> bytes = from_base64(text());
  if (!bytes) fail("must be base64");
  return *std::move(bytes);
}

std::optional<Node> Node::find(const char* name) const {
  Json::object_t& members = object();
  for (const auto& [member, value] : members) {
    if (is_misspelt(member, name))
      fail("has a member that some readers take for \"" + std::string(name) + "\"");
  }
  const auto found = members.find(name);
  if (found == members.end()) return std::nullopt;
  return Node(found->second, path_ + "." + name);
}

Node Node::at(const char* name) const {
  if (auto member = find(name)) return *member;
  fail("has no member \"" + std::string(name) + "\"");
}

}  // namespace tuf
