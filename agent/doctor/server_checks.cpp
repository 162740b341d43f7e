#include "agent/doctor/server_checks.h"

#include <chrono>

#include "agent/http/transport_error.h"
#include "agent/http/url.h"
#include "agent/store/notary_server.h"
#include "agent/store/static_folder.h"
#include "agent/work/new_repository.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

/// A clock that differs by more makes what is valid look expired, or the other way round.
constexpr std::chrono::hours kWrongClock{24};
constexpr std::chrono::minutes kInexactClock{2};
/// HTTP tells whole seconds, and an answer takes its time.
constexpr std::chrono::seconds kPreciseClock{5};

/// Asked for where no repository is named; the answer "not here" tells as much as any other.
const tuf::Gun& some_repository() {
  static const tuf::Gun gun = tuf::Gun::of("countersign/doctor");
  return gun;
}

Ailment tls_ailment(const TransportError& error) {
  switch (error.fault()) {
    case TransportFault::kUnknownAuthority:
      return {"tls-unknown-authority", error};
    case TransportFault::kOtherHostName:
      return {"tls-other-host-name", error};
    case TransportFault::kExpiredCertificate:
      return {"tls-certificate-expired", error};
    case TransportFault::kClientCertificate:
      return {"tls-client-certificate", error};
    case TransportFault::kNoTls:
      return {"tls-not-spoken", error};
    case TransportFault::kUnknownHost:
    case TransportFault::kProxy:
    case TransportFault::kOther:
      break;
  }
  return Ailment(error);
}

std::string in_words(std::chrono::seconds time) {
  if (time >= std::chrono::hours{48}) return std::to_string(time / std::chrono::hours{24}) + " days";
  if (time >= std::chrono::minutes{120}) return std::to_string(time / std::chrono::hours{1}) + " hours";
  if (time >= std::chrono::seconds{120}) return std::to_string(time / std::chrono::minutes{1}) + " minutes";
  return std::to_string(time.count()) + " seconds";
}

}  // namespace

ServerChecks::ServerChecks(Patient& patient)
    : patient_(patient),
      probe_([this] {
        const ServerUrl address = *server();
        return probe_server(*patient_.run.http(address), Url::of_server(address.text()),
                            patient_.gun.value_or(some_repository()));
      }),
      repository_([this] { return patient_.run.open(*patient_.gun, Access::kPublish); }) {}

std::optional<ServerUrl> ServerChecks::server() const {
  if (patient_.gun) return patient_.settings().server_for(*patient_.gun);
  return patient_.settings().server();
}

std::string ServerChecks::name() const {
  try {
    const auto address = server();
    if (!address) return {};
    return address->is_folder() ? address->text() : address->authority();
  } catch (const Error&) {
    return {};
  }
}

void ServerChecks::add_to(std::vector<Check>& chain) {
  const auto add = [&](const char* name, std::string (ServerChecks::*look)()) {
    chain.push_back({name, [this, look] { return (this->*look)(); }});
  };
  add("server", &ServerChecks::look_at_address);
  std::optional<ServerUrl> address;
  try {
    address = server();
  } catch (const Error&) {
    return;  // the first link is broken, and says so
  }
  if (!address) return;
  if (!address->is_folder()) {
    add("reachable", &ServerChecks::look_at_reach);
    if (!address->is_plain_http()) add("tls", &ServerChecks::look_at_tls);
    add("clock", &ServerChecks::look_at_clock);
    add("trust-server", &ServerChecks::look_at_kind);
  }
  if (!patient_.gun) return;
  if (!address->is_folder()) add("credentials", &ServerChecks::look_at_credentials);
  add("repository", &ServerChecks::look_at_existence);
  add("push", &ServerChecks::look_at_push);
}

std::string ServerChecks::look_at_address() {
  std::optional<ServerUrl> address;
  try {
    address = server();
  } catch (const Error& error) {
    throw Ailment("no-server", error);
  }
  if (!address) return "none is named: it follows from the repository, so name one to look further";
  if (!address->is_folder()) {
    patient_.settings().tls_for(*address);
  } else if (!std::filesystem::is_directory(address->folder())) {
    throw Ailment("folder-missing", no_folder(address->folder(), tuf::printable(address->text()),
                                              patient_.gun ? patient_.gun->text() : "REPO"));
  }
  return tuf::printable(address->text());
}

std::string ServerChecks::look_at_reach() {
  const std::string host = server()->authority();
  try {
    probe_.get();
  } catch (const TransportError& error) {
    if (error.fault() == TransportFault::kUnknownHost) {
      throw Ailment("host-unknown",
                    error.with_hint("check the name in --server; resolve it with: getent hosts " +
                                    tuf::shell_word(Url::of_server(server()->text()).host())));
    }
    // Who fails to speak TLS was reached.
    if (error.code() != ErrorCode::kTlsFailed) throw Ailment(error);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kFileUnreadable) throw Ailment("tls-file-unusable", error);
    if (error.code() != ErrorCode::kTlsFailed) throw;
  }
  return tuf::printable(host);
}

std::string ServerChecks::look_at_tls() {
  try {
    const ServerProbe& probe = probe_.get();
    if (probe.kind() == ServerKind::kWantsCertificate) require_trust_server(probe);
  } catch (const TransportError& error) {
    throw tls_ailment(error);
  }
  return "the server's certificate is accepted";
}

std::string ServerChecks::look_at_clock() {
  const auto ahead = probe_.get().clock_ahead(patient_.run.now());
  if (!ahead) return "the server does not tell the time";
  const auto off = std::chrono::abs(*ahead);
  if (off < kPreciseClock) return "as the server's";
  const std::string difference = "this machine's clock is " + in_words(off) +
                                 (ahead->count() > 0 ? " ahead of" : " behind") + " the server's";
  if (off > kWrongClock) {
    throw Ailment("clock-wrong",
                  Error(ErrorCode::kLocal, difference + ", so nobody can tell what has expired",
                        "set the one that is wrong: timedatectl set-ntp true"));
  }
  if (off > kInexactClock) patient_.warn("CLOCK_DIFFERS", difference);
  return difference;
}

void ServerChecks::require_trust_server(const ServerProbe& probe) const {
  const std::string host = server()->authority();
  const std::string status = std::to_string(probe.trust.status);
  switch (probe.kind()) {
    case ServerKind::kNotary:
    case ServerKind::kGuarded:
      return;
    case ServerKind::kWantsCertificate:
      throw Ailment("tls-client-certificate",
                    Error(ErrorCode::kTlsFailed, host + " wants a client certificate",
                          "name it with --tlscert FILE --tlskey FILE"));
    case ServerKind::kRegistry:
      throw Ailment(
          "server-is-registry",
          Error(ErrorCode::kServerError, host + " is a registry, and no trust server beside it answers",
                "name the Notary server with --server URL or DOCKER_CONTENT_TRUST_SERVER"));
    case ServerKind::kRedirect:
      throw Ailment(
          "server-redirects",
          Error(ErrorCode::kServerError,
                host + " answers " + status + ", a redirect to " +
                    shown_url(probe.trust.header("location").value_or("nowhere")) + ", which is not followed",
                "name the place itself in --server"));
    case ServerKind::kFailing:
      throw Ailment("server-failing",
                    Error(ErrorCode::kServerError, host + " answers " + status + " when asked for trust data",
                          "whoever runs it looks into the log of notary-server, and of the proxy before it"));
    case ServerKind::kSomethingElse:
      throw Ailment(
          "server-is-no-notary",
          Error(ErrorCode::kServerError,
                host + " answers " + status + " when asked for trust data, and not as a Notary server does",
                "name the Notary server with --server URL or DOCKER_CONTENT_TRUST_SERVER"));
  }
}

std::string ServerChecks::look_at_kind() {
  require_trust_server(probe_.get());
  return probe_.get().kind() == ServerKind::kGuarded ? "it answers, and wants credentials"
                                                     : "it answers as a Notary server";
}

/// `forbidden`: the diagnosis for credentials that are known and not enough.
void ServerChecks::fail_denied(const Error& error, const std::string& forbidden, bool has_account) {
  switch (error.code()) {
    case ErrorCode::kUnauthorized:
      throw Ailment(has_account ? "credentials-refused" : "credentials-missing", error);
    case ErrorCode::kForbidden:
      throw Ailment(forbidden, error);
    case ErrorCode::kConfig:
    case ErrorCode::kFileUnreadable:
      throw Ailment("credentials-unusable", error);
    // The server itself has answered before.
    case ErrorCode::kServerUnreachable:
      throw Ailment("token-service-unreachable", error);
    case ErrorCode::kTlsFailed:
      throw Ailment("token-service-untrusted", error);
    default:
      throw Ailment(error);
  }
}

std::string ServerChecks::look_at_credentials() {
  const Url url = Url::of_server(server()->text());
  const auto client = patient_.run.authenticated_http(*patient_.gun, Access::kRead);
  HttpResponse answer;
  try {
    NotaryServer store(client, url, *patient_.gun);
    exists_ = repository_exists(store);
    if (probe_.get().kind() != ServerKind::kGuarded) return "nobody is asked for any to read";
    if (!exists_) answer = client->send_one(root_request(url, *patient_.gun));
  } catch (const Error& error) {
    fail_denied(error, "pull-denied", client->account() != nullptr);
  }
  // Only now it shows what was guarded.
  if (!exists_) require_trust_server({probe_.get().ping, std::move(answer)});
  const Credential* account = client->account();
  return "accepted to read: " + (account != nullptr ? account->source : std::string("anonymous"));
}

std::string ServerChecks::look_at_existence() {
  Run::Repository& open = repository_.get();
  if (server()->is_folder()) exists_ = repository_exists(*open.store);
  if (exists_) return patient_.gun->text();
  throw Error(
      ErrorCode::kNoTrustData, open.store->name() + " has no trust data for " + patient_.gun->text(),
      "check the name; an administrator makes it with: countersign repo init " + patient_.gun->text());
}

std::string ServerChecks::look_at_push() {
  try {
    repository_.get().store->require_publishing();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kServerRejected) throw Ailment("server-is-read-only", error);
    if (error.code() == ErrorCode::kLocal) throw Ailment("folder-read-only", error);
    if (error.code() == ErrorCode::kServerError) {
      throw Ailment(
          "server-keys-unavailable",
          error.with_hint("whoever runs the server sees to it that notary-server reaches notary-signer, "
                          "and that this has its database"));
    }
    fail_denied(error, "push-denied", patient_.run.credential_for(*patient_.gun).has_value());
  }
  return "may publish";
}

}  // namespace agent
