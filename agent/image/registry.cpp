#include "agent/image/registry.h"

#include <algorithm>

#include "agent/http/transport_error.h"
#include "agent/http/unusable_answer.h"
#include "agent/names/image_reference.h"
#include "agent/names/log_in_command.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

/// All that we know. With fewer, registries convert: asked for an image's manifest only, they answer with
/// that of one platform; asked for nothing, with a format that no digest was ever signed in.
constexpr const char* kAccept =
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

/// Behind the registry's name.
std::string path_of(const tuf::Gun& image) {
  return image.text().substr(registry_of(image).size() + 1);
}

/// The type in a Content-Type; empty for those that say nothing about an image.
std::string media_type_of(const HttpResponse& response) {
  std::string type = response.header("content-type").value_or("");
  type.resize(std::min(type.find(';'), type.size()));
  while (type.ends_with(' ')) type.pop_back();
  const bool generic =
      type == "application/json" || type == "text/plain" || type == "application/octet-stream";
  return generic ? std::string() : type;
}

/// What mends it at a registry: the transport's own hints are about the trust server.
std::string mend(const TransportError& error, const std::string& host) {
  const std::string folder = "~/.docker/certs.d/" + host + "/";
  switch (error.fault()) {
    case TransportFault::kNoTls:
      return "if it is meant to speak without TLS, say so with: --insecure-registry " + host;
    case TransportFault::kUnknownAuthority:
      return "put the certificate of its authority, as *.crt, into " + folder;
    case TransportFault::kClientCertificate:
      return "put a certificate and its key, as *.cert and *.key, into " + folder;
    case TransportFault::kOtherHostName:
      return "name the image with the host that the certificate is for";
    case TransportFault::kUnknownHost:
    case TransportFault::kOther:
      if (!error.hint().empty()) return error.hint();
      if (error.code() == ErrorCode::kTlsFailed) return {};
      return "check the registry in the image's name, the network and the proxy, then repeat the command; "
             "where digest and size are known, no registry is asked: IMAGE@sha256:… --size N";
    case TransportFault::kExpiredCertificate:
    case TransportFault::kProxy:
      return error.hint();
  }
  return error.hint();
}

}  // namespace

Registry::Registry(std::shared_ptr<HttpClient> http, Url server, const tuf::Gun& image)
    : http_(std::move(http)), server_(std::move(server)), repository_(path_of(image)) {}

std::string Registry::subject(const std::string& which) const {
  return repository_ + (which.starts_with("sha256:") ? "@" : ":") + which;
}

HttpRequest Registry::make_request(HttpMethod method, const std::string& which) const {
  HttpRequest request;
  request.method = method;
  request.url = server_.text() + "/v2/" + repository_ + "/manifests/" + which;
  request.headers.emplace_back("Accept", kAccept);
  request.max_response = kMaxManifestLength;
  return request;
}

HttpResponse Registry::send(HttpMethod method, const std::string& which) const {
  try {
    return http_->send_one(make_request(method, which));
  } catch (const TransportError& error) {
    throw error.with_hint(mend(error, server_.authority()));
  }
}

std::optional<Manifest> Registry::find(const std::string& tag) {
  return get(tag);
}

std::optional<Manifest> Registry::find(const Digest& digest) {
  std::optional<Manifest> manifest = get(digest.text());
  if (manifest && manifest->digest != digest) {
    throw Error(ErrorCode::kHashMismatch,
                name() + " gives " + manifest->digest.text() + " for " + subject(digest.text()),
                "something between here and the registry alters what it sends: look at proxies and mirrors");
  }
  return manifest;
}

std::optional<Digest> Registry::digest_of(const std::string& tag) {
  const HttpResponse response = send(HttpMethod::kHead, tag);
  if (response.status == 200) {
    if (const auto digest = announced(response, subject(tag))) return digest;
  }
  // Without the header, or without HEAD, only the bytes tell.
  const std::optional<Manifest> manifest = response.status == 404 ? std::nullopt : get(tag);
  return manifest ? std::optional(manifest->digest) : std::nullopt;
}

std::optional<Manifest> Registry::get(const std::string& which) {
  const HttpResponse response = send(HttpMethod::kGet, which);
  if (response.status == 404) return std::nullopt;
  if (response.status != 200) {
    throw unusable_answer(
        name(), subject(which), response,
        {"name the registry that has the image itself",
         "look at the registry's health, then repeat the command, or name the digest and the "
         "size yourself: IMAGE@sha256:… --size N",
         log_in_command(server_.authority())});
  }
  const std::optional<Digest> digest = announced(response, subject(which));
  if (digest && *digest != Digest::of(response.body)) {
    throw Error(ErrorCode::kHashMismatch,
                name() + " calls " + subject(which) + " " + digest->text() + ", but what it sends is " +
                    Digest::of(response.body).text(),
                "something between here and the registry alters what it sends: look at proxies and mirrors");
  }
  try {
    return describe_manifest(response.body, media_type_of(response));
  } catch (const Error& error) {
    throw Error(ErrorCode::kServerError, name() + " answers for " + subject(which) + ": " + error.what(),
                "push an image or an index of OCI, or of Docker's schema 2; what is there is shown by: "
                "skopeo inspect --raw docker://" +
                    server_.authority() + "/" + subject(which));
  }
}

std::optional<Digest> Registry::announced(const HttpResponse& response, const std::string& subject) const {
  const auto header = response.header("docker-content-digest");
  if (!header || header->empty()) return std::nullopt;
  try {
    return Digest::parse(*header);
  } catch (const Error& error) {
    throw error.with_context(name() + " names " + subject + " by what cannot be signed")
        .with_hint("push it to a registry that names images by their SHA-256");
  }
}

Url registry_url(const tuf::Gun& image, const std::vector<std::string>& insecure) {
  const std::string registry = registry_of(image);
  const std::string host = registry == "docker.io" ? "registry-1.docker.io" : registry;
  auto url = Url::parse("http://" + host);
  if (url && url->is_allowed(insecure)) return *url;
  url = Url::parse("https://" + host);
  if (!url)
    throw Error(ErrorCode::kConfig, "\"" + tuf::printable(registry) + "\" is not the host of a registry",
                "write the registry in the image's name as HOST or HOST:PORT");
  return *url;
}

AuthOptions registry_auth(const Url& server, const tuf::Gun& image) {
  AuthOptions options{server, "repository:" + path_of(image) + ":pull", "read " + image.text(), {}};
  if (!server.is_https()) options.http_servers.push_back(server.authority());
  return options;
}

}  // namespace agent
