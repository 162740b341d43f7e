// HttpClient: request in, response out. The seam between the trust stores and the network.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tuf/base/shared_text.h"

namespace agent {

enum class HttpMethod { kGet, kHead, kPost, kDelete };

/// A part of a multipart/form-data body. Its name is `files`, its type application/octet-stream
/// (section 1.4).
struct HttpPart {
  std::string file_name;
  tuf::SharedText content;
};

struct HttpRequest {
  HttpMethod method = HttpMethod::kGet;
  std::string url;  // absolute
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  // with POST, unless there are parts
  std::vector<HttpPart> parts;
  std::size_t max_response = 1 << 20;  // bytes; a longer body is an error, never cut…
  std::optional<std::chrono::steady_clock::time_point> deadline = {};  // beside the client's own time limit
  bool may_be_longer = false;  // …or, with this, left out, and the response says so
};

struct HttpResponse {
  int status = 0;
  std::multimap<std::string, std::string> headers;  // names in lower case
  std::string body;
  bool too_long = false;  // with HttpRequest::may_be_longer: there is more of the body than was allowed

  /// First header of that lower-case name.
  std::optional<std::string> header(std::string_view name) const;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;

  /// Sends the requests, all at once where there are several, and gives their responses in the same order.
  /// Any status is a response. Throws only for transport: kServerUnreachable and kTlsFailed (nothing was
  /// sent), kTimeout and kConnectionLost (something may have arrived), kServerError (an answer came that
  /// cannot be taken: body over max_response, compressed, not HTTP), kFileUnreadable (certificate files),
  /// kConfig (a URL that is not encrypted). Only GET and HEAD are ever repeated by themselves, and a request
  /// that was answered 429, which says that it was not looked at. Redirects are not followed.
  virtual std::vector<HttpResponse> send(const std::vector<HttpRequest>& requests) = 0;

  HttpResponse send_one(const HttpRequest& request) { return send({request}).front(); }
};

}  // namespace agent
