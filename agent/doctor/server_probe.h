// ServerProbe: what answers at the address of a trust server, before anybody has logged in.
#pragma once

#include <chrono>
#include <optional>

#include "agent/http/http_client.h"
#include "agent/http/url.h"
#include "tuf/base/time.h"
#include "tuf/names/role_name.h"

namespace agent {

enum class ServerKind {
  kNotary,
  kGuarded,           // says nothing of itself without credentials
  kRegistry,          // holds images, and no trust data
  kRedirect,          // sends us elsewhere
  kFailing,           // a server, or what stands before it, that is in trouble
  kWantsCertificate,  // says over HTTP what others say in the TLS handshake
  kSomethingElse,
};

struct ServerProbe {
  HttpResponse ping;   // GET /v2/
  HttpResponse trust;  // GET the root of a repository that may or may not be there (section 1.1)

  ServerKind kind() const;
  /// How far the clock that says `now` is ahead of the server's; nullopt if the server does not tell the
  /// time.
  std::optional<std::chrono::seconds> clock_ahead(tuf::Time now) const;
};

/// Throws as HttpClient does.
ServerProbe probe_server(HttpClient& http, const Url& server, const tuf::Gun& gun);

/// The request for a repository's root.
HttpRequest root_request(const Url& server, const tuf::Gun& gun);

}  // namespace agent
