#include "agent/http/curl_client.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <openssl/ui.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <stdlib.h>

#include <algorithm>
#include <cstring>
#include <mutex>

#include "agent/http/curl_transfer.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

using std::chrono::milliseconds;
using tuf::Error;
using tuf::ErrorCode;

/// Idle connections that are kept: those of a batch, and one to the token service.
constexpr long kKeptConnections = 16;
constexpr milliseconds kLongestPoll{1000};
constexpr std::size_t kRoundTripsToAnswer = 3;  // of a new connection: TCP, TLS, and the request
constexpr milliseconds kEarliest{100};          // libcurl gives up some milliseconds before time is up

void check(CURLMcode code) {
  if (code != CURLM_OK)
    throw Error(ErrorCode::kInternal, std::string("libcurl: ") + curl_multi_strerror(code));
}

/// What libcurl gives back may have been part of a header with a password.
void wiping_free(void* memory) {
  if (memory != nullptr) OPENSSL_cleanse(memory, malloc_usable_size(memory));
  free(memory);
}
void* wiping_realloc(void* memory, std::size_t size) {
  if (memory == nullptr) return malloc(size);
  void* larger = malloc(size);
  if (larger == nullptr) return nullptr;
  std::memcpy(larger, memory, std::min(size, malloc_usable_size(memory)));
  wiping_free(memory);
  return larger;
}

/// OpenSSL would ask on the terminal for the passphrase of any file that libcurl or a store gives to it.
void never_ask() {
  UI_METHOD* const method = UI_create_method("no terminal");  // for as long as the program runs
  if (method == nullptr) throw Error(ErrorCode::kInternal, "no memory for OpenSSL");
  UI_method_set_opener(method, [](UI*) { return 0; });
  UI_set_default_method(method);
}

void initialise_curl_once() {
  static std::once_flag once;
  std::call_once(once, [] {
    // libcurl would write the keys of all connections into the file that it names.
    unsetenv("SSLKEYLOGFILE");
    never_ask();
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wiping_free, wiping_realloc, strdup, calloc) !=
        CURLE_OK) {
      throw Error(ErrorCode::kInternal, "libcurl cannot be initialised");
    }
  });
}

bool is_repeatable(HttpMethod method) {
  return method == HttpMethod::kGet || method == HttpMethod::kHead;
}

const char* name_of(HttpMethod method) {
  switch (method) {
    case HttpMethod::kGet:
      return "GET";
    case HttpMethod::kHead:
      return "HEAD";
    case HttpMethod::kPost:
      return "POST";
    case HttpMethod::kDelete:
      return "DELETE";
  }
  return "?";
}

}  // namespace

/// A request on its way to its response. Leaves the multi handle when it goes, also in mid-transfer.
struct CurlClient::Exchange {
  Exchange(CURLM* multi, const HttpRequest& request, const CurlOptions& options, CurlShared& shared)
      : multi(multi), request(request), transfer(request, options, shared) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() { stop(); }

  void stop() {
    if (running) curl_multi_remove_handle(multi, transfer.handle());
    running = false;
  }

  CURLM* multi;
  const HttpRequest& request;
  CurlTransfer transfer;
  bool running = false;
  bool has_company = false;  // this try: others are under way over connections of their own
  int tries = 0;
  Clock::time_point start_at;  // of the next try, while not running
  std::optional<HttpResponse> response;
};

CurlClient::CurlClient(CurlOptions options) : options_(std::move(options)), jitter_(std::random_device{}()) {
  initialise_curl_once();
  start_without_connections();
}

void CurlClient::start_without_connections() {
  multi_.reset(curl_multi_init());
  if (!multi_) throw Error(ErrorCode::kInternal, "libcurl has no handle");
  check(curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS,
                          static_cast<long>(options_.connections_per_host)));
  check(curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kKeptConnections));
}

bool CurlClient::is_disturbed() const {
  std::vector<pollfd> polled;
  for (const curl_socket_t socket : shared_.sockets) polled.push_back({socket, POLLIN, 0});
  return poll(polled.data(), polled.size(), 0) != 0;
}

CurlClient::~CurlClient() = default;

std::vector<HttpResponse> CurlClient::send(const std::vector<HttpRequest>& requests) {
  if (!shared_.authorities) shared_.authorities = options_.trust.load();
  if (is_disturbed()) start_without_connections();
  auto deadline = Clock::now() + options_.budget->at_most(options_.total_timeout);
  for (const HttpRequest& request : requests)
    deadline = std::min(deadline, request.deadline.value_or(deadline));
  std::vector<std::unique_ptr<Exchange>> exchanges;
  for (const HttpRequest& request : requests) {
    exchanges.push_back(std::make_unique<Exchange>(multi_.get(), request, options_, shared_));
  }
  if (!has_begun_ && !exchanges.empty()) begin(*exchanges.front(), deadline);
  is_single_ = exchanges.size() == 1;
  limit_connections(exchanges.size());
  const auto is_answered = [](const auto& exchange) { return exchange->response.has_value(); };
  while (!std::all_of(exchanges.begin(), exchanges.end(), is_answered)) {
    auto wake_at = Clock::now() + kLongestPoll;
    for (const auto& exchange : exchanges) {
      if (exchange->running || exchange->response) continue;
      // Not only new connections: those that are open already would be used side by side.
      const auto is_running = [](const auto& other) { return other->running; };
      if (grants_one_ && std::any_of(exchanges.begin(), exchanges.end(), is_running)) continue;
      if (exchange->start_at <= Clock::now()) {
        start(*exchange, deadline);
      } else {
        wake_at = std::min(wake_at, exchange->start_at);
      }
    }
    int running = 0;
    check(curl_multi_perform(multi_.get(), &running));
    bool any_ended = false;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const auto ended = std::find_if(exchanges.begin(), exchanges.end(), [message](const auto& exchange) {
        return exchange->transfer.handle() == message->easy_handle;
      });
      if (ended == exchanges.end()) continue;
      take_result(**ended, message->data.result, deadline);
      any_ended = true;
    }
    if (any_ended) continue;
    const auto wait = std::chrono::ceil<milliseconds>(wake_at - Clock::now());
    check(curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(std::max<long>(0, wait.count())),
                          nullptr));
  }
  std::vector<HttpResponse> responses;
  for (auto& exchange : exchanges) responses.push_back(std::move(*exchange->response));
  return responses;
}

void CurlClient::begin(Exchange& exchange, Clock::time_point deadline) {
  has_begun_ = true;
  is_single_ = true;
  start(exchange, deadline);
  const auto until = Clock::now() + options_.near;
  int running = 1;
  while (true) {
    check(curl_multi_perform(multi_.get(), &running));
    const auto wait = std::chrono::ceil<milliseconds>(until - Clock::now());
    if (shared_.is_answered || running == 0 || wait.count() <= 0) break;
    check(curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(wait.count()), nullptr));
  }
  is_near_ = shared_.is_answered;
}

/// A new connection takes three round trips until its first answer has come: with so many at hand that none
/// is used more often, none is opened.
void CurlClient::limit_connections(std::size_t requests) {
  const auto there = static_cast<std::size_t>(stats_.connections);
  std::size_t limit = static_cast<std::size_t>(options_.connections_per_host);
  if (is_near_ || grants_one_) {
    limit = 1;
  } else if (requests <= there * kRoundTripsToAnswer) {
    limit = std::min(limit, there);
  }
  check(curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(limit)));
}

void CurlClient::start(Exchange& exchange, Clock::time_point deadline) {
  exchange.transfer.prepare(std::chrono::ceil<milliseconds>(deadline - Clock::now()));
  check(curl_multi_add_handle(multi_.get(), exchange.transfer.handle()));
  exchange.running = true;
  exchange.has_company = !is_near_ && !grants_one_ && !is_single_;
  ++stats_.requests;
  if (++exchange.tries > 1) ++stats_.retries;
}

void CurlClient::take_result(Exchange& exchange, CURLcode code, Clock::time_point deadline) {
  auto result = exchange.transfer.result(code);
  stats_.connections += static_cast<int>(exchange.transfer.new_connections());
  exchange.stop();

  const auto* error = std::get_if<TransportError>(&result);
  const bool lost =
      error != nullptr && error->fault() != TransportFault::kProxy &&
      (error->code() == ErrorCode::kServerUnreachable || error->code() == ErrorCode::kConnectionLost);
  const int status = error != nullptr ? 0 : std::get<HttpResponse>(result).status;
  // A server, or what stands before it, may grant no more than one connection at a time.
  const bool may_be_refused = error != nullptr ? error->code() == ErrorCode::kTlsFailed ||
                                                     error->code() == ErrorCode::kServerUnreachable
                                               : status == 429 || status == 503;
  const bool is_of_proxy = error != nullptr && error->fault() == TransportFault::kProxy;
  const bool is_refused =
      may_be_refused && exchange.has_company && !is_of_proxy && is_repeatable(exchange.request.method);
  if (is_refused) {
    grants_one_ = true;
    limit_connections(1);
  }
  log(exchange, error != nullptr
                    ? std::string(error->what())
                    : fmt::format("{}, {} bytes", status, std::get<HttpResponse>(result).body.size()));
  if (lost || is_refused || error == nullptr) {
    const auto pause = pause_before_retry(exchange, lost || is_refused, status);
    if (pause && Clock::now() + *pause < deadline) {
      exchange.start_at = Clock::now() + *pause;
      return;
    }
  }
  // A connection that could not be made in time is no other matter.
  if (error != nullptr && (lost || error->code() == ErrorCode::kTimeout) &&
      !options_.budget->allows(kEarliest))
    throw options_.budget->used_up(error->what());
  if (error != nullptr) throw *error;
  exchange.response = std::get<HttpResponse>(std::move(result));
}

std::optional<milliseconds> CurlClient::pause_before_retry(const Exchange& exchange, bool lost, int status) {
  const bool busy = status == 502 || status == 503 || status == 504;
  const bool repeatable =
      is_repeatable(exchange.request.method) ? lost || busy || status == 429 : status == 429;
  if (!repeatable || exchange.tries >= options_.tries) return std::nullopt;
  const auto asked = exchange.transfer.retry_after();
  if (status != 0 && asked.count() > 0) return asked;
  // Between half and one and a half of the pause, so that jobs which failed together do not return together.
  const milliseconds pause = options_.retry_pause * (1 << (exchange.tries - 1));
  return pause / 2 + milliseconds(std::uniform_int_distribution<long>(0, pause.count())(jitter_));
}

void CurlClient::log(const Exchange& exchange, const std::string& outcome) const {
  if (!options_.log || !options_.log->should_log(spdlog::level::debug)) return;
  const auto url = Url::parse(exchange.request.url);
  options_.log->debug("{} {} {}: {}", name_of(exchange.request.method), url->authority(), url->path(),
                      outcome);
}

}  // namespace agent
