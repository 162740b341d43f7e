// ClientPool: the clients of one server, as many as there are pieces of a run that talk to it at a time. Each
// keeps its connections; whoever sends gives away the turn until the answers are there.
#pragma once

#include <memory>
#include <vector>

#include "agent/http/curl_client.h"
#include "agent/http/http_client.h"
#include "agent/work/turns.h"

namespace agent {

class ClientPool final : public HttpClient {
 public:
  /// `turns` outlives it.
  ClientPool(CurlOptions options, Turns& turns);

  std::vector<HttpResponse> send(const std::vector<HttpRequest>& requests) override;
  /// Whether the server has answered so soon that its answers are hardly waited for. False before the first.
  bool is_near() const { return is_near_; }
  /// Whether it was asked anything, so that `is_near` says something.
  bool has_answered() const { return has_answered_; }

 private:
  class Lent;

  CurlOptions options_;
  Turns& turns_;
  std::vector<std::unique_ptr<CurlClient>> idle_;
  bool is_near_ = false;
  bool has_answered_ = false;
};

}  // namespace agent
