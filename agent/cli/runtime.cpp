#include "agent/cli/runtime.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>

#include "agent/cli/ending.h"
#include "agent/http/authenticated_client.h"
#include "agent/http/credentials.h"
#include "agent/http/log_in_command.h"
#include "agent/names/image_reference.h"
#include "agent/report/error_table.h"
#include "agent/store/notary_server.h"
#include "agent/store/offline_store.h"
#include "agent/store/static_repository.h"
#include "hsm/file/key_file.h"
#include "hsm/key_ref.h"
#include "hsm/selected_keys.h"
#include "tuf/base/error.h"
#include "tuf/base/shell_word.h"
#include "tuf/base/warning.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

tuf::Time read_clock() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

// Of the whole command, unless the user names a time for it.
constexpr std::chrono::seconds kTimeToRead{60};
constexpr std::chrono::minutes kTimeToPublish{5};  // and for work with tokens
/// For a registry that need not be asked.
constexpr std::chrono::seconds kTimeToLookBeside{5};
// What waits ends in good order before that, and a token that hangs is granted two seconds to close.
constexpr std::chrono::seconds kGrace{3};

CurlOptions curl_options(const Url& server, const TlsFiles& tls) {
  CurlOptions options;
  auto authority = tls.authorities.begin();
  if (tls.only_these && authority != tls.authorities.end())
    options.trust = TlsTrust::only((authority++)->string());
  for (; authority != tls.authorities.end(); ++authority) options.trust.add(authority->string());
  if (tls.client) {
    require_pem(*tls.client);
    options.client_certificate = tls.client->certificate.string();
    options.client_key = tls.client->key.string();
  }
  if (!server.is_https()) options.http_servers.push_back(server.authority());
  return options;
}

}  // namespace

Runtime::Runtime(const CommandLine& line, std::shared_ptr<spdlog::logger> log)
    : line_(line),
      log_(std::move(log)),
      now_(read_clock()),
      budget_(std::make_shared<hsm::TimeBudget>(kTimeToRead)),
      secrets_(hsm::SecretSource::take_environment()),
      settings_(Settings::load(line_.settings, Environment::of_process())),
      ci_(CiContext::of_process()),
      audit_(settings_),
      key_store_(settings_.trust_dir(), secrets_) {
  if (settings_.timeout()) budget_ = std::make_shared<hsm::TimeBudget>(*settings_.timeout());
}

Runtime::~Runtime() = default;

std::shared_ptr<CurlClient> Runtime::client(const Url& server, const std::function<TlsFiles()>& tls) {
  const std::string origin = (server.is_https() ? "https://" : "http://") + server.authority();
  std::shared_ptr<CurlClient>& client = clients_[origin];
  if (client) return client;
  CurlOptions options = curl_options(server, tls());
  options.log = log_;
  options.budget = budget_;
  options.total_timeout = settings_.timeout().value_or(options.total_timeout);
  return client = std::make_shared<CurlClient>(std::move(options));
}

std::shared_ptr<HttpClient> Runtime::http(const ServerUrl& server) {
  return client(Url::of_server(server.text()), [&] { return settings_.tls_for(server); });
}

bool Runtime::is_notary_auth_for(const Url& server) {
  if (settings_.names_server()) return true;
  if (trusts_names_ && notary_auth_home_.empty()) notary_auth_home_ = server.authority();
  return notary_auth_home_ == server.authority();
}

std::shared_ptr<AuthenticatedClient> Runtime::authenticated_http(const tuf::Gun& gun, Access access) {
  const ServerUrl server = settings_.server_for(gun);
  const Url url = Url::of_server(server.text());
  AuthOptions auth = notary_auth(url, gun, access);
  auth.realm_hosts = settings_.token_services();
  auth.tried = credentials().sources(is_notary_auth_for(url));
  auth.log_in_hint = "log in with: " + log_in_command(url.authority()) +
                     ", or set NOTARY_AUTH to the base64 of user:password";
  if (!is_notary_auth_for(url)) auth.log_in_hint += " and name its server with --server";
  auth.find_credential = [this, gun] { return credential_for(gun); };
  if (server.is_plain_http()) auth.http_servers.push_back(url.authority());
  return std::make_shared<AuthenticatedClient>(http(server), std::move(auth));
}

Credentials Runtime::credentials() {
  return Credentials(secrets_, DockerConfig::default_directory(), budget_);
}

std::optional<Credential> Runtime::credential_for(const tuf::Gun& gun) {
  const Url server = Url::of_server(settings_.server_for(gun).text());
  return credentials().for_trust_server(gun, server, is_notary_auth_for(server));
}

Registry Runtime::open_registry(const tuf::Gun& image) {
  if (line_.offline) {
    throw Error(ErrorCode::kUsage, "no registry is asked with --offline", "leave --offline out");
  }
  const Url url = registry_url(image, settings_.insecure_registries());
  return make_registry(image, url, client(url, [&] { return tls_for_registry(image, url); }));
}

std::optional<Registry> Runtime::open_known_registry(const tuf::Gun& image) {
  const Url url = registry_url(image, settings_.insecure_registries());
  const ServerUrl server = settings_.server_for(image);
  const bool known = !url.is_https() ||
                     (!server.is_folder() && Url::of_server(server.text()).host() == url.host()) ||
                     credentials().for_registry(registry_of(image), false);
  if (!known || line_.offline) return std::nullopt;
  CurlOptions options = curl_options(url, tls_for_registry(image, url));
  options.log = log_;
  options.tries = 1;
  options.budget = std::make_shared<hsm::TimeBudget>(budget_->at_most(kTimeToLookBeside));
  return make_registry(image, url, std::make_shared<CurlClient>(std::move(options)));
}

bool Runtime::is_trust_server(const tuf::Gun& image, const Url& registry) const {
  const ServerUrl server = settings_.server_for(image);
  return !server.is_folder() && Url::of_server(server.text()).same_origin(registry);
}

/// With registry and trust server on one host there is one connection, made as the trust server's is.
TlsFiles Runtime::tls_for_registry(const tuf::Gun& image, const Url& url) const {
  return is_trust_server(image, url) ? settings_.tls_for(settings_.server_for(image))
                                     : settings_.tls_for_registry(registry_of(image));
}

Registry Runtime::make_registry(const tuf::Gun& image, const Url& url, std::shared_ptr<HttpClient> http) {
  const std::string registry = registry_of(image);
  AuthOptions auth = registry_auth(url, image);
  auth.realm_hosts = settings_.token_services();
  const bool notary_auth = is_trust_server(image, url) && is_notary_auth_for(url);
  auth.find_credential = [this, registry, notary_auth] {
    return credentials().for_registry(registry, notary_auth);
  };
  auth.tried = credentials().sources(notary_auth);
  auth.log_in_hint = "log in with: " + log_in_command(registry);
  return {std::make_shared<AuthenticatedClient>(std::move(http), std::move(auth)), url, image};
}

std::unique_ptr<TrustStore> Runtime::open_store(const tuf::Gun& gun, Access access) {
  if (line_.offline) {
    if (access != Access::kRead) {
      throw Error(ErrorCode::kUsage, "nothing can be published with --offline", "leave --offline out");
    }
    if (line_.reset_cache) {
      throw Error(ErrorCode::kUsage, "--reset-cache drops what --offline is to show",
                  "leave one of them out");
    }
    return std::make_unique<OfflineStore>(SeenRepository(settings_.trust_dir(), gun));
  }
  const ServerUrl server = settings_.server_for(gun);
  if (server.is_folder()) {
    StaticRepository::Options options;
    options.clock = read_clock;
    options.may_create = access == Access::kCreate;
    options.budget = budget_;
    return std::make_unique<StaticRepository>(server.folder(), gun, std::move(options));
  }
  return std::make_unique<NotaryServer>(authenticated_http(gun, access), Url::of_server(server.text()), gun,
                                        settings_.timeout().value_or(kTimeToRead));
}

Runtime::Repository Runtime::open(const tuf::Gun& gun, Access access) {
  if (access != Access::kRead && !dry_run() && !offline()) audit_.begin();
  if (access != Access::kRead) allow_time_to_publish();
  const RootTrust trust = settings_.root_trust_for(gun);
  opened_.insert(gun);
  LoadRequest load{gun, {trust.pin, trust.trust_on_first_use, line_.reset_cache}, now_, {}};
  load.budget = budget_;
  load.remember = !dry_run();
  log_->info("{} of {}, as of {}",
             access == Access::kRead ? "reading the trust data" : "changing the trust data", gun.text(),
             offline() ? "the last time" : settings_.server_for(gun).text());
  return {open_store(gun, access), SeenRepository(settings_.trust_dir(), gun), std::move(load)};
}

void Runtime::allow_time_to_publish() {
  if (!settings_.timeout()) budget_->extend_to(kTimeToPublish);
}

hsm::Tokens& Runtime::tokens() {
  if (!tokens_) {
    allow_time_to_publish();
    hsm::TokenSettings settings = hsm::TokenSettings::from_environment();
    if (settings_.module()) settings.module_path = settings_.module()->string();
    settings.time_left = [budget = budget_] { return budget->left(); };
    settings.on_deadline = [this](const Error& error) { write_ending(line_, error); };
    settings.on_warning = [this](const std::string& code, const std::string& message) {
      warnings_.push_back({code, message});
    };
    tokens_ = hsm::Tokens::create(std::move(settings), secrets_);
  }
  return *tokens_;
}

std::unique_ptr<hsm::KeySource> Runtime::key_source(const std::string& text) {
  const hsm::KeyRef ref = hsm::parse_key_ref(text);
  if (const auto* uri = std::get_if<hsm::TokenKeyUri>(&ref)) {
    return tokens().key_source(hsm::TokenUri::parse(uri->text));
  }
  if (const auto* file = std::get_if<hsm::KeyFilePath>(&ref)) {
    return std::make_unique<hsm::KeyFile>(file->path, secrets_);
  }
  const std::string& digits = std::get<hsm::KeyIdPrefix>(ref).digits;
  try {
    const tuf::KeyId id = key_store_.find(digits).canonical_id;
    return std::make_unique<hsm::SelectedKeys>(
        key_store_, [id](const hsm::KeyInfo& key) { return key.canonical_id == id; });
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kKeyNotFound) throw;
    if (const auto uri = token_key_with_id(digits)) return tokens().key_source(hsm::TokenUri::parse(*uri));
    throw;
  }
}

std::optional<std::string> Runtime::token_key_with_id(const std::string& digits) {
  if (!settings_.module() && hsm::TokenSettings::from_environment().module_path.empty()) return std::nullopt;
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

hsm::KeyRing& Runtime::keys() {
  if (keys_) return *keys_;
  keys_ = std::make_unique<hsm::KeyRing>();
  for (const std::string& ref : settings_.keys()) keys_->add(key_source(ref));
  // Where the snapshot is managed by clients, nobody can publish without its key, whatever else signs.
  const bool all = settings_.keys().empty();
  keys_->add(std::make_unique<hsm::SelectedKeys>(
      key_store_, [all](const hsm::KeyInfo& key) { return all || key.label == "snapshot"; }));
  return *keys_;
}

hsm::KeyRing& Runtime::administrator_keys() {
  if (!std::exchange(has_administrator_keys_, true) && !settings_.keys().empty()) {
    keys().add(std::make_unique<hsm::SelectedKeys>(
        key_store_, [](const hsm::KeyInfo& key) { return key.label == "root" || key.label == "targets"; }));
  }
  return keys();
}

PublishOptions Runtime::publish_options() {
  PublishOptions options;
  options.dry_run = dry_run();
  options.before_sending = [this] {
    note_sending();
    log_->info("everything is signed; publishing");
    if (keys_) keys_->close();
    hsm::Secret::seal_all();
  };
  return options;
}

std::shared_ptr<tuf::Signer> Runtime::named_key(const std::string& text) {
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

std::unique_ptr<Backstop> Runtime::backstop() {
  return std::make_unique<Backstop>(budget_, kGrace, [this] {
    const Error error =
        has_sent_
            ? Error(ErrorCode::kOutcomeUnknown, "sent, but not read back " + budget_->in_words(),
                    "before repeating it, see what the server has: name the same to countersign inspect")
            : budget_->used_up("the command did not come to its end");
    write_ending(line_, error);
    ::_exit(static_cast<int>(error_row(error.code()).exit_code));
  });
}

void Runtime::log_run(const std::optional<Error>& error, Report& report) {
  AuditRecord record{.time = now_, .ci = ci_.members};
  if (error) {
    const ErrorRow row = error_row(error->code());
    record.exit_code = static_cast<int>(row.exit_code);
    record.failure = {std::string(row.name), error->what()};
  }
  audit_.finish(std::move(record), keys_.get(), report);
}

std::vector<tuf::Warning> Runtime::take_warnings() {
  for (const tuf::Gun& gun : settings_.pinned_by_option()) {
    if (opened_.empty() || opened_.contains(gun)) continue;
    warnings_.push_back({"TRUST_ROOT_UNUSED", "--trust-root names " + gun.text() +
                                                  ", which this run has not looked at; see whether it is "
                                                  "written as the repository is called"});
  }
  return std::exchange(warnings_, {});
}

}  // namespace agent
