#include "agent/store/notary_server.h"

#include <algorithm>

#include "agent/http/error_body.h"
#include "agent/http/unusable_answer.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/base/printable.h"
#include "tuf/json/json.h"
#include "tuf/keys/public_key.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

constexpr std::size_t kMaxTimestamp = 1 << 20;
constexpr std::size_t kMaxKey = 256 << 10;
constexpr std::size_t kMaxReply = 1 << 20;  // to a publish: empty, or an error

std::string because(const ErrorBody& error) {
  const std::string text = error.text();
  return text.empty() ? "" : ": " + text;
}

Error unusable(const std::string& server, const tuf::Gun& gun, const HttpResponse& response) {
  return unusable_answer(server, gun.text(), response, {"name the place itself in --server"});
}

constexpr const char* kNameServer = "name the Notary server with --server URL or DOCKER_CONTENT_TRUST_SERVER";

/// Of a root that was asked for: what answers there instead of a trust server, if that can be told.
void require_trust_server(const std::string& server, const tuf::Gun& gun, const HttpResponse& response) {
  const std::size_t begin = response.body.find_first_not_of(" \t\r\n");
  if (response.status == 200 && begin != std::string::npos && response.body[begin] == '<') {
    throw Error(ErrorCode::kMalformedMetadata,
                server + " answers with a web page when asked for trust data of " + gun.text(), kNameServer);
  }
  const bool is_registry = response.header("docker-distribution-api-version").has_value();
  if (response.status == 404 && is_registry && ErrorBody::parse(response.body).code != "METADATA_NOT_FOUND") {
    throw Error(ErrorCode::kNoTrustData,
                server + " is a registry without a trust server, so it has no trust data for " + gun.text(),
                kNameServer);
  }
}

std::string file_name(const FileRequest& request) {
  const std::string& role = request.role.text();
  if (const auto* hash = std::get_if<FileRequest::WithHash>(&request.which)) {
    return role + "." + tuf::to_hex(hash->sha256) + ".json";
  }
  if (const auto* version = std::get_if<FileRequest::WithVersion>(&request.which)) {
    return std::to_string(version->version) + "." + role + ".json";
  }
  return role + ".json";
}

const char* actions_for(Access access) {
  switch (access) {
    case Access::kRead:
      return "pull";
    case Access::kPublish:
    case Access::kCreate:
      return "push,pull";
    case Access::kAdminister:
      return "*";
  }
  return "pull";
}

const char* name_of(Access access) {
  switch (access) {
    case Access::kRead:
      return "read";
    case Access::kPublish:
    case Access::kCreate:
      return "push";
    case Access::kAdminister:
      return "full";
  }
  return "read";
}

const char* purpose_of(Access access) {
  switch (access) {
    case Access::kRead:
      return "read";
    case Access::kPublish:
      return "publish";
    case Access::kCreate:
      return "create";
    case Access::kAdminister:
      return "administer";
  }
  return "read";
}

}  // namespace

NotaryServer::NotaryServer(std::shared_ptr<HttpClient> http, Url server, tuf::Gun gun,
                           std::chrono::milliseconds reading_time)
    : http_(std::move(http)), server_(std::move(server)), gun_(std::move(gun)), reading_time_(reading_time) {}

std::string NotaryServer::url_of(const std::string& file) const {
  return server_.text() + "/v2/" + gun_.text() + "/_trust/tuf/" + file;
}

HttpRequest NotaryServer::make_request(const FileRequest& request) const {
  HttpRequest out;
  out.url = url_of(file_name(request));
  out.max_response = request.max_length;
  out.may_be_longer = request.is_guess;
  out.deadline = deadline_;
  if (std::holds_alternative<FileRequest::Newest>(request.which)) {
    // The server lets caches in between keep it for five minutes.
    out.headers.emplace_back("Cache-Control", "no-cache");
    if (request.role.text() == "timestamp") out.max_response = std::min(out.max_response, kMaxTimestamp);
  }
  return out;
}

std::vector<std::optional<std::string>> NotaryServer::fetch(const std::vector<FileRequest>& requests) {
  if (!deadline_) deadline_ = std::chrono::steady_clock::now() + reading_time_;
  std::vector<HttpRequest> batch;
  for (const FileRequest& request : requests) batch.push_back(make_request(request));
  std::vector<std::optional<std::string>> files;
  std::vector<HttpResponse> responses = http_->send(batch);
  for (std::size_t i = 0; i < responses.size(); ++i) {
    HttpResponse& response = responses[i];
    if (requests[i].role.text() == "root") require_trust_server(name(), gun_, response);
    if (response.status == 200) {
      files.emplace_back(response.too_long ? std::nullopt : std::optional(std::move(response.body)));
    } else if (response.status == 404 || (requests[i].is_guess && response.status >= 500)) {
      files.emplace_back(std::nullopt);
    } else {
      throw unusable(name(), gun_, response);
    }
  }
  return files;
}

tuf::KeyObject NotaryServer::server_key(const tuf::RoleName& role) {
  return key_answered_to(HttpMethod::kGet, role);
}

tuf::KeyObject NotaryServer::make_server_key(const tuf::RoleName& role) {
  return key_answered_to(HttpMethod::kPost, role);
}

void NotaryServer::remove() {
  HttpRequest request;
  request.method = HttpMethod::kDelete;
  request.url = url_of("");
  request.max_response = kMaxReply;
  const HttpResponse response = http_->send_one(request);
  if (response.status != 200 && response.status != 404) throw unusable(name(), gun_, response);
}

void NotaryServer::require_publishing() {
  const HttpResponse response = ask_for_key(HttpMethod::kGet, tuf::RoleName::timestamp());
  if (response.status == 404) {
    throw Error(ErrorCode::kServerRejected,
                name() + " serves " + gun_.text() + ", but nothing can be published there: it has no keys",
                "name the Notary server, or the folder itself as file:DIR, in --server");
  }
  if (response.status != 200) throw unusable(name(), gun_, response);
}

HttpResponse NotaryServer::ask_for_key(HttpMethod method, const tuf::RoleName& role) {
  HttpRequest request;
  request.method = method;
  request.url = url_of(role.text() + ".key");
  request.max_response = kMaxKey;
  return http_->send_one(request);
}

tuf::KeyObject NotaryServer::key_answered_to(HttpMethod method, const tuf::RoleName& role) {
  const HttpResponse response = ask_for_key(method, role);
  if (response.status != 200) throw unusable(name(), gun_, response);
  const std::string what = name() + "'s " + role.text() + " key";
  try {
    const tuf::Json object = tuf::parse_json(response.body, what);
    // Rebuilt: the order of members in the answer is not the canonical one.
    tuf::KeyObject key{object.at("keytype").get<std::string>(),
                       object.at("keyval").at("public").get<std::string>()};
    if (tuf::PublicKey::from_object(key)) return key;
  } catch (const tuf::Json::exception&) {
    // A member is missing or of another type.
  } catch (const Error&) {
    // Not JSON.
  }
  throw Error(ErrorCode::kServerError, what + " is not a public key that can be used");
}

PublishResult NotaryServer::publish(const std::vector<RoleFile>& files) {
  HttpRequest request;
  request.method = HttpMethod::kPost;
  request.url = url_of("");
  request.max_response = kMaxReply;
  for (const RoleFile& file : files) request.parts.push_back({file.role.text(), file.bytes});
  deadline_.reset();  // what is read back is another operation

  HttpResponse response;
  try {
    response = http_->send_one(request);
  } catch (const Error& error) {
    const bool may_be_stored = error.code() == ErrorCode::kConnectionLost ||
                               error.code() == ErrorCode::kTimeout || error.code() == ErrorCode::kServerError;
    if (!may_be_stored) throw;
    return PublishResult::kUnknown;
  }
  const int status = response.status;
  if (status == 200) return PublishResult::kStored;
  // Nobody but us can tell what an unexpected success has done.
  if (status < 300) return PublishResult::kUnknown;
  const ErrorBody error = ErrorBody::parse(response.body);
  const bool lost_race = (status == 400 && error.code == "VERSION") || status == 409 ||
                         (status == 500 && error.code == "UPDATING");
  if (lost_race) return PublishResult::kConflict;
  if (status == 405 || status == 501) {  // what only serves files
    throw Error(ErrorCode::kServerRejected,
                name() + " answers " + std::to_string(status) + " to the update of " + gun_.text() +
                    ": it takes none",
                "name the Notary server, or the folder itself as file:DIR, in --server");
  }
  if (status >= 500) return PublishResult::kUnknown;
  if (status == 400 || status == 413) {
    const std::string reason = status == 413 ? ": the update is too large for it" : because(error);
    throw Error(ErrorCode::kServerRejected, name() + " rejects the update of " + gun_.text() + " (" +
                                                std::to_string(status) + ")" + reason);
  }
  throw unusable(name(), gun_, response);
}

AuthOptions notary_auth(const Url& server, const tuf::Gun& gun, Access access) {
  AuthOptions options{server, {}, {}, {}};
  options.scope = "repository:" + gun.text() + ":" + actions_for(access);
  options.purpose = std::string(purpose_of(access)) + " trust data of " + gun.text();
  options.access = name_of(access);
  if (access != Access::kRead) options.read_purpose = "read trust data of " + gun.text();
  return options;
}

}  // namespace agent
