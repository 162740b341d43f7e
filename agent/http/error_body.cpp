#include "agent/http/error_body.h"

#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/json/json.h"

namespace agent {
namespace {

constexpr std::size_t kMaxBody = 64 << 10;
constexpr std::size_t kMaxText = 1000;

std::string string_member(const tuf::Json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
}

}  // namespace

ErrorBody ErrorBody::parse(std::string_view body) {
  ErrorBody out;
  if (body.size() > kMaxBody) return out;
  try {
    const tuf::Json document = tuf::parse_json(body, "the server's error");
    if (!document.is_object() || !document.contains("errors")) return out;
    const tuf::Json& errors = document["errors"];
    if (!errors.is_array() || errors.empty() || !errors[0].is_object()) return out;
    out.code = string_member(errors[0], "code");
    out.message = string_member(errors[0], "message");
    const auto detail = errors[0].find("detail");
    if (detail == errors[0].end() || detail->is_null() || detail->empty()) return out;
    out.detail = detail->is_string() ? detail->get<std::string>() : detail->dump();
  } catch (const tuf::Error&) {
    // A proxy's HTML page, say: it has no reason to tell.
  }
  return out;
}

std::string ErrorBody::text() const {
  std::string all = code;
  if (!message.empty()) all += (all.empty() ? "" : ": ") + message;
  if (!detail.empty()) all += (all.empty() ? "" : " ") + ("(" + detail + ")");
  // Escapes make it longer; the second pass only cuts.
  return tuf::printable(tuf::printable(all, kMaxText), kMaxText);
}

}  // namespace agent
