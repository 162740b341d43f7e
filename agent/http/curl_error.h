// From libcurl's many codes to the few that callers act on. What counts is whether the server may have seen
// the request: an answer that never came must not look like a server that was never reached.
#pragma once

#include <curl/curl.h>

#include <optional>
#include <string>

#include "agent/http/proxy_settings.h"
#include "agent/http/transport_error.h"

namespace agent {

struct CurlFailure {
  CURLcode code = CURLE_OK;
  std::string host;                 // authority, for the message
  bool request_begun = false;       // the connection stood and the request was handed to it
  bool first_of_connection = true;  // no earlier answer can have left bytes behind
  long verify_result = 0;           // X509_V_…
  std::string text;                 // libcurl's own explanation; may quote the server
  std::optional<Proxy> proxy = {};  // on the way
};

/// Throws std::bad_alloc where memory is short.
TransportError describe_failure(const CurlFailure& failure);
/// A proxy that has answered `status` instead of passing on what is for `host`: nothing was sent there.
TransportError describe_proxy_refusal(const std::string& host, const Proxy& proxy, int status);

}  // namespace agent
