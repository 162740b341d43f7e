// FakeHttp: an HttpClient that answers what a test tells it to and remembers what it was asked.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/http/http_client.h"
#include "tuf/base/error.h"

namespace test {

/// The response as a client gives it that was told how long it may be.
inline agent::HttpResponse answer_within(const agent::HttpRequest& request, agent::HttpResponse response) {
  if (response.body.size() <= request.max_response) return response;
  if (!request.may_be_longer) throw tuf::Error(tuf::ErrorCode::kServerError, "the answer is too long");
  response.body.clear();
  response.too_long = true;
  return response;
}

class FakeHttp final : public agent::HttpClient {
 public:
  using Answer = std::function<agent::HttpResponse(const agent::HttpRequest&)>;

  /// `answer` is called for every request and may throw tuf::Error.
  explicit FakeHttp(Answer answer) : answer_(std::move(answer)) {}

  std::vector<agent::HttpResponse> send(const std::vector<agent::HttpRequest>& batch) override {
    batch_sizes.push_back(batch.size());
    std::vector<agent::HttpResponse> responses;
    for (const agent::HttpRequest& request : batch) {
      requests.push_back(request);
      responses.push_back(answer_within(request, answer_(request)));
    }
    return responses;
  }

  std::vector<agent::HttpRequest> requests;
  std::vector<std::size_t> batch_sizes;

 private:
  Answer answer_;
};

inline agent::HttpResponse response(int status, std::string body = {},
                                    std::multimap<std::string, std::string> headers = {}) {
  return {status, std::move(headers), std::move(body)};
}

/// The value of a request's header; empty if it has none.
inline std::string header_of(const agent::HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace test
