#include "agent/workflow/load_repository.h"

#include <algorithm>

#include "tuf/base/digest.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::Metadata;
using tuf::RoleName;
using tuf::TrustedRepository;

constexpr std::size_t kMaxTimestamp = 1 << 20;
constexpr std::size_t kMaxFile = 100 << 20;  // of a file whose length is not announced (section 1.2)
constexpr std::int64_t kMaxRootSteps = 1024;
constexpr std::chrono::seconds kLockPatience{30};

const RoleName kRoot = RoleName::of("root");
const RoleName kTimestamp = RoleName::of("timestamp");
const RoleName kSnapshot = RoleName::of("snapshot");
const RoleName kTargets = RoleName::of("targets");

/// A file in the trust directory, or nullopt if it is not there or of no use.
template <class T>
std::optional<Metadata<T>> read_seen(const SeenRepository& seen, const RoleName& role,
                                     std::vector<Warning>& warnings) {
  try {
    std::optional<std::string> bytes = seen.load(role);
    if (!bytes) return std::nullopt;
    return tuf::decode<T>(*std::move(bytes), "cached " + role.text());
  } catch (const Error& error) {
    warnings.push_back(
        {"CACHE_UNUSABLE", "the memory of " + role.text() + " in " + seen.folder().string() +
                               " is lost, an older version would not be noticed: " + error.what()});
    return std::nullopt;
  }
}

template <class T>
void remember(std::map<RoleName, tuf::SeenFile>& memory, const RoleName& role, const Metadata<T>& file) {
  memory[role] = {file.body.version, tuf::sha256(tuf::as_bytes(file.bytes))};
}

template <class T>
void remember(std::map<RoleName, tuf::SeenFile>& memory, const RoleName& role,
              const std::optional<Metadata<T>>& file) {
  if (file) remember(memory, role, *file);
}

/// Throws if the root from the trust directory is not one of this repository that signs itself.
void require_usable(const Metadata<tuf::Root>& known_root, const LoadRequest& request) {
  TrustedRepository(request.gun, request.now).accept_known_root(known_root.bytes);
}

/// One attempt at loading. The state of the store may change between two requests; then the attempt fails and
/// is made once more.
class Loading {
 public:
  Loading(TrustStore& store, const SeenRepository& seen, const LoadRequest& request,
          std::vector<Warning>& warnings)
      : store_(store), request_(request) {
    likely_ = request.likely;
    if (request.before) {
      start_from(*request.before);
      return;
    }
    if (request.policy.reset_cache) return;
    read_known_root(seen, warnings);
    remember(memory_, kRoot, known_root_);
    remember(memory_, kTimestamp, read_seen<tuf::Timestamp>(seen, kTimestamp, warnings));
    remember(memory_, kSnapshot, read_seen<tuf::Snapshot>(seen, kSnapshot, warnings));
    remember_targets(seen, kTargets, warnings);
  }

  TrustedRepository run() {
    ask_for_newest();
    TrustedRepository repository = start_with_root();
    repository.accept_timestamp(newest(kTimestamp));
    std::string snapshot = named(repository, kSnapshot);
    if (auto root = other_root_named_by(snapshot, repository)) {
      // A served folder switches `root.json` a moment after its timestamp.
      newest_[kRoot] = *std::move(root);
      repository = start_with_root();
      repository.accept_timestamp(newest(kTimestamp));
    }
    repository.accept_snapshot(std::move(snapshot));
    repository.accept_targets(named(repository, kTargets));
    for (auto wanted = repository.wanted_delegations(); !wanted.empty();
         wanted = repository.wanted_delegations()) {
      load_delegations(repository, wanted);
    }
    return repository;
  }

 private:
  /// The role and what it delegates to, which is likely wanted again.
  void remember_targets(const SeenRepository& seen, const RoleName& role, std::vector<Warning>& warnings) {
    const auto file = read_seen<tuf::Targets>(seen, role, warnings);
    remember(memory_, role, file);
    if (!file) return;
    for (const tuf::DelegationRole& child : file->body.roles) {
      if (child.name.parent() != role) continue;
      if (std::find(likely_.begin(), likely_.end(), child.name) == likely_.end())
        likely_.push_back(child.name);
      remember_targets(seen, child.name, warnings);
    }
  }

  /// What was loaded a moment ago is in the trust directory too; reading it there would parse every file
  /// again.
  void start_from(const TrustedRepository& before) {
    known_root_ = before.root();
    remember(memory_, kRoot, before.root());
    remember(memory_, kTimestamp, before.timestamp());
    remember(memory_, kSnapshot, before.snapshot());
    remember(memory_, kTargets, before.targets());
    newest_[kRoot] = before.root().bytes;
    newest_[kTargets] = before.targets().bytes;
    for (const tuf::Delegation& delegation : before.delegations()) {
      const RoleName& role = delegation.role.name;
      remember(memory_, role, delegation.metadata);
      const bool again = std::find(likely_.begin(), likely_.end(), role) != likely_.end();
      if (delegation.metadata && !again) newest_[role] = delegation.metadata->bytes;
    }
  }

  void ask_for_newest() {
    std::vector<FileRequest> requests = {{kTimestamp}, {kSnapshot}};
    requests[0].max_length = kMaxTimestamp;
    if (!request_.before) requests.insert(requests.end(), {{kRoot}, {kTargets}});
    for (const RoleName& role : likely_) requests.push_back({role});
    std::vector<std::optional<std::string>> files = store_.fetch(requests);
    for (std::size_t i = 0; i < files.size(); ++i) newest_[requests[i].role] = std::move(files[i]);
    if (!newest_[kRoot]) {
      throw Error(ErrorCode::kNoTrustData, store_.name() + " has no trust data for " + request_.gun.text() +
                                               ", or these credentials may not see it");
    }
  }

  const std::string& newest(const RoleName& role) {
    const std::optional<std::string>& bytes = newest_[role];
    if (!bytes)
      throw Error(ErrorCode::kRepositoryBroken,
                  role.text() + " of " + request_.gun.text() + " is missing on " + store_.name());
    return *bytes;
  }

  /// The file that verified metadata names: the newest one if it is that, else fetched by its hash.
  std::string named(const TrustedRepository& repository, const RoleName& role) {
    const tuf::FileMeta& expected = repository.expected(role);
    if (const auto& bytes = newest_[role]; bytes && is(*bytes, expected)) return *bytes;
    return required(store_.fetch({by_hash(role, expected)}).front(), role, expected);
  }

  void load_delegations(TrustedRepository& repository,
                        const std::vector<std::pair<RoleName, std::optional<tuf::FileMeta>>>& wanted) {
    std::vector<FileRequest> requests;
    for (const auto& [role, expected] : wanted) {
      if (!expected) continue;
      const auto& bytes = newest_[role];
      if (!bytes || !is(*bytes, *expected)) requests.push_back(by_hash(role, *expected));
    }
    if (!requests.empty()) {
      std::vector<std::optional<std::string>> files = store_.fetch(requests);
      for (std::size_t i = 0; i < files.size(); ++i) newest_[requests[i].role] = std::move(files[i]);
    }
    for (const auto& [role, expected] : wanted) {
      std::optional<std::string> bytes;
      if (expected) bytes = required(newest_[role], role, *expected);
      repository.accept_delegation(role, std::move(bytes));
    }
  }

  static bool is(const std::string& bytes, const tuf::FileMeta& expected) {
    return static_cast<std::size_t>(expected.length) == bytes.size() &&
           expected.hashes.at("sha256") == tuf::sha256(tuf::as_bytes(bytes));
  }

  FileRequest by_hash(const RoleName& role, const tuf::FileMeta& expected) const {
    const std::size_t length = std::min(static_cast<std::size_t>(expected.length), kMaxFile);
    return {role, FileRequest::WithHash{expected.hashes.at("sha256")}, length};
  }

  std::string required(std::optional<std::string> bytes, const RoleName& role,
                       const tuf::FileMeta& expected) const {
    if (bytes) return *std::move(bytes);
    throw Error(ErrorCode::kRepositoryBroken, store_.name() + " cannot serve " + role.text() + "." +
                                                  tuf::to_hex(expected.hashes.at("sha256")) + ".json of " +
                                                  request_.gun.text() + ", which its snapshot names");
  }

  // --- root ---------------------------------------------------------------------------------------------

  /// A damaged memory can be replaced with the help of a pin; without one it must not lead back to trust on
  /// first use.
  void read_known_root(const SeenRepository& seen, std::vector<Warning>& warnings) {
    const std::size_t warnings_before = warnings.size();
    known_root_ = read_seen<tuf::Root>(seen, kRoot, warnings);
    if (known_root_) {
      try {
        require_usable(*known_root_, request_);
      } catch (const Error& error) {
        known_root_.reset();
        warnings.push_back({"CACHE_UNUSABLE", "the known root in " + seen.folder().string() +
                                                  " is of no use: " + error.what()});
      }
    }
    if (warnings.size() == warnings_before || request_.policy.pin) return;
    const std::string problem = warnings.back().message;
    throw Error(ErrorCode::kUnpinnedRoot, problem,
                "pin the root with --trust-root, or drop the memory with --reset-cache");
  }

  TrustedRepository start_with_root() {
    TrustedRepository repository(request_.gun, request_.now, memory_);
    load_root(repository);
    return repository;
  }

  /// The root that the (not yet verified) snapshot names, if it is another one than that in use. What comes
  /// of it is for the root chain and the snapshot's own verification to say.
  std::optional<std::string> other_root_named_by(const std::string& snapshot,
                                                 const TrustedRepository& repository) {
    const tuf::Snapshot body = tuf::decode<tuf::Snapshot>(snapshot, "snapshot").body;
    const tuf::FileMeta& expected = body.meta.at("root");
    if (is(repository.root().bytes, expected)) return std::nullopt;
    return store_.fetch({by_hash(kRoot, expected)}).front();
  }

  void load_root(TrustedRepository& repository) {
    const tuf::TrustPin* pin = request_.policy.pin ? &*request_.policy.pin : nullptr;
    if (known_root_ && (!pin || pin->accepts(*known_root_, request_.gun, request_.now))) {
      repository.accept_known_root(known_root_->bytes);
      follow_chain(repository);
    } else if (pin) {
      start_from_pin(repository, *pin);
    } else if (request_.policy.trust_on_first_use) {
      repository.accept_first_root(newest(kRoot), nullptr);
    } else {
      throw Error(ErrorCode::kUnpinnedRoot, "nothing vouches for the root of " + request_.gun.text() +
                                                ": it was never seen here and is not pinned");
    }
  }

  /// From the root in use to the newest one, a version at a time (section 7.2).
  void follow_chain(TrustedRepository& repository) {
    const std::string& target = newest(kRoot);
    const std::int64_t last = tuf::decode<tuf::Root>(target, "root").body.version;
    const std::int64_t first = repository.root().body.version + 1;
    // An older one is no error by itself: the snapshot says which root is in force, and it is verified.
    if (last < first - 1) return;
    if (last - first > kMaxRootSteps) {
      throw Error(ErrorCode::kRollback,
                  "root jumps from version " + std::to_string(first - 1) + " to " + std::to_string(last));
    }
    std::vector<FileRequest> between;
    for (std::int64_t version = first; version < last; ++version)
      between.push_back({kRoot, FileRequest::WithVersion{version}});
    if (!between.empty()) {
      for (std::optional<std::string>& bytes : store_.fetch(between)) {
        if (!bytes)
          throw Error(ErrorCode::kRepositoryBroken,
                      store_.name() + " cannot serve an intermediate root of " + request_.gun.text());
        repository.accept_next_root(*std::move(bytes));
      }
    }
    repository.accept_next_root(target);
  }

  /// First contact. A root that was rotated after it was pinned is reached through its predecessors: the
  /// newest one that the pin accepts is where the chain starts.
  void start_from_pin(TrustedRepository& repository, const tuf::TrustPin& pin) {
    const std::string& last = newest(kRoot);
    const auto newest_root = tuf::decode<tuf::Root>(last, "root");
    if (!pin.accepts(newest_root, request_.gun, request_.now)) {
      for (std::int64_t version = newest_root.body.version - 1;
           version > 0 && newest_root.body.version - version <= kMaxRootSteps; --version) {
        const std::optional<std::string> older =
            store_.fetch({{kRoot, FileRequest::WithVersion{version}}}).front();
        if (!older) break;
        if (!pin.accepts(tuf::decode<tuf::Root>(*older, "root"), request_.gun, request_.now)) continue;
        repository.accept_first_root(*older, &pin);
        follow_chain(repository);
        return;
      }
    }
    repository.accept_first_root(last, &pin);  // says so if nothing matches
  }

  TrustStore& store_;
  const LoadRequest& request_;
  std::optional<Metadata<tuf::Root>> known_root_;
  std::map<RoleName, tuf::SeenFile> memory_;
  std::vector<RoleName> likely_;
  std::map<RoleName, std::optional<std::string>> newest_;
};

/// Whether a second look at the store can help: somebody may have published while we were reading.
bool may_be_a_race(ErrorCode code) {
  return code == ErrorCode::kHashMismatch || code == ErrorCode::kBadSignature ||
         code == ErrorCode::kRepositoryBroken || code == ErrorCode::kRollback;
}

TrustedRepository load_with_second_look(TrustStore& store, const SeenRepository& seen,
                                        const LoadRequest& request, std::vector<Warning>& warnings) {
  try {
    return Loading(store, seen, request, warnings).run();
  } catch (const Error& error) {
    if (!may_be_a_race(error.code())) throw;
  }
  std::vector<Warning> said_already;
  return Loading(store, seen, request, said_already).run();
}

/// Whether a parallel job has remembered a later state in the meantime. What is damaged is not later.
bool is_newer_than(const SeenRepository& seen, const LoadRequest& request,
                   const TrustedRepository& repository) {
  std::vector<Warning> ignored;
  const auto root = read_seen<tuf::Root>(seen, kRoot, ignored);
  const auto timestamp = read_seen<tuf::Timestamp>(seen, kTimestamp, ignored);
  if (!root || !timestamp) return false;
  try {
    require_usable(*root, request);
  } catch (const Error&) {
    return false;
  }
  const auto seen_versions = std::pair(root->body.version, timestamp->body.version);
  return seen_versions > std::pair(repository.root().body.version, repository.timestamp().body.version);
}

void save(const SeenRepository& seen, const LoadRequest& request, const TrustedRepository& repository) {
  std::map<RoleName, std::string> files = {{kRoot, repository.root().bytes},
                                           {kTimestamp, repository.timestamp().bytes},
                                           {kSnapshot, repository.snapshot().bytes},
                                           {kTargets, repository.targets().bytes}};
  for (const tuf::Delegation& delegation : repository.delegations()) {
    if (delegation.metadata) files[delegation.role.name] = delegation.metadata->bytes;
  }
  const auto is_known = [&](const auto& file) {
    try {
      return seen.load(file.first) == file.second;
    } catch (const Error&) {
      return false;  // what cannot be read is replaced
    }
  };
  const auto drop_known = [&] { std::erase_if(files, is_known); };
  const bool reset = request.policy.reset_cache;
  if (!reset) drop_known();
  if (files.empty()) return;
  const FileLock lock = seen.lock(kLockPatience);
  if (reset) {
    seen.forget_delegations();
  } else if (is_newer_than(seen, request, repository)) {
    return;
  }
  drop_known();
  seen.save(files);
}

}  // namespace

TrustedRepository load_repository(TrustStore& store, SeenRepository& seen, const LoadRequest& request,
                                  std::vector<Warning>& warnings) {
  TrustedRepository repository = load_with_second_look(store, seen, request, warnings);
  save(seen, request, repository);
  return repository;
}

}  // namespace agent
