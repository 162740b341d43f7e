// CurlClient: HttpClient on libcurl. Requests of one call go out together, over one connection where the
// server is near and over several where each round trip counts; connections are kept for the next call, so
// that a publish and its read-back travel over what the download opened. HTTP/2 where offered.
//
// TLS from 1.2 on, always verified. No redirects, cookies, .netrc, compression or answers beyond the limit of
// the request. One thread.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <memory>
#include <random>
#include <vector>

#include "agent/http/curl_options.h"
#include "agent/http/curl_transfer.h"
#include "agent/http/http_client.h"
#include "tuf/base/openssl.h"

namespace agent {

struct HttpStats {
  int requests = 0;     // tries, whatever came of them
  int retries = 0;      // of these, second and third tries
  int connections = 0;  // opened
};

class CurlClient final : public HttpClient {
 public:
  /// Opens nothing and reads nothing yet.
  explicit CurlClient(CurlOptions options = {});
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;
  ~CurlClient() override;

  std::vector<HttpResponse> send(const std::vector<HttpRequest>& requests) override;

  const HttpStats& stats() const { return stats_; }
  /// The server has answered so soon that it gets one connection (CurlOptions::near).
  bool is_near() const { return is_near_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Exchange;

  /// Starts the first request of all, and decides by how soon the server answers how many connections it
  /// gets.
  void begin(Exchange& exchange, Clock::time_point deadline);
  void limit_connections(std::size_t requests);
  void start_without_connections();
  /// Whether something has come over a connection since its last answer was complete: its end, or bytes that
  /// belong to no answer and must not become part of the next.
  bool is_disturbed() const;
  void start(Exchange& exchange, Clock::time_point deadline);
  void take_result(Exchange& exchange, CURLcode code, Clock::time_point deadline);
  /// The pause before another try of it, if there is to be one.
  std::optional<std::chrono::milliseconds> pause_before_retry(const Exchange& exchange, bool lost,
                                                              int status);
  void log(const Exchange& exchange, const std::string& outcome) const;

  CurlOptions options_;
  CurlShared shared_;  // its authorities are loaded for the first request
  tuf::OpensslPtr<CURLM, curl_multi_cleanup> multi_;
  bool has_begun_ = false;
  bool is_near_ = false;
  bool is_single_ = false;   // the request that is under way, if there is no other beside it
  bool grants_one_ = false;  // more connections than one were refused
  HttpStats stats_;
  std::minstd_rand jitter_;
};

}  // namespace agent
