// StaticRepository: `file:DIR`, a trust store without a server. It plays the server's part itself: whoever
// publishes needs DIR and, beside it, `DIR.keys` with the snapshot and timestamp keys. DIR is all that is
// ever served; static_folder.h says how it is laid out and why readers never see half of a publish.
//
// Publishers of one repository, in any number of processes, take turns by a lock in `DIR.keys`; whoever comes
// second with the same version gets kConflict. Reading needs no keys and takes no lock. Who has the keys
// renews, while reading, an expired timestamp or snapshot as a server does it (section 2.6), and completes
// what a killed publisher left; without them the stale files are returned, and verification refuses them.
//
// Errors: kServerUnreachable if DIR is not there to be read, kLocal for what cannot be read or written,
// kLocked, kServerRejected, kRepositoryBroken, and what reading the keys throws.
#pragma once

#include <chrono>
#include <functional>

#include "agent/store/server_key_files.h"
#include "agent/store/static_folder.h"
#include "agent/store/trust_store.h"
#include "hsm/os/file_lock.h"
#include "hsm/os/time_budget.h"
#include "tuf/base/time.h"

namespace agent {

class StaticRepository final : public TrustStore {
 public:
  struct Options {
    std::function<tuf::Time()> clock;
    std::chrono::milliseconds lock_patience{30'000};
    StaticFolder::BeforeWrite before_write = nullptr;
    bool may_create = false;  // a DIR that is not there is an empty store, and publishing makes it
    std::shared_ptr<const hsm::TimeBudget> budget = hsm::TimeBudget::without_end();  // of the whole command
  };

  /// Touches nothing yet. Throws kInvalidReference for a GUN with a segment `_trust`, which could take
  /// another repository's place, and kConfig if `DIR.keys` would lie within DIR.
  StaticRepository(const std::filesystem::path& dir, const tuf::Gun& gun, Options options);

  const std::string& name() const override { return name_; }
  std::vector<std::optional<std::string>> fetch(const std::vector<FileRequest>& requests) override;
  /// The key that is kept for the role; made at the first call.
  tuf::KeyObject server_key(const tuf::RoleName& role) override;
  tuf::KeyObject make_server_key(const tuf::RoleName& role) override;
  /// The repository's files go, timestamp.json first, and its keys.
  void require_publishing() override;
  void remove() override;
  /// Never kUnknown: an error after the switch says in its message that the update is published.
  PublishResult publish(const std::vector<RoleFile>& files) override;

 private:
  hsm::FileLock lock() const;
  bool can_write() const;
  bool is_copy();
  /// Throws kLocal if what is published here was signed with keys that are not.
  void require_keys();
  ServerState server_state(const StaticState& present);
  /// The state to read from, renewed if need be.
  StaticState fresh_state();
  std::optional<std::string> fetch_one(const StaticState& present, const FileRequest& request) const;

  std::string name_;
  std::filesystem::path dir_;
  tuf::Gun gun_;
  Options options_;
  StaticFolder folder_;
  std::filesystem::path key_folder_;
  ServerKeyFiles keys_;
};

}  // namespace agent
