// NotaryServer: the trust data of one repository on a notary-server, over HTTP (sections 1.1 to 1.6, 2.8).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/http/authenticated_client.h"
#include "agent/http/http_client.h"
#include "agent/http/url.h"
#include "agent/store/trust_store.h"
#include "tuf/names/role_name.h"

namespace agent {

class NotaryServer final : public TrustStore {
 public:
  /// `http` answers the server's challenges, if it makes any: an AuthenticatedClient with `notary_auth`. One
  /// state of a repository must have been read within `reading_time`.
  NotaryServer(std::shared_ptr<HttpClient> http, Url server, tuf::Gun gun,
               std::chrono::milliseconds reading_time = std::chrono::seconds(60));

  /// Host and port of the server.
  const std::string& name() const override { return server_.authority(); }

  std::vector<std::optional<std::string>> fetch(const std::vector<FileRequest>& requests) override;
  tuf::KeyObject server_key(const tuf::RoleName& role) override;
  tuf::KeyObject make_server_key(const tuf::RoleName& role) override;
  /// Asks for the timestamp key, which wants the same permission as a publish (section 1.3).
  void require_publishing() override;
  void remove() override;
  PublishResult publish(const std::vector<RoleFile>& files) override;

 private:
  HttpRequest make_request(const FileRequest& request) const;
  HttpResponse ask_for_key(HttpMethod method, const tuf::RoleName& role);
  tuf::KeyObject key_answered_to(HttpMethod method, const tuf::RoleName& role);
  std::string url_of(const std::string& file) const;

  std::shared_ptr<HttpClient> http_;
  Url server_;
  tuf::Gun gun_;
  std::chrono::milliseconds reading_time_;
  /// Until when everything must have been read: many answers that are each in time must not add up.
  std::optional<std::chrono::steady_clock::time_point> deadline_;
};

/// What an AuthenticatedClient for trust data needs to know: the token scope and the words for messages. The
/// caller adds where credentials come from.
AuthOptions notary_auth(const Url& server, const tuf::Gun& gun, Access access);

}  // namespace agent
