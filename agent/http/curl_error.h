// From libcurl's many codes to the few that callers act on. What counts is whether the server may have seen
// the request: an answer that never came must not look like a server that was never reached.
#pragma once

#include <curl/curl.h>

#include <string>

#include "agent/http/transport_error.h"

namespace agent {

struct CurlFailure {
  CURLcode code = CURLE_OK;
  std::string host;            // authority, for the message
  bool request_begun = false;  // the connection stood and the request was handed to it
  long verify_result = 0;      // X509_V_…
  std::string text;            // libcurl's own explanation; may quote the server
};

TransportError describe_failure(const CurlFailure& failure);

}  // namespace agent
