#include "agent/http/curl_transfer.h"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>

#include "agent/http/curl_error.h"
#include "tuf/base/printable.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

/// All headers of an answer together, those of interim answers and trailers included.
constexpr std::size_t kMaxHeaderBytes = 64 << 10;
/// What a Content-Length may make us set aside before the first byte came: what is not written to costs
/// nothing.
constexpr std::size_t kMaxReserve = 16 << 20;
constexpr int kMinSecurityLevel = 2;
/// Any longer wait is beyond every budget; the cap keeps arithmetic with it safe.
constexpr std::chrono::seconds kLongestWait = std::chrono::hours(24);

Url checked_url(const std::string& text, const std::vector<std::string>& http_servers) {
  auto url = Url::parse(text);
  if (!url) throw Error(ErrorCode::kConfig, "not a usable URL: \"" + tuf::printable(text, 200) + "\"");
  if (!url->is_allowed(http_servers)) {
    throw Error(ErrorCode::kConfig, "the connection to " + url->authority() + " would not be encrypted",
                "use an https URL");
  }
  return *url;
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace

CurlTransfer::CurlTransfer(const HttpRequest& request, const CurlOptions& options, CurlShared& shared)
    : request_(request),
      options_(options),
      shared_(shared),
      url_(checked_url(request.url, options.http_servers)),
      proxy_(options.proxies.proxy_for(url_)),
      handle_(curl_easy_init()) {
  if (!handle_) throw Error(ErrorCode::kInternal, "libcurl has no handle");
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_ERRORBUFFER, static_cast<char*>(curl_text_));
  set(CURLOPT_URL, url_.text().c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_PROTOCOLS_STR, url_.is_https() ? "https" : "http");
  set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set(CURLOPT_USERAGENT, "countersign/" COUNTERSIGN_VERSION);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.idle_timeout.count()));
  set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request_.max_response));
  set(CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_PREREQFUNCTION, &CurlTransfer::on_connected);
  set(CURLOPT_PREREQDATA, this);
  set(CURLOPT_OPENSOCKETFUNCTION, &CurlTransfer::on_socket);
  set(CURLOPT_OPENSOCKETDATA, &shared_);
  set(CURLOPT_CLOSESOCKETFUNCTION, &CurlTransfer::on_close);
  set(CURLOPT_CLOSESOCKETDATA, &shared_);  // this transfer may be gone by then
  set_method();
  set_tls();
  set_proxy();
}

template <class Value>
void CurlTransfer::set(CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(handle_.get(), option, value);
  if (code != CURLE_OK) {
    throw Error(ErrorCode::kInternal,
                "libcurl refuses option " + std::to_string(option) + ": " + curl_easy_strerror(code));
  }
}

void CurlTransfer::set_method() {
  const auto add_header = [this](const std::string& line) {
    curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
    if (longer == nullptr) throw Error(ErrorCode::kInternal, "no memory for a header");
    static_cast<void>(headers_.release());
    headers_.reset(longer);
  };
  for (const auto& [name, value] : request_.headers) {
    if (value.find_first_of("\r\n") != std::string::npos) {
      throw Error(ErrorCode::kInternal, "a line break in the header " + name);
    }
    add_header(name + ": " + value);
  }
  switch (request_.method) {
    case HttpMethod::kGet:
      set(CURLOPT_HTTPGET, 1L);
      break;
    case HttpMethod::kHead:
      set(CURLOPT_NOBODY, 1L);
      break;
    case HttpMethod::kDelete:
      set(CURLOPT_CUSTOMREQUEST, "DELETE");
      break;
    case HttpMethod::kPost:
      if (request_.parts.empty()) {
        upload_ = {request_.body};
      } else {
        MultipartBody body = make_multipart(request_.parts);
        upload_ = std::move(body.pieces);
        add_header("Content-Type: " + body.content_type);
      }
      // A server that does not know "100-continue" would cost a second of waiting.
      add_header("Expect:");
      set(CURLOPT_POST, 1L);
      for (const tuf::SharedText& piece : upload_) upload_size_ += piece.size();
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(upload_size_));
      set(CURLOPT_READFUNCTION, &CurlTransfer::on_upload);
      set(CURLOPT_READDATA, this);
      set(CURLOPT_SEEKFUNCTION, &CurlTransfer::on_rewind);
      set(CURLOPT_SEEKDATA, this);
      break;
  }
  // libcurl sends a request again by itself when a kept connection turns out to be dead. on_rewind stops that
  // once part of a body is out; without a body only a connection of its own does.
  const bool repeatable = request_.method == HttpMethod::kGet || request_.method == HttpMethod::kHead;
  if (!repeatable && upload_size_ == 0) set(CURLOPT_FRESH_CONNECT, 1L);
  if (headers_) set(CURLOPT_HTTPHEADER, headers_.get());
}

void CurlTransfer::set_tls() {
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  // Not libcurl's compiled-in bundle: on_tls installs the authorities that were loaded once.
  set(CURLOPT_CAINFO, static_cast<char*>(nullptr));
  set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
  set(CURLOPT_SSL_CTX_FUNCTION, &CurlTransfer::on_tls);
  set(CURLOPT_SSL_CTX_DATA, this);
  if (!options_.client_certificate.empty()) {
    set(CURLOPT_SSLCERT, options_.client_certificate.c_str());
    set(CURLOPT_SSLKEY, options_.client_key.c_str());
  }
}

/// Said in any case, or libcurl would look into the environment itself.
void CurlTransfer::set_proxy() {
  set(CURLOPT_PROXY, proxy_ ? proxy_->url.c_str() : "");
  set(CURLOPT_NOPROXY, "");
  set(CURLOPT_HEADEROPT,
      static_cast<long>(CURLHEADER_SEPARATE));  // what is for the server is not the proxy's
}

void CurlTransfer::prepare(std::chrono::milliseconds time_left) {
  response_ = {};
  header_bytes_ = 0;
  header_done_ = false;
  uploaded_ = uploaded_of_next_ = 0;
  request_begun_ = false;
  refusal_.clear();
  too_long_ = false;
  out_of_memory_ = false;
  curl_text_[0] = '\0';
  set(CURLOPT_TIMEOUT_MS, std::max(1L, static_cast<long>(time_left.count())));
}

std::variant<HttpResponse, TransportError> CurlTransfer::result(CURLcode code) {
  if (out_of_memory_) throw std::bad_alloc();
  if (const int status = proxy_refusal()) return describe_proxy_refusal(host(), *proxy_, status);
  if (!refusal_.empty()) return TransportError(ErrorCode::kServerError, host() + " " + refusal_);
  if (too_long_ || code == CURLE_FILESIZE_EXCEEDED) {
    if (request_.may_be_longer) return longer_response();
    return TransportError(ErrorCode::kServerError, host() + " sends more than the " +
                                                       std::to_string(request_.max_response) +
                                                       " bytes that are allowed for " + url_.path());
  }
  if (code != CURLE_OK) {
    CurlFailure failure{.code = code,
                        .host = host(),
                        .request_begun = request_begun_,
                        .first_of_connection = new_connections() > 0,
                        .text = static_cast<char*>(curl_text_),
                        .proxy = proxy_};
    curl_easy_getinfo(handle_.get(), CURLINFO_SSL_VERIFYRESULT, &failure.verify_result);
    return describe_failure(failure);
  }
  // libcurl takes a connection that closes amid the headers for the end of an answer.
  if (!header_done_) {
    return describe_failure({.code = CURLE_GOT_NOTHING,
                             .host = host(),
                             .request_begun = request_begun_,
                             .text = "the answer ends in its headers",
                             .proxy = proxy_});
  }
  response_.status = status();
  return std::move(response_);
}

int CurlTransfer::status() const {
  long status = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

int CurlTransfer::proxy_refusal() const {
  if (!proxy_) return 0;
  long connect_status = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_HTTP_CONNECTCODE, &connect_status);
  if (connect_status >= 300) return static_cast<int>(connect_status);
  return !url_.is_https() && status() == 407 ? 407 : 0;
}

HttpResponse CurlTransfer::longer_response() {
  response_.status = status();
  response_.body.clear();
  response_.too_long = true;
  return std::move(response_);
}

std::chrono::seconds CurlTransfer::retry_after() const {
  curl_off_t seconds = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RETRY_AFTER, &seconds);
  return std::chrono::seconds(std::min<curl_off_t>(seconds, kLongestWait.count()));
}

long CurlTransfer::new_connections() const {
  long count = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_NUM_CONNECTS, &count);
  return count;
}

bool CurlTransfer::take_header(std::string_view line) {
  shared_.is_answered = true;
  header_bytes_ += line.size();
  if (header_bytes_ > kMaxHeaderBytes) {
    refusal_ = "sends too many headers";
    return false;
  }
  if (line.starts_with("HTTP/")) {  // the answer, or one more after an interim answer
    response_.headers.clear();
    header_done_ = false;
    return true;
  }
  if (header_done_) return true;  // trailers say nothing that we want to know
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    header_done_ = trim(line).empty();
    return true;
  }
  std::string name = tuf::in_lower_case(trim(line.substr(0, colon)));
  const std::string_view value = trim(line.substr(colon + 1));
  // Nobody asked for compression: a few bytes could stand for gigabytes.
  const bool encoded = (name == "content-encoding" && !tuf::equals_ignoring_case(value, "identity")) ||
                       (name == "transfer-encoding" && !tuf::equals_ignoring_case(value, "chunked"));
  if (encoded) {
    refusal_ = "sends an encoded body (" + tuf::printable(value, 40) + ") that was not asked for";
    return false;
  }
  response_.headers.emplace(std::move(name), value);
  return true;
}

std::size_t CurlTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  const std::size_t length = size * count;
  auto& transfer = *static_cast<CurlTransfer*>(self);
  return transfer.without_exceptions([&] { return transfer.take_header({data, length}); }) ? length : 0;
}

std::size_t CurlTransfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const std::size_t length = size * count;
  return transfer.without_exceptions([&] { return transfer.take_body({data, length}); }) ? length : 0;
}

bool CurlTransfer::take_body(std::string_view data) {
  std::string& body = response_.body;
  if (data.size() > request_.max_response - body.size()) {
    too_long_ = true;
    return false;
  }
  if (body.empty()) {
    curl_off_t announced = 0;
    curl_easy_getinfo(handle(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    if (announced > 0) body.reserve(std::min(static_cast<std::size_t>(announced), kMaxReserve));
  }
  body.append(data);
  return true;
}

/// None may pass through libcurl, which is C. There is one that can come: memory is short.
bool CurlTransfer::without_exceptions(const std::function<bool()>& take) {
  try {
    return take();
  } catch (const std::bad_alloc&) {
    out_of_memory_ = true;
    return false;
  }
}

std::size_t CurlTransfer::on_upload(char* buffer, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  std::size_t given = 0;
  while (given < size * count && transfer.uploaded_ < transfer.upload_.size()) {
    const std::string_view rest =
        transfer.upload_[transfer.uploaded_].view().substr(transfer.uploaded_of_next_);
    const std::string_view part = rest.substr(0, size * count - given);
    std::copy(part.begin(), part.end(), buffer + given);
    given += part.size();
    transfer.uploaded_of_next_ += part.size();
    if (part.size() < rest.size()) break;
    ++transfer.uploaded_;
    transfer.uploaded_of_next_ = 0;
  }
  return given;
}

int CurlTransfer::on_rewind(void*, curl_off_t, int) {
  return CURL_SEEKFUNC_FAIL;
}

int CurlTransfer::on_connected(void* self, char*, char*, int, int) {
  static_cast<CurlTransfer*>(self)->request_begun_ = true;
  return CURL_PREREQFUNC_OK;
}

curl_socket_t CurlTransfer::on_socket(void* shared, curlsocktype, curl_sockaddr* address) {
  const int socket = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (socket >= 0) static_cast<CurlShared*>(shared)->sockets.insert(socket);
  return socket;
}

int CurlTransfer::on_close(void* shared, curl_socket_t socket) {
  static_cast<CurlShared*>(shared)->sockets.erase(socket);
  return ::close(socket);
}

CURLcode CurlTransfer::on_tls(CURL*, void* ssl_context, void* self) {
  auto* context = static_cast<SSL_CTX*>(ssl_context);
  CurlShared& shared = static_cast<CurlTransfer*>(self)->shared_;
  SSL_CTX_set1_cert_store(context, shared.authorities.get());
  if (SSL_CTX_get_security_level(context) < kMinSecurityLevel) {
    SSL_CTX_set_security_level(context, kMinSecurityLevel);
  }
  SSL_CTX_set_msg_callback(context, &CurlTransfer::on_tls_message);
  SSL_CTX_set_msg_callback_arg(context, &shared.is_answered);  // this transfer may be gone by then
  return CURLE_OK;
}

void CurlTransfer::on_tls_message(int sent, int, int type, const void*, std::size_t, SSL*,
                                  void* is_answered) {
  if (!sent && type == SSL3_RT_HANDSHAKE) *static_cast<bool*>(is_answered) = true;
}

}  // namespace agent
