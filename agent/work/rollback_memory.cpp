#include "agent/work/rollback_memory.h"

#include "tuf/base/error.h"
#include "tuf/trust/role_authority.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::Metadata;
using tuf::RoleAuthority;
using tuf::RoleName;

class Reader {
 public:
  Reader(const SeenRepository& folder, const tuf::Gun& gun, tuf::Time now)
      : folder_(folder), gun_(gun), now_(now) {}

  void read_root() {
    auto root = read<tuf::Root>(RoleName::root());
    if (!root) return;
    try {
      tuf::TrustedRepository(gun_, now_).accept_known_root(root->bytes);
    } catch (const Error& error) {
      return lose(RoleName::root(), error.what());
    }
    remember(RoleName::root(), *root);
    memory_.known_root = std::move(root);
    believe(memory_.known_root->body);
  }

  /// From now on the keys of `root`, which outlives the reader, decide what counts.
  void believe(const tuf::Root& root) { root_ = &root; }
  bool has_root() const { return root_ != nullptr; }

  /// Of a top role; nullopt if there is none, or none that the root's keys have signed.
  template <class T>
  std::optional<Metadata<T>> read_top(const RoleName& role) {
    auto file = read<T>(role);
    if (!file) return std::nullopt;
    if (!RoleAuthority::of(*root_, role).approves(file->signed_text, file->signatures)) {
      // A run that was stopped while it saved a new root leaves this too: a loss, but no damage.
      memory_.losses.push_back(loss(role, "the root's keys have not signed it"));
      return std::nullopt;
    }
    remember(role, *file);
    return file;
  }

  /// Also of delegations that nothing names any more: one of them may come back, and with it its past.
  void read_delegations() {
    for (const RoleName& role : folder_.delegations()) {
      if (auto file = read<tuf::Targets>(role)) {
        remember(role, *file);
        delegations_.emplace(role, std::move(file->body));
      }
    }
  }

  /// Those that the remembered files define, from the top down.
  void list_delegations(const RoleName& parent, const tuf::Targets& body) {
    for (const tuf::DelegationRole& child : body.roles) {
      const auto file = delegations_.find(child.name);
      if (child.name.parent() != parent || file == delegations_.end()) continue;
      memory_.delegations.push_back(child.name);
      list_delegations(child.name, file->second);
    }
  }

  /// Ends the reading.
  RollbackMemory take() { return std::move(memory_); }
  const RollbackMemory& memory() const { return memory_; }

 private:
  template <class T>
  std::optional<Metadata<T>> read(const RoleName& role) {
    try {
      std::optional<std::string> bytes = folder_.load(role);
      if (!bytes) return std::nullopt;
      return tuf::decode<T>(*std::move(bytes), "it");
    } catch (const Error& error) {
      lose(role, error.what());
      return std::nullopt;
    }
  }

  template <class T>
  void remember(const RoleName& role, const Metadata<T>& file) {
    memory_.seen[role] = tuf::SeenFile::of(file);
    memory_.files[role] = file.bytes;
  }

  std::string loss(const RoleName& role, const std::string& reason) const {
    return "what was seen of " + role.text() + " is of no use in " + folder_.folder().string() +
           ", so an older version of it would not be noticed: " + reason;
  }

  void lose(const RoleName& role, const std::string& reason) {
    memory_.damaged = true;
    memory_.losses.push_back(loss(role, reason));
  }

  const SeenRepository& folder_;
  const tuf::Gun& gun_;
  tuf::Time now_;
  const tuf::Root* root_ = nullptr;
  std::map<RoleName, tuf::Targets> delegations_;
  RollbackMemory memory_;
};

}  // namespace

RollbackMemory RollbackMemory::read(const SeenRepository& folder, const tuf::Gun& gun, tuf::Time now,
                                    const tuf::Root* root) {
  Reader reader(folder, gun, now);
  if (root) {
    reader.believe(*root);
  } else {
    reader.read_root();
  }
  if (!reader.has_root()) return reader.take();  // nothing vouches for the rest
  reader.read_top<tuf::Timestamp>(RoleName::timestamp());
  reader.read_top<tuf::Snapshot>(RoleName::snapshot());
  reader.read_delegations();
  if (const auto targets = reader.read_top<tuf::Targets>(RoleName::targets()))
    reader.list_delegations(RoleName::targets(), targets->body);
  return reader.take();
}

RollbackMemory RollbackMemory::of(const tuf::TrustedRepository& repository) {
  RollbackMemory memory;
  const auto remember = [&](const RoleName& role, const auto& file) {
    memory.seen[role] = tuf::SeenFile::of(file);
  };
  memory.known_root = repository.root();
  remember(RoleName::root(), repository.root());
  remember(RoleName::timestamp(), repository.timestamp());
  remember(RoleName::snapshot(), repository.snapshot());
  remember(RoleName::targets(), repository.targets());
  for (const tuf::Delegation& delegation : repository.delegations()) {
    if (!delegation.metadata) continue;
    remember(delegation.role.name, *delegation.metadata);
    memory.delegations.push_back(delegation.role.name);
  }
  return memory;
}

std::optional<std::pair<std::int64_t, std::int64_t>> RollbackMemory::versions(const SeenRepository& folder,
                                                                              const tuf::Gun& gun,
                                                                              tuf::Time now) {
  Reader reader(folder, gun, now);
  reader.read_root();
  const auto& root = reader.memory().known_root;
  if (!root) return std::nullopt;
  const std::int64_t version = root->body.version;
  const auto timestamp = reader.read_top<tuf::Timestamp>(RoleName::timestamp());
  if (!timestamp) return std::nullopt;
  return std::pair(version, timestamp->body.version);
}

}  // namespace agent
