// Run: one request to a host. Everything that carrying it out needs is made here and belongs to this one
// object; nothing is opened before it is asked for. Two runs do not see each other.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "agent/config/ci_context.h"
#include "agent/evidence/audit_trail.h"
#include "agent/http/authenticated_client.h"
#include "agent/http/credentials.h"
#include "agent/image/registry.h"
#include "agent/store/seen_repository.h"
#include "agent/store/trust_store.h"
#include "agent/work/client_pool.h"
#include "agent/work/host.h"
#include "agent/work/load_repository.h"
#include "agent/work/publish_changes.h"
#include "agent/work/turns.h"
#include "hsm/file/key_store.h"
#include "hsm/key_ring.h"
#include "hsm/os/time_budget.h"
#include "hsm/pkcs11/tokens.h"
#include "hsm/secret_source.h"
#include "tuf/base/warning.h"

namespace agent {

/// How far a run is that has several repositories, or several of anything, to go through.
struct Progress {
  std::string done;  // "published"
  std::string what;  // the last one: a repository
  std::size_t at = 0;
  std::size_t all = 0;
};

/// What a front door says of one request.
struct RunRequest {
  CiContext ci;  // what the CI says of it
  bool dry_run = false;
  bool reset_cache = false;
  bool offline = false;
  /// Repositories at a time; not given: as fits the distance of the server.
  std::optional<int> parallel = std::nullopt;
  /// Called on a thread of its own when a token has not answered for too long. The thread that waits for it
  /// is lost: whoever runs the process decides what becomes of it.
  std::function<void(const tuf::Error&)> on_deadline;
  /// Called after every step, by one thread at a time.
  std::function<void(const Progress&)> on_progress;
};

class Run {
 public:
  /// `host` outlives the run, which begins now.
  Run(Host& host, RunRequest request);
  Run(const Run&) = delete;  // hands out references to its members
  Run& operator=(const Run&) = delete;
  ~Run();

  const Settings& settings() const { return host_.settings(); }
  hsm::SecretSource& secrets() { return host_.secrets(); }
  /// One reading of the clock for the whole run.
  tuf::Time now() const { return now_; }
  bool dry_run() const { return request_.dry_run; }
  bool offline() const { return request_.offline; }
  const CiContext& ci() const { return request_.ci; }
  /// For what a command waits for by itself.
  const hsm::TimeBudget& budget() const { return *budget_; }
  std::shared_ptr<const hsm::TimeBudget> shared_budget() const { return budget_; }

  /// A repository on its trust store, with what the user says of its root.
  struct Repository {
    std::unique_ptr<TrustStore> store;
    SeenRepository seen;
    LoadRequest load;

    operator OpenRepository() { return {*store, seen, load}; }  // NOLINT(google-explicit-constructor)
  };
  /// Throws kUsage if anything but reading is to be done offline, and the errors of an audit log that cannot
  /// be written if anything is to be published.
  Repository open(const tuf::Gun& gun, Access access);

  /// The transport to a trust server that is no folder: without credentials, and with those for the
  /// repository.
  std::shared_ptr<HttpClient> http(const ServerUrl& server);
  std::shared_ptr<AuthenticatedClient> authenticated_http(const tuf::Gun& gun, Access access);
  /// The account for a repository's trust server, which may not be sent there if it is another host's. Throws
  /// kConfig for credentials that are there but malformed.
  std::optional<Credential> credential_for(const tuf::Gun& gun);
  /// From now on images are looked at whose names are not the user's: none of them makes a host the trust
  /// server that NOTARY_AUTH is for.
  void distrust_names() { trusts_names_ = false; }
  /// The registry of an image, for reading.
  Registry open_registry(const tuf::Gun& image);
  /// The same for a look that signing can do without: one attempt, for a few seconds. nullopt for a registry
  /// that this machine knows nothing of: it is not on the trust server's host, there are no credentials for
  /// it, and it is no `--insecure-registry`. Whoever signs behind a wall would only wait for such a one.
  std::optional<Registry> open_known_registry(const tuf::Gun& image);

  hsm::KeyStore& key_store() { return host_.key_store(); }
  hsm::Tokens& tokens();
  /// The keys named with --signing-key or in the configuration; without any, the trust directory's. Snapshot
  /// keys of the trust directory in any case.
  hsm::KeyRing& keys();
  /// The same ring, with the trust directory's root and repository keys in any case: whoever names a signer's
  /// key to change who signs need not name these too.
  hsm::KeyRing& administrator_keys();
  /// How changes are published: with no open key in memory, and every secret sealed, while the server is
  /// waited for.
  PublishOptions publish_options();
  /// The one key that `ref` (as for --key) means, open. Throws kKeyAmbiguous for several.
  std::shared_ptr<tuf::Signer> named_key(const std::string& ref);

  /// Calls `piece` for every repository by its place, several at a time while they wait for their servers: as
  /// many as the request says, or as the way to the server makes sensible (Turns::in_lanes). Before a server
  /// was asked anything the first one is alone: the others see by it how far it is.
  void for_each_in_lanes(std::size_t repositories, const std::function<bool(std::size_t)>& piece);

  void note_progress(const Progress& progress) const {
    if (request_.on_progress) request_.on_progress(progress);
  }

  /// From now on this run publishes nothing, whatever it opens, and leaves no line in the audit log.
  void only_look() { only_looks_ = true; }
  /// Whether a run that publishes could be logged. Throws what AuditLog::require_writable throws.
  void rehearse_audit() const { audit_.rehearse(); }

  /// Whoever publishes says so before anything is sent.
  void note_sending() { has_sent_ = true; }
  bool has_sent() const { return has_sent_; }
  /// The audit log and receipts are told of a repository: whoever is about to change one says so, and fills
  /// in what comes of it. The reference stays good as long as the run.
  PublishedRepository& tell_of(const Repository& repository);
  /// All that was told, in its order.
  std::deque<PublishedRepository>& told() { return told_; }
  /// Tells the audit log how the run has ended, if it has published or meant to; of the record it fills in
  /// time, CI, keys and repositories. Throws kLocal, kLocked, kAuditBroken.
  std::optional<AuditTrail::Line> log_end(AuditRecord record);

  /// Warnings of the parts that cannot return them.
  std::vector<tuf::Warning> take_warnings();

 private:
  /// For each server one pool of clients, so that connections are kept. `tls` is asked for a new one.
  std::shared_ptr<ClientPool> clients(const Url& server, const std::function<TlsFiles()>& tls);
  Registry make_registry(const tuf::Gun& image, const Url& url, std::shared_ptr<HttpClient> http);
  bool is_trust_server(const tuf::Gun& image, const Url& registry) const;
  TlsFiles tls_for_registry(const tuf::Gun& image, const Url& url) const;
  Credentials credentials();
  void allow_time_to_publish();
  std::unique_ptr<TrustStore> open_store(const tuf::Gun& gun, Access access);
  std::unique_ptr<hsm::KeySource> key_source(const std::string& ref);
  /// The URI of the only key with such an ID on the tokens of the module that the settings name, as far as
  /// public objects tell; nothing is logged in to. nullopt: none, or no module is named.
  std::optional<std::string> token_key_with_id(const std::string& digits);
  /// NOTARY_AUTH names no host: it is for the trust server that the user has named, or else for the one that
  /// follows from the first image.
  bool is_notary_auth_for(const Url& server);

  Host& host_;
  RunRequest request_;
  tuf::Time now_;
  std::shared_ptr<hsm::TimeBudget> budget_;
  std::atomic<bool> has_sent_ = false;
  AuditTrail audit_;
  std::deque<PublishedRepository> told_;
  std::shared_ptr<hsm::Tokens> tokens_;
  std::unique_ptr<hsm::KeyRing> keys_;
  bool has_administrator_keys_ = false;
  bool only_looks_ = false;
  Turns turns_;
  std::map<std::string, std::shared_ptr<ClientPool>> clients_;  // by server
  std::vector<tuf::Warning> warnings_;
  std::set<tuf::Gun> opened_;
  bool trusts_names_ = true;
  std::chrono::milliseconds queue_patience_ = kQueuePatience;
  std::string notary_auth_home_;  // the server that NOTARY_AUTH is for, where none is named
};

}  // namespace agent
