// Settings: options, environment and configuration file made into one validated value. Precedence: option,
// environment, file, default. What depends on the repository is asked for with its GUN.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "agent/config/config_file.h"
#include "agent/config/environment.h"
#include "agent/config/server_url.h"
#include "agent/config/tls_files.h"
#include "agent/config/trust_root.h"
#include "tuf/names/role_name.h"
#include "tuf/trust/trust_pin.h"

namespace agent {

/// The global options as they were given; nothing is checked yet.
struct Options {
  std::optional<std::string> server;             // --server
  std::optional<std::string> trust_dir;          // --trust-dir
  std::optional<std::string> config;             // --config
  std::vector<std::string> keys;                 // --signing-key
  std::optional<std::string> tls_ca;             // --tlscacert
  std::optional<std::string> tls_cert;           // --tlscert
  std::optional<std::string> tls_key;            // --tlskey
  std::vector<std::string> trust_roots;          // --trust-root
  bool trust_on_first_use = false;               // --trust-on-first-use
  bool allow_http = false;                       // plain http to the trust server
  std::vector<std::string> insecure_registries;  // --insecure-registry
  std::vector<std::string> token_services;       // --token-service
  std::optional<std::string> audit_log;          // --audit-log
  bool audit_checkpoint = false;                 // --audit-checkpoint
  std::optional<std::string> timeout;            // --timeout
};

/// What the first root of a repository must show.
struct RootTrust {
  std::optional<tuf::TrustPin> pin;
  std::string origin;               // of the pin, for messages: "--trust-root", "trust_pinning.certs of FILE"
  bool trust_on_first_use = false;  // without a pin: accept once what the server shows
};

class Settings {
 public:
  /// Reads `--config`, or ~/.notary/config.json if it is there; never a file of the working directory. Throws
  /// kUsage for an option that cannot be used, kConfig for a variable or setting, kFileUnreadable for a file
  /// named by one.
  static Settings load(const Options& options, const Environment& environment);

  /// The trust server of a repository. By default it is the registry itself, but for docker.io there is none
  /// since its public server was retired: kConfig.
  ServerUrl server_for(const tuf::Gun& gun) const;
  /// Whether the user has named that server, so that the image's name does not decide.
  bool names_server() const { return server_.has_value(); }

  /// Certificates for connections to `server`; what neither option nor file names is looked for where Docker
  /// does. Throws kConfig.
  TlsFiles tls_for(const ServerUrl& server) const;

  /// The same for the registry `host[:port]`: the engine's certificates count too, and `--tlscacert` is one
  /// authority more. The client certificate of an option is the trust server's alone.
  TlsFiles tls_for_registry(const std::string& registry) const;
  /// `host[:port]` of registries that may be spoken to without TLS, and of token services that may be given
  /// credentials of servers outside their domain. As Url gives them.
  const std::vector<std::string>& insecure_registries() const { return insecure_registries_; }
  const std::vector<std::string>& token_services() const { return token_services_; }

  /// The pin of a repository: what `--trust-root`, else COUNTERSIGN_TRUST_ROOT, else the file's own
  /// `trust_root` says of it; else, by section 7.8, the exact name in trust_pinning.certs, else its longest
  /// `prefix*`, else the longest prefix in trust_pinning.ca. Throws kFileUnreadable for a CA file.
  RootTrust root_trust_for(const tuf::Gun& gun) const;

  /// The repositories that are pinned for this run: by `--trust-root` and COUNTERSIGN_TRUST_ROOT, each with
  /// which of them names it. The file names those of all runs.
  std::vector<std::pair<std::string, tuf::Gun>> pinned_for_run() const;

  /// The trust server that is named for every repository; nullopt if each has its own.
  const std::optional<ServerUrl>& server() const { return server_; }
  /// Empty if there is none.
  const std::filesystem::path& config_file() const { return config_.path; }
  /// Keys and cache.
  const std::filesystem::path& trust_dir() const { return trust_dir_; }
  /// REFs of the keys to sign with; empty: every key at hand that the repository lists.
  const std::vector<std::string>& keys() const { return keys_; }
  /// The PKCS#11 module for URIs that name none; absolute.
  const std::optional<std::filesystem::path>& module() const { return module_; }
  /// What it wants at start; empty for nearly all of them.
  const std::string& module_arguments() const { return module_arguments_; }
  /// Where Docker keeps its configuration and credentials; empty if nobody knows.
  const std::filesystem::path& docker_dir() const { return docker_dir_; }
  /// Where every publication is logged; nowhere if it is not set.
  const std::optional<std::filesystem::path>& audit_log() const { return audit_log_; }
  /// Whether the keys that a run signs with also sign its line there.
  bool audit_checkpoint() const { return audit_checkpoint_; }
  /// For commands that take one and are given none.
  const std::optional<std::filesystem::path>& policy() const { return policy_; }
  /// For the whole command, if anything says so.
  const std::optional<std::chrono::milliseconds>& timeout() const { return timeout_; }

 private:
  Settings() = default;
  void set_server(const Options& options, const Environment& environment);
  void set_trust_dir(const Options& options, const Environment& environment);
  void set_tls(const Options& options, const Environment& environment);
  void set_trust_roots(const Options& options, const Environment& environment);
  void set_module(const Environment& environment);
  void set_hosts(const Options& options);
  void set_audit(const Options& options, const Environment& environment);
  void set_timeout(const Options& options, const Environment& environment);

  ConfigFile config_;
  std::optional<ServerUrl> server_;
  std::filesystem::path trust_dir_;
  std::filesystem::path docker_dir_;  // empty if unknown
  std::filesystem::path engine_dir_;
  std::optional<std::filesystem::path> tls_ca_;
  std::optional<TlsFiles::Client> tls_client_;
  /// By precedence, the file's last; each with its origin.
  std::vector<std::pair<std::string, TrustRoots>> trust_roots_;
  bool trust_on_first_use_ = false;
  std::vector<std::string> keys_;
  std::optional<std::filesystem::path> module_;
  std::string module_arguments_;
  std::vector<std::string> insecure_registries_;
  std::vector<std::string> token_services_;
  std::optional<std::filesystem::path> audit_log_;
  bool audit_checkpoint_ = false;
  std::optional<std::chrono::milliseconds> timeout_;
  std::optional<std::filesystem::path> policy_;
};

}  // namespace agent
