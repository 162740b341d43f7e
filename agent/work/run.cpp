#include "agent/work/run.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "agent/http/authenticated_client.h"
#include "agent/http/credentials.h"
#include "agent/names/image_reference.h"
#include "agent/names/log_in_command.h"
#include "agent/store/notary_server.h"
#include "agent/store/offline_store.h"
#include "agent/store/static_repository.h"
#include "hsm/file/key_file.h"
#include "hsm/key_ref.h"
#include "hsm/os/user_lock.h"
#include "hsm/selected_keys.h"
#include "tuf/base/error.h"
#include "tuf/base/shell_word.h"
#include "tuf/base/warning.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

// Of the whole command, unless the user names a time for it.
constexpr std::chrono::seconds kTimeToRead{60};
constexpr std::chrono::minutes kTimeToPublish{5};  // and for work with tokens
// Repositories at a time. With a server that answers at once only the two processors take turns.
constexpr int kLanes = 8;
constexpr int kLanesToNear = 3;
/// For a registry that need not be asked.
constexpr std::chrono::seconds kTimeToLookBeside{5};

CurlOptions curl_options(const Url& server, const TlsFiles& tls) {
  CurlOptions options;
  auto authority = tls.authorities.begin();
  if (tls.only_these && authority != tls.authorities.end())
    options.trust = TlsTrust::only((authority++)->string());
  for (; authority != tls.authorities.end(); ++authority) options.trust.add(authority->string());
  if (tls.client) {
    require_usable(*tls.client);
    options.client_certificate = tls.client->certificate.string();
    options.client_key = tls.client->key.string();
  }
  if (!server.is_https()) options.http_servers.push_back(server.authority());
  return options;
}

}  // namespace

Run::Run(Host& host, RunRequest request)
    : host_(host),
      request_(std::move(request)),
      now_(host.clock()()),
      budget_(std::make_shared<hsm::TimeBudget>(settings().timeout().value_or(kTimeToRead))),
      audit_(settings().audit_log(), settings().audit_checkpoint()) {}

Run::~Run() = default;

std::shared_ptr<ClientPool> Run::clients(const Url& server, const std::function<TlsFiles()>& tls) {
  const std::string origin = (server.is_https() ? "https://" : "http://") + server.authority();
  std::shared_ptr<ClientPool>& clients = clients_[origin];
  if (clients) return clients;
  CurlOptions options = curl_options(server, tls());
  options.log = host_.log();
  options.budget = budget_;
  options.total_timeout = settings().timeout().value_or(options.total_timeout);
  return clients = std::make_shared<ClientPool>(std::move(options), turns_);
}

std::shared_ptr<HttpClient> Run::http(const ServerUrl& server) {
  return clients(Url::of_server(server.text()), [&] { return settings().tls_for(server); });
}

bool Run::is_notary_auth_for(const Url& server) {
  if (settings().names_server()) return true;
  if (trusts_names_ && notary_auth_home_.empty()) notary_auth_home_ = server.authority();
  return notary_auth_home_ == server.authority();
}

std::shared_ptr<AuthenticatedClient> Run::authenticated_http(const tuf::Gun& gun, Access access) {
  const ServerUrl server = settings().server_for(gun);
  const Url url = Url::of_server(server.text());
  AuthOptions auth = notary_auth(url, gun, access);
  auth.realm_hosts = settings().token_services();
  auth.tried = credentials().sources(is_notary_auth_for(url));
  auth.log_in_hint = "log in with: " + log_in_command(url.authority()) +
                     ", or set NOTARY_AUTH to the base64 of user:password";
  if (!is_notary_auth_for(url)) auth.log_in_hint += " and name its server with --server";
  auth.find_credential = [this, gun] { return credential_for(gun); };
  if (server.is_plain_http()) auth.http_servers.push_back(url.authority());
  return std::make_shared<AuthenticatedClient>(http(server), std::move(auth));
}

Credentials Run::credentials() {
  return Credentials(secrets(), settings().docker_dir(), budget_);
}

std::optional<Credential> Run::credential_for(const tuf::Gun& gun) {
  const Url server = Url::of_server(settings().server_for(gun).text());
  return credentials().for_trust_server(gun, server, is_notary_auth_for(server));
}

Registry Run::open_registry(const tuf::Gun& image) {
  if (offline()) {
    throw Error(ErrorCode::kUsage, "no registry is asked with --offline", "leave --offline out");
  }
  const Url url = registry_url(image, settings().insecure_registries());
  return make_registry(image, url, clients(url, [&] { return tls_for_registry(image, url); }));
}

std::optional<Registry> Run::open_known_registry(const tuf::Gun& image) {
  const Url url = registry_url(image, settings().insecure_registries());
  const ServerUrl server = settings().server_for(image);
  const bool known = !url.is_https() ||
                     (!server.is_folder() && Url::of_server(server.text()).host() == url.host()) ||
                     credentials().for_registry(registry_of(image), false);
  if (!known || offline()) return std::nullopt;
  CurlOptions options = curl_options(url, tls_for_registry(image, url));
  options.log = host_.log();
  options.tries = 1;
  options.budget = std::make_shared<hsm::TimeBudget>(budget_->at_most(kTimeToLookBeside));
  return make_registry(image, url, std::make_shared<CurlClient>(std::move(options)));
}

bool Run::is_trust_server(const tuf::Gun& image, const Url& registry) const {
  const ServerUrl server = settings().server_for(image);
  return !server.is_folder() && Url::of_server(server.text()).same_origin(registry);
}

/// With registry and trust server on one host there is one connection, made as the trust server's is.
TlsFiles Run::tls_for_registry(const tuf::Gun& image, const Url& url) const {
  return is_trust_server(image, url) ? settings().tls_for(settings().server_for(image))
                                     : settings().tls_for_registry(registry_of(image));
}

Registry Run::make_registry(const tuf::Gun& image, const Url& url, std::shared_ptr<HttpClient> http) {
  const std::string registry = registry_of(image);
  AuthOptions auth = registry_auth(url, image);
  auth.realm_hosts = settings().token_services();
  const bool notary_auth = is_trust_server(image, url) && is_notary_auth_for(url);
  auth.find_credential = [this, registry, notary_auth] {
    return credentials().for_registry(registry, notary_auth);
  };
  auth.tried = credentials().sources(notary_auth);
  auth.log_in_hint = "log in with: " + log_in_command(registry);
  return {std::make_shared<AuthenticatedClient>(std::move(http), std::move(auth)), url, image};
}

std::unique_ptr<TrustStore> Run::open_store(const tuf::Gun& gun, Access access) {
  if (offline()) {
    if (access != Access::kRead) {
      throw Error(ErrorCode::kUsage, "nothing can be published with --offline", "leave --offline out");
    }
    if (request_.reset_cache) {
      throw Error(ErrorCode::kUsage, "--reset-cache drops what --offline is to show",
                  "leave one of them out");
    }
    return std::make_unique<OfflineStore>(SeenRepository(settings().trust_dir(), gun));
  }
  if (host_.open_store()) return host_.open_store()(gun, access);
  const ServerUrl server = settings().server_for(gun);
  if (server.is_folder()) {
    StaticRepository::Options options;
    options.clock = host_.clock();
    options.may_create = access == Access::kCreate;
    options.budget = budget_;
    return std::make_unique<StaticRepository>(server.folder(), gun, std::move(options));
  }
  return std::make_unique<NotaryServer>(authenticated_http(gun, access), Url::of_server(server.text()), gun,
                                        settings().timeout().value_or(kTimeToRead));
}

Run::Repository Run::open(const tuf::Gun& gun, Access access) {
  if (access != Access::kRead && !offline()) {
    if (dry_run() || only_looks_) {
      audit_.rehearse();
    } else {
      audit_.begin();
    }
  }
  if (access != Access::kRead) allow_time_to_publish();
  const RootTrust trust = settings().root_trust_for(gun);
  opened_.insert(gun);
  LoadRequest load{gun, {trust.pin, trust.trust_on_first_use, request_.reset_cache}, now_, {}};
  load.budget = budget_;
  load.remember = dry_run() ? Remember::kNothing : Remember::kAll;
  std::unique_ptr<TrustStore> store = open_store(gun, access);
  host_.log()->info("{} of {}, as of {}",
                    access == Access::kRead ? "reading the trust data" : "changing the trust data",
                    gun.text(), offline() ? "the last time" : store->name());
  return {std::move(store), SeenRepository(settings().trust_dir(), gun), std::move(load)};
}

void Run::allow_time_to_publish() {
  if (!settings().timeout()) budget_->extend_to(kTimeToPublish);
}

hsm::Tokens& Run::tokens() {
  if (!tokens_) {
    allow_time_to_publish();
    hsm::TokenSettings tokens;
    if (settings().module()) tokens.module_path = settings().module()->string();
    tokens.module_arguments = settings().module_arguments();
    tokens.time_left = [budget = budget_] { return budget->left(); };
    tokens.on_deadline = request_.on_deadline;
    tokens.on_warning = [this](const std::string& code, const std::string& message) {
      warnings_.push_back({code, message});
    };
    tokens_ = hsm::Tokens::create(std::move(tokens), secrets());
  }
  return *tokens_;
}

std::unique_ptr<hsm::KeySource> Run::key_source(const std::string& text) {
  const hsm::KeyRef ref = hsm::parse_key_ref(text);
  if (const auto* uri = std::get_if<hsm::TokenKeyUri>(&ref)) {
    return tokens().key_source(hsm::TokenUri::parse(uri->text));
  }
  if (const auto* file = std::get_if<hsm::KeyFilePath>(&ref)) {
    return std::make_unique<hsm::KeyFile>(file->path, secrets());
  }
  const std::string& digits = std::get<hsm::KeyIdPrefix>(ref).digits;
  try {
    const tuf::KeyId id = key_store().find(digits).canonical_id;
    return std::make_unique<hsm::SelectedKeys>(
        key_store(), [id](const hsm::KeyInfo& key) { return key.canonical_id == id; });
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kKeyNotFound) throw;
    if (const auto uri = token_key_with_id(digits)) return tokens().key_source(hsm::TokenUri::parse(*uri));
    throw;
  }
}

std::optional<std::string> Run::token_key_with_id(const std::string& digits) {
  if (!settings().module()) return std::nullopt;
  std::map<tuf::KeyId, std::string> uris;  // of a key on several tokens any will do
  std::string ids;
  for (const hsm::TokenInfo& token : tokens().list_public({})) {
    for (const hsm::TokenKeyInfo& key : token.keys) {
      if (!key.public_key || !key.public_key->canonical_id().hex().starts_with(digits)) continue;
      const tuf::KeyId& id = key.public_key->canonical_id();
      if (uris.emplace(id, key.uri).second) ids += (ids.empty() ? "" : ", ") + id.hex();
    }
  }
  if (uris.size() > 1) {
    throw Error(
        ErrorCode::kKeyAmbiguous,
        std::to_string(uris.size()) + " keys on tokens have IDs that start with " + digits + ": " + ids,
        "give more digits");
  }
  return uris.empty() ? std::nullopt : std::optional(uris.begin()->second);
}

hsm::KeyRing& Run::keys() {
  if (keys_) return *keys_;
  keys_ = std::make_unique<hsm::KeyRing>();
  for (const std::string& ref : settings().keys()) keys_->add(key_source(ref));
  // Where the snapshot is managed by clients, nobody can publish without its key, whatever else signs.
  const bool all = settings().keys().empty();
  keys_->add(std::make_unique<hsm::SelectedKeys>(
      key_store(), [all](const hsm::KeyInfo& key) { return all || key.label == "snapshot"; }));
  return *keys_;
}

hsm::KeyRing& Run::administrator_keys() {
  if (!std::exchange(has_administrator_keys_, true) && !settings().keys().empty()) {
    keys().add(std::make_unique<hsm::SelectedKeys>(
        key_store(), [](const hsm::KeyInfo& key) { return key.label == "root" || key.label == "targets"; }));
  }
  return keys();
}

PublishOptions Run::publish_options() {
  PublishOptions options;
  if (dry_run()) options.until = Until::kSigned;
  options.queue_folders = hsm::UserLock::default_folders();
  options.queue_patience = &queue_patience_;
  options.turns = &turns_;
  options.before_sending = [this] {
    note_sending();
    host_.log()->info("everything is signed; publishing");
    if (keys_) keys_->close();
    hsm::Secret::seal_all();
  };
  return options;
}

void Run::for_each_in_lanes(std::size_t repositories, const std::function<bool(std::size_t)>& piece) {
  const bool is_known = std::any_of(clients_.begin(), clients_.end(),
                                    [](const auto& clients) { return clients.second->has_answered(); });
  const std::size_t alone = is_known || repositories == 0 ? 0 : 1;
  if (alone == 1 && !piece(0)) return;
  const bool is_near = std::all_of(clients_.begin(), clients_.end(),
                                   [](const auto& clients) { return clients.second->is_near(); });
  const int lanes = request_.parallel.value_or(is_near ? kLanesToNear : kLanes);
  turns_.in_lanes(lanes, repositories - alone, [&](std::size_t at) { return piece(at + alone); });
}

std::shared_ptr<tuf::Signer> Run::named_key(const std::string& text) {
  const hsm::KeyRef ref = hsm::parse_key_ref(text);
  if (const auto* uri = std::get_if<hsm::TokenKeyUri>(&ref))
    return tokens().open_key(hsm::TokenUri::parse(uri->text));
  const auto source = key_source(text);
  const std::vector<hsm::KeyInfo> keys = source->list();
  if (keys.size() > 1) {
    throw Error(ErrorCode::kKeyAmbiguous, text + " holds " + std::to_string(keys.size()) + " keys",
                "name one of them by its ID after: countersign key import " + tuf::shell_path(text));
  }
  return source->open(keys.front().canonical_id);
}

PublishedRepository& Run::tell_of(const Repository& repository) {
  PublishedRepository& told = told_.emplace_back();
  told.gun = repository.load.gun.text();
  told.server = repository.store->name();
  told.published = false;
  return told;
}

std::optional<AuditTrail::Line> Run::log_end(AuditRecord record) {
  record.time = now_;
  record.ci = request_.ci.members;
  record.repositories.assign(told_.begin(), told_.end());
  return audit_.finish(std::move(record), keys_.get());
}

std::vector<tuf::Warning> Run::take_warnings() {
  std::map<std::string, std::vector<std::string>> unused;
  for (const auto& [origin, gun] : settings().pinned_for_run()) {
    if (!opened_.empty() && !opened_.contains(gun)) unused[origin].push_back(gun.text());
  }
  for (const auto& [origin, guns] : unused) {
    const std::string count = guns.size() == 1 ? "" : std::to_string(guns.size()) + " repositories, ";
    warnings_.push_back({"TRUST_ROOT_UNUSED", origin + " names " + count + tuf::first_of(guns) +
                                                  ", which this run has not looked at; see whether it is "
                                                  "written as the repository is called"});
  }
  return std::exchange(warnings_, {});
}

}  // namespace agent
