#include "agent/config/settings.h"

#include "agent/config/trust_root.h"
#include "agent/http/url.h"
#include "agent/names/image_reference.h"
#include "hsm/os/input_file.h"
#include "hsm/os/time_budget.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
namespace fs = std::filesystem;

/// Throws kFileUnreadable, naming where the path comes from.
void check_readable(const fs::path& path, const std::string& origin) {
  hsm::InputFile(path, origin);
}

/// What is wrong anywhere but in an option is a matter of configuration; a file that cannot be read is its
/// own.
template <class Parse>
auto configured(const std::string& origin, Parse parse) {
  try {
    return parse();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kFileUnreadable) throw error.with_context(origin);
    throw Error(ErrorCode::kConfig, origin + ": " + error.what(), error.hint());
  }
}

ServerUrl parse_configured_url(const std::string& text, const ServerUrl::Rules& rules,
                               const std::string& origin) {
  return configured(origin, [&] { return ServerUrl::parse(text, rules); });
}

TrustRoots parse_trust_roots(const std::vector<std::string>& texts) {
  TrustRoots roots;
  for (const std::string& text : texts) roots.add(NamedTrustRoot::parse(text));
  return roots;
}

/// The authorities that `hosts` name, in the one spelling in which they are compared; `option` says so, or a
/// setting.
std::vector<std::string> parse_hosts(const std::vector<std::string>& hosts, const std::string& scheme,
                                     const std::string& option) {
  std::vector<std::string> authorities;
  for (const std::string& host : hosts) {
    const auto url = Url::parse(scheme + host);
    if (!url || host.find_first_of("/?") != std::string::npos) {
      throw Error(ErrorCode::kUsage,
                  option + " \"" + tuf::printable(host.substr(host.rfind('@') + 1)) + "\" is not a host",
                  option.starts_with('-') ? "write " + option + " HOST or " + option + " HOST:PORT"
                                          : "write it as HOST or HOST:PORT");
    }
    authorities.push_back(url->authority());
  }
  return authorities;
}

void append(TlsFiles& files, TlsFiles more) {
  for (fs::path& file : more.authorities) files.authorities.push_back(std::move(file));
  if (!files.client) files.client = std::move(more.client);
}

}  // namespace

Settings Settings::load(const Options& options, const Environment& environment) {
  Settings settings;
  if (options.config) {
    settings.config_ = read_config_file(expand_home(*options.config, environment.home), environment.home);
  } else if (!environment.home.empty()) {
    const fs::path path = environment.home / ".notary" / "config.json";
    std::error_code error;
    const bool absent = !fs::exists(path, error) && !error;
    if (!absent) settings.config_ = read_config_file(path, environment.home);
  }
  if (environment.docker_dir) {
    settings.docker_dir_ = *environment.docker_dir;
  } else if (!environment.home.empty()) {
    settings.docker_dir_ = environment.home / ".docker";
  }
  settings.engine_dir_ = environment.engine_dir;
  settings.set_server(options, environment);
  settings.set_trust_dir(options, environment);
  settings.set_tls(options, environment);
  settings.set_module(environment);
  settings.set_hosts(options);
  settings.set_audit(options, environment);
  settings.set_timeout(options, environment);
  settings.set_trust_roots(options, environment);
  settings.trust_on_first_use_ = options.trust_on_first_use || !settings.config_.disable_tofu.value_or(true);
  settings.keys_ = !options.keys.empty()       ? options.keys
                   : !environment.keys.empty() ? environment.keys
                                               : settings.config_.keys;
  settings.policy_ =
      environment.policy ? expand_home(*environment.policy, environment.home) : settings.config_.policy;
  return settings;
}

void Settings::set_server(const Options& options, const Environment& environment) {
  const ServerUrl::Rules rules{{}, options.allow_http};
  if (options.server) {
    server_ = ServerUrl::parse(*options.server, rules);
  } else if (environment.server) {
    server_ = parse_configured_url(*environment.server, rules, "COUNTERSIGN_SERVER");
  } else if (environment.content_trust_server) {
    server_ = parse_configured_url(*environment.content_trust_server, rules, "DOCKER_CONTENT_TRUST_SERVER");
  } else if (config_.server) {
    server_ = parse_configured_url(*config_.server, {config_.folder(), options.allow_http},
                                   tuf::printable(config_.path.string()));
  }
}

void Settings::set_trust_dir(const Options& options, const Environment& environment) {
  if (options.trust_dir) {
    if (options.trust_dir->empty()) throw Error(ErrorCode::kUsage, "--trust-dir is empty");
    trust_dir_ = expand_home(*options.trust_dir, environment.home);
  } else if (environment.trust_dir) {
    trust_dir_ = expand_home(*environment.trust_dir, environment.home);
  } else if (config_.trust_dir) {
    trust_dir_ = *config_.trust_dir;
  } else if (!docker_dir_.empty()) {
    trust_dir_ = docker_dir_ / "trust";
  } else {
    throw Error(ErrorCode::kConfig, "no trust directory: the home folder is not known",
                "give --trust-dir DIR, or set HOME or DOCKER_CONFIG");
  }
}

void Settings::set_tls(const Options& options, const Environment& environment) {
  if (options.tls_cert.has_value() != options.tls_key.has_value()) {
    throw Error(ErrorCode::kUsage, options.tls_cert ? "--tlscert needs --tlskey" : "--tlskey needs --tlscert",
                "give both --tlscert FILE and --tlskey FILE");
  }
  if (options.tls_ca) {
    tls_ca_ = *options.tls_ca;
    check_readable(*tls_ca_, "--tlscacert");
  } else if (environment.tls_ca) {
    tls_ca_ = expand_home(*environment.tls_ca, environment.home);
    check_readable(*tls_ca_, "COUNTERSIGN_CA_CERT");
  } else if (config_.root_ca) {
    tls_ca_ = config_.root_ca;
    check_readable(*tls_ca_, "remote_server.root_ca");
  }
  if (options.tls_cert) {
    tls_client_ = {*options.tls_cert, *options.tls_key};
    check_readable(tls_client_->certificate, "--tlscert");
    check_readable(tls_client_->key, "--tlskey");
  } else if (config_.client_certificate) {
    tls_client_ = {*config_.client_certificate, *config_.client_key};
    check_readable(tls_client_->certificate, "remote_server.tls_client_cert");
    check_readable(tls_client_->key, "remote_server.tls_client_key");
  }
}

void Settings::set_trust_roots(const Options& options, const Environment& environment) {
  trust_roots_.emplace_back("--trust-root", parse_trust_roots(options.trust_roots));
  const std::string variable = "COUNTERSIGN_TRUST_ROOT";
  trust_roots_.emplace_back(variable,
                            configured(variable, [&] { return parse_trust_roots(environment.trust_roots); }));
  const std::string file = tuf::printable(config_.path.string());
  trust_roots_.emplace_back("countersign.trust_root of " + file, configured(file, [&] {
                              TrustRoots roots;
                              for (const NamedTrustRoot& root : config_.trust_roots) roots.add(root);
                              return roots;
                            }));
}

void Settings::set_audit(const Options& options, const Environment& environment) {
  audit_checkpoint_ = options.audit_checkpoint || config_.audit_checkpoint.value_or(false);
  if (options.audit_log) {
    if (options.audit_log->empty()) throw Error(ErrorCode::kUsage, "--audit-log is empty");
    audit_log_ = expand_home(*options.audit_log, environment.home);
  } else if (environment.audit_log) {
    audit_log_ = expand_home(*environment.audit_log, environment.home);
  } else {
    audit_log_ = config_.audit_log;
  }
}

void Settings::set_timeout(const Options& options, const Environment& environment) {
  const auto set = [&](const std::string& text, const std::string& origin, ErrorCode code) {
    timeout_ = hsm::parse_duration(text);
    if (timeout_) return;
    throw Error(code, origin + " \"" + tuf::printable(text) + "\" is not a time from 1ms to 24h",
                "write it as 90s, 5m or 1h");
  };
  if (options.timeout) {
    set(*options.timeout, "--timeout", ErrorCode::kUsage);
  } else if (environment.timeout) {
    set(*environment.timeout, "COUNTERSIGN_TIMEOUT", ErrorCode::kConfig);
  } else if (config_.timeout) {
    set(*config_.timeout, tuf::printable(config_.path.string()) + ": countersign.timeout",
        ErrorCode::kConfig);
  }
}

void Settings::set_module(const Environment& environment) {
  module_arguments_ = environment.pkcs11_arguments.value_or("");
  if (environment.pkcs11_module) {
    module_ = *environment.pkcs11_module;
    // A bare name would be searched for in places that a job may be able to write to.
    if (!module_->is_absolute()) {
      throw Error(ErrorCode::kConfig,
                  "COUNTERSIGN_PKCS11_MODULE=" + tuf::printable(*environment.pkcs11_module) +
                      " is not an absolute path",
                  "write the module's whole path, for example /usr/lib/softhsm/libsofthsm2.so");
    }
  } else if (config_.module) {
    module_ = fs::absolute(*config_.module);
  }
}

void Settings::set_hosts(const Options& options) {
  const auto parse = [&](const std::vector<std::string>& given, const std::string& option,
                         const std::vector<std::string>& in_file, const std::string& setting,
                         const std::string& scheme) {
    std::vector<std::string> hosts = parse_hosts(given, scheme, option);
    const std::vector<std::string> more = configured(tuf::printable(config_.path.string()), [&] {
      return parse_hosts(in_file, scheme, "countersign." + setting);
    });
    hosts.insert(hosts.end(), more.begin(), more.end());
    return hosts;
  };
  insecure_registries_ = parse(options.insecure_registries, "--insecure-registry",
                               config_.insecure_registries, "insecure_registries", "http://");
  token_services_ =
      parse(options.token_services, "--token-service", config_.token_services, "token_services", "https://");
}

ServerUrl Settings::server_for(const tuf::Gun& gun) const {
  if (server_) return *server_;
  const std::string registry = registry_of(gun);
  if (registry == "docker.io") {
    throw Error(
        ErrorCode::kConfig, "no trust server is named for " + gun.text() + ": Docker Hub's own is retired",
        "name one with --server URL, DOCKER_CONTENT_TRUST_SERVER or remote_server.url in config.json");
  }
  return parse_configured_url(
      "https://" + registry, {},
      "no trust server is named, and the registry of " + gun.text() + " cannot be one");
}

TlsFiles Settings::tls_for(const ServerUrl& server) const {
  TlsFiles files;
  if (server.is_folder()) return files;
  // Docker's folder is only looked at for what is still open, so that a fault in it cannot disturb who does
  // not use it.
  if (!docker_dir_.empty() && !(tls_ca_ && tls_client_)) {
    files = find_docker_tls(docker_dir_ / "tls" / server.authority());
    append(files, find_docker_tls(docker_dir_ / "certs.d" / server.authority()));
  }
  if (tls_ca_) {
    files.authorities = {*tls_ca_};
    files.only_these = true;
  }
  if (tls_client_) files.client = tls_client_;
  return files;
}

TlsFiles Settings::tls_for_registry(const std::string& registry) const {
  TlsFiles files;
  if (!docker_dir_.empty()) files = find_docker_tls(docker_dir_ / "certs.d" / registry);
  append(files, find_docker_tls(engine_dir_ / "certs.d" / registry));
  if (!docker_dir_.empty()) append(files, find_docker_tls(docker_dir_ / "tls" / registry));
  if (tls_ca_) files.authorities.push_back(*tls_ca_);
  return files;
}

std::vector<std::pair<std::string, tuf::Gun>> Settings::pinned_for_run() const {
  std::vector<std::pair<std::string, tuf::Gun>> pinned;
  for (auto place = trust_roots_.begin(); place != trust_roots_.end() - 1; ++place) {
    for (const tuf::Gun& gun : place->second.guns()) pinned.emplace_back(place->first, gun);
  }
  return pinned;
}

RootTrust Settings::root_trust_for(const tuf::Gun& gun) const {
  for (const auto& [origin, roots] : trust_roots_) {
    if (auto pin = roots.find(gun)) return {std::move(pin), origin, trust_on_first_use_};
  }
  const std::string file = tuf::printable(config_.path.string());
  const std::string& name = gun.text();
  const auto& keys = config_.pinned_keys;
  auto best = keys.find(name);
  if (best == keys.end()) {
    for (auto entry = keys.begin(); entry != keys.end(); ++entry) {
      const std::string& pattern = entry->first;
      const bool fits = pattern.ends_with('*') && name.starts_with(pattern.substr(0, pattern.size() - 1));
      if (fits && (best == keys.end() || pattern.size() > best->first.size())) best = entry;
    }
  }
  if (best != keys.end()) {
    return {tuf::TrustPin{best->second, {}},
            "trust_pinning.certs." + tuf::printable(best->first) + " of " + file, trust_on_first_use_};
  }
  const auto& authorities = config_.pinned_authorities;
  auto longest = authorities.end();
  for (auto entry = authorities.begin(); entry != authorities.end(); ++entry) {
    const bool fits = name.starts_with(entry->first);
    if (fits && (longest == authorities.end() || entry->first.size() > longest->first.size()))
      longest = entry;
  }
  if (longest != authorities.end()) {
    return {read_ca_pin(longest->second),
            "trust_pinning.ca." + tuf::printable(longest->first) + " of " + file, trust_on_first_use_};
  }
  return {std::nullopt, {}, trust_on_first_use_};
}

}  // namespace agent
