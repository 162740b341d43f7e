// ProxySettings: which proxy a request goes through, after HTTPS_PROXY, HTTP_PROXY and NO_PROXY as docker and
// all of Go read them (golang.org/x/net/http/httpproxy).
#pragma once

#include <optional>
#include <string>

#include "agent/http/url.h"

namespace agent {

struct Proxy {
  std::string url;       // as configured, for libcurl; may hold a password
  std::string name;      // `host[:port]`, for messages
  std::string variable;  // where it was named
  bool has_login = false;
};

class ProxySettings {
 public:
  /// Upper case comes before lower case. HTTP_PROXY does not count in a CGI program, where a client's header
  /// `Proxy` sets it.
  static ProxySettings of_environment();
  ProxySettings(std::string https_proxy, std::string http_proxy, std::string no_proxy)
      : https_proxy_(std::move(https_proxy)),
        http_proxy_(std::move(http_proxy)),
        no_proxy_(std::move(no_proxy)) {}

  /// nullopt: straight to the server, which is so for this machine itself (`localhost`, loopback addresses).
  /// Throws kConfig for what names no proxy, without showing it.
  std::optional<Proxy> proxy_for(const Url& url) const;

 private:
  std::string https_proxy_;
  std::string http_proxy_;
  std::string no_proxy_;
};

}  // namespace agent
