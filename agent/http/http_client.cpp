#include "agent/http/http_client.h"

namespace agent {

std::optional<std::string> HttpResponse::header(std::string_view name) const {
  const auto found = headers.find(std::string(name));
  return found == headers.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace agent
