// CurlTransfer: one try of one request on a libcurl handle. Checks the answer while it arrives and tells
// afterwards whether it is a response or which error it was.
#pragma once

#include <curl/curl.h>
#include <openssl/x509.h>

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <variant>

#include "agent/http/curl_options.h"
#include "agent/http/http_client.h"
#include "agent/http/multipart.h"
#include "agent/http/transport_error.h"
#include "agent/http/url.h"
#include "tuf/base/openssl.h"

namespace agent {

/// What the transfers of one client share. libcurl keeps connections for the next one: it must outlive them.
struct CurlShared {
  tuf::OpensslPtr<X509_STORE, X509_STORE_free> authorities;
  /// Whether a server has begun to answer: its part of a handshake counts. Not the connection, which a proxy
  /// or a tunnel takes for it.
  bool is_answered = false;
  std::set<curl_socket_t> sockets;  // that are open
};

class CurlTransfer {
 public:
  /// `request`, `options` and `shared` must outlive the transfer. Throws kConfig for a URL that is not
  /// encrypted and not among `options.http_servers`.
  CurlTransfer(const HttpRequest& request, const CurlOptions& options, CurlShared& shared);
  // libcurl keeps the address of this object.
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  CURL* handle() const { return handle_.get(); }
  /// Makes ready for a (new) try that must end within `time_left`.
  void prepare(std::chrono::milliseconds time_left);
  /// What became of the try that ended with `code`.
  std::variant<HttpResponse, TransportError> result(CURLcode code);
  /// What the server asked to wait before another try; zero if it did not say.
  std::chrono::seconds retry_after() const;
  long new_connections() const;

 private:
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_upload(char* buffer, std::size_t size, std::size_t count, void* self);
  static int on_rewind(void* self, curl_off_t offset, int origin);
  static int on_connected(void* self, char* remote_ip, char* local_ip, int remote_port, int local_port);
  static curl_socket_t on_socket(void* shared, curlsocktype purpose, curl_sockaddr* address);
  static int on_close(void* shared, curl_socket_t socket);
  static CURLcode on_tls(CURL* handle, void* ssl_context, void* self);
  static void on_tls_message(int sent, int version, int type, const void* data, std::size_t size, SSL* tls,
                             void* is_answered);

  template <class Value>
  void set(CURLoption option, Value value);
  void set_method();
  void set_tls();
  void set_proxy();
  /// False, with the reason kept, if the header or what it announces cannot be taken.
  bool take_header(std::string_view line);
  bool take_body(std::string_view data);
  bool without_exceptions(const std::function<bool()>& take);
  std::string host() const { return url_.authority(); }
  int status() const;
  /// With which status the proxy has refused to pass the request on; 0 if it has not.
  int proxy_refusal() const;
  /// The response without the body, of which there was more than allowed.
  HttpResponse longer_response();

  const HttpRequest& request_;
  const CurlOptions& options_;
  CurlShared& shared_;
  Url url_;
  std::optional<Proxy> proxy_;
  std::vector<tuf::SharedText> upload_;  // one after the other
  std::size_t upload_size_ = 0;
  tuf::OpensslPtr<CURL, curl_easy_cleanup> handle_;
  tuf::OpensslPtr<curl_slist, curl_slist_free_all> headers_;

  // Of the try that is running:
  HttpResponse response_;
  std::size_t header_bytes_ = 0;
  bool header_done_ = false;
  std::size_t uploaded_ = 0;  // whole pieces
  std::size_t uploaded_of_next_ = 0;
  bool request_begun_ = false;  // from here on the server may have seen it
  std::string refusal_;         // why the answer was not taken
  bool too_long_ = false;       // more came than is allowed
  bool out_of_memory_ = false;
  char curl_text_[CURL_ERROR_SIZE] = {};
};

}  // namespace agent
