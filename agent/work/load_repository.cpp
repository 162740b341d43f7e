#include "agent/work/load_repository.h"

#include <algorithm>

#include "agent/work/remembering.h"
#include "agent/work/rollback_memory.h"
#include "agent/work/root_chain.h"
#include "tuf/base/digest.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/base/warning.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::Metadata;
using tuf::RoleName;
using tuf::SharedText;
using tuf::TrustedRepository;

// Bytes. Whatever a server sends, memory is bounded: files that nothing announces are small, the others have
// the length that verified metadata names.
constexpr std::size_t kMaxTimestamp = 1 << 20;
// Of a direct child of `targets` and all that stands below it. Each has this much for itself, as in
// kMaxDelegationsBelow.
constexpr std::size_t kMaxSubtree = tuf::kMaxStandingLength;
// So close to the end of versions nobody comes one step at a time.
constexpr std::int64_t kNearEnd = tuf::kVersionLimit - 1'000'000;
constexpr std::int64_t kMaxSteps = 1 << 20;
// Of a file that was published, bytes: a longer one is not read back whole, but for the role that pullers
// read.
constexpr std::size_t kMaxReadBack = 1 << 20;
// Of files that are remembered and asked for all the same: bytes of each, and how many.
constexpr std::size_t kMaxShort = 64 << 10;
constexpr std::size_t kMaxGuesses = 4;

/// Whether what was seen before is only asked for where it is not what the store names now.
enum class Look { kFromMemory, kAtEverything };

/// One attempt at loading. The state of the store may change between two requests, and what is remembered may
/// lead nowhere; then the attempt fails and is made once more, looking at everything.
class Loading {
 public:
  Loading(TrustStore& store, const SeenRepository& seen, const LoadRequest& request, Look look,
          std::vector<tuf::Warning>& warnings)
      : store_(store),
        seen_(seen),
        request_(request),
        warnings_(warnings),
        roots_(store, request.gun, request.tolerate.certificate_date(request.now)),
        likely_(request.likely) {
    if (request.before) {
      start_from(*request.before, look);
    } else if (!request.policy.reset_cache) {
      start_from_trust_directory(look);
    }
  }

  /// Whether something was not asked for because it is remembered.
  bool relies_on_memory() const { return relies_on_memory_; }

  /// Whether what was remembered is of another repository, and is to go.
  bool replaces_memory() const { return replaces_memory_; }

  TrustedRepository run() {
    try {
      return load();
    } catch (const Error& error) {
      const std::string& gun = request_.gun.text();
      if (error.code() != ErrorCode::kRollback || pinned_id_.empty()) throw error.with_value("REPO", gun);
      throw error.with_hint(
          "the pinned root is not that of the repository that was seen here before: ask its owner, not the "
          "server, whether it was created anew; if so, forget what was seen: countersign repo pin " +
          gun + " --trust-root " + pinned_id_ + " --reset-cache");
    }
  }

 private:
  TrustedRepository load() {
    const bool is_stamped = ask_for_newest();
    TrustedRepository repository = start_with_root();
    if (is_stamped) {
      accept_stamped_snapshot(repository);
    } else {
      repository.accept_unstamped_snapshot(newest_snapshot());
    }
    repository.accept_targets(named(repository, RoleName::targets()));
    for (Wanted wanted = wanted_delegations(repository); !wanted.empty();
         wanted = wanted_delegations(repository)) {
      request_.budget->require("the delegations of " + request_.gun.text() + " were not all read");
      load_delegations(repository, std::move(wanted));
    }
    warn_of_limits(repository);
    return repository;
  }

  using Wanted = std::vector<std::pair<RoleName, std::optional<tuf::FileMeta>>>;

  /// A damaged memory can be made good with the help of a pin; without one it must not lead back to trust on
  /// first use, nor be forgotten.
  void start_from_trust_directory(Look look) {
    memory_ = RollbackMemory::read(seen_, request_.gun, request_.now);
    for (const std::string& loss : memory_.losses) warnings_.push_back({"CACHE_UNUSABLE", loss});
    if (memory_.damaged && !request_.policy.pin) {
      throw Error(ErrorCode::kUnpinnedRoot, memory_.losses.front(),
                  "pin the root with --trust-root, or drop the memory with --reset-cache");
    }
    const bool mends = request_.tolerate.expiry || request_.tolerate.other_form;
    if (look == Look::kFromMemory && !mends && memory_.known_root && pin_accepts(*memory_.known_root)) {
      relies_on_memory_ = true;
      for (auto& [role, bytes] : memory_.files) newest_[role] = std::move(bytes);
      newest_.erase(RoleName::timestamp());
    }
    // What was there is likely wanted again.
    for (const RoleName& role : memory_.delegations) {
      if (is_wanted(role) && std::find(likely_.begin(), likely_.end(), role) == likely_.end())
        likely_.push_back(role);
    }
    if (!relies_on_memory_) return;
    // What is short is asked for along with the rest, in case that it has changed: that saves a round trip.
    std::size_t guesses = 0;
    for (const RoleName& role : likely_) {
      const auto& bytes = newest_[role];
      if (bytes && bytes->size() <= kMaxShort && ++guesses <= kMaxGuesses) newest_[role].reset();
    }
  }

  /// What was loaded a moment ago is in the trust directory too; reading it there would parse every file
  /// again.
  void start_from(const TrustedRepository& before, Look look) {
    memory_ = RollbackMemory::of(before);
    if (look == Look::kAtEverything) return;
    relies_on_memory_ = true;
    newest_[RoleName::root()] = before.root().bytes;
    newest_[RoleName::targets()] = before.targets().bytes;
    for (const tuf::Delegation& delegation : before.delegations()) {
      const RoleName& role = delegation.role.name;
      const bool again = std::find(likely_.begin(), likely_.end(), role) != likely_.end();
      if (delegation.metadata && !again) newest_[role] = delegation.metadata->bytes;
    }
    if (!request_.sent) return;
    for (const tuf::PublishTransaction::File& file : *request_.sent) {
      // Of the others the snapshot tells that they are there: it names the hash of all their bytes.
      const bool is_read_back = file.bytes.size() <= kMaxReadBack || file.role == RoleName::releases();
      newest_[file.role] = is_read_back ? std::nullopt : std::optional(file.bytes);
    }
  }

  /// False if the store can make no timestamp, and that is put up with.
  bool ask_for_newest() {
    std::vector<FileRequest> requests = {{RoleName::timestamp(), FileRequest::Newest{}, kMaxTimestamp},
                                         guess(RoleName::snapshot())};
    const auto first_of_the_rest = static_cast<std::ptrdiff_t>(requests.size());
    if (!newest_[RoleName::root()])
      requests.push_back({RoleName::root(), FileRequest::Newest{}, RootChain::kMaxLength});
    if (!newest_[RoleName::targets()]) requests.push_back(guess(RoleName::targets()));
    for (const RoleName& role : likely_) {
      if (!newest_[role]) requests.push_back(guess(role));
    }
    bool is_stamped = true;
    try {
      ask_for(requests);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kServerError || !request_.tolerate.expiry) throw;
      ask_for({requests.begin() + first_of_the_rest, requests.end()});
      is_stamped = false;
    }
    require_trust_data();
    return is_stamped;
  }

  void ask_for(const std::vector<FileRequest>& requests) {
    std::vector<std::optional<std::string>> files = store_.fetch(requests);
    for (std::size_t i = 0; i < files.size(); ++i) newest_[requests[i].role] = std::move(files[i]);
  }

  void require_trust_data() {
    if (!newest_[RoleName::root()]) {
      throw Error(ErrorCode::kNoTrustData, store_.name() + " has no trust data for " + request_.gun.text() +
                                               ", or these credentials may not see it");
    }
  }

  /// Where it is not signed by the root that was seen here and the store's own root is an older one, the
  /// store has lost what was seen, or has made another repository of that name.
  void accept_timestamp(TrustedRepository& repository) {
    try {
      repository.accept_timestamp(newest(RoleName::timestamp()));
    } catch (const Error& error) {
      const std::int64_t known = repository.root().body.version;
      const std::int64_t served = tuf::decode<tuf::Root>(newest(RoleName::root()), "root").body.version;
      if (error.code() != ErrorCode::kBadSignature || served >= known) throw;
      throw Error(ErrorCode::kRollback, "root has version " + std::to_string(served) + ", but version " +
                                            std::to_string(known) + " was seen before");
    }
  }

  void accept_stamped_snapshot(TrustedRepository& repository) {
    accept_timestamp(repository);
    SharedText snapshot = named(repository, RoleName::snapshot());
    if (auto root = other_root_named_by(snapshot, repository)) {
      // A served folder switches `root.json` a moment after its timestamp.
      newest_[RoleName::root()] = *std::move(root);
      repository = start_with_root();
      accept_timestamp(repository);
    }
    repository.accept_snapshot(std::move(snapshot));
  }

  /// Of a store that no longer says which one it is: the last in the row of versions, which has no gaps.
  std::optional<std::string> last_version(const RoleName& role) {
    const auto with_version = [&](std::int64_t version) {
      return store_.fetch({{role, FileRequest::WithVersion{version}}}).front();
    };
    std::int64_t there = 0;
    std::int64_t step = 1;
    std::optional<std::string> newest;
    while (there < kMaxSteps) {
      std::optional<std::string> next = with_version(there + step);
      if (next) {
        newest = std::move(next);
        there += step;
        step *= 2;
      } else if (step > 1) {
        step = 1;
      } else if (there == 0) {
        there = 1;  // notary begins some with version 2
      } else {
        break;
      }
    }
    return newest;
  }

  std::string newest_snapshot() {
    if (auto newest = last_version(RoleName::snapshot())) return *std::move(newest);
    throw Error(ErrorCode::kRepositoryBroken,
                "no snapshot of " + request_.gun.text() + " is left on " + store_.name());
  }

  /// The newest file on the chance that it is the one that will be named.
  static FileRequest guess(const RoleName& role) {
    return {role, FileRequest::Newest{}, tuf::kMaxMetadataLength, true};
  }

  const SharedText& newest(const RoleName& role) {
    const std::optional<SharedText>& bytes = newest_[role];
    if (!bytes)
      throw Error(ErrorCode::kRepositoryBroken,
                  role.text() + " of " + request_.gun.text() + " is missing on " + store_.name());
    return *bytes;
  }

  /// The file that verified metadata names: the newest one if it is that, else fetched by its hash.
  SharedText named(const TrustedRepository& repository, const RoleName& role) {
    const tuf::FileMeta& expected = repository.expected(role);
    if (const auto& bytes = newest_[role]; bytes && is(*bytes, expected)) return *bytes;
    std::optional<SharedText> bytes = store_.fetch({by_hash(role, expected)}).front();
    if (!bytes && request_.tolerate.other_form) bytes = newest_[role];
    return required(std::move(bytes), role, expected);
  }

  bool is_wanted(const RoleName& role) const {
    if (!request_.nested || role.parent() == RoleName::targets()) return true;
    const auto is_below = [](const RoleName& below, const RoleName& above) {
      return below == above || below.text().starts_with(above.text() + "/");
    };
    return std::any_of(request_.nested->begin(), request_.nested->end(),
                       [&](const RoleName& named) { return is_below(role, named) || is_below(named, role); });
  }

  Wanted wanted_delegations(const TrustedRepository& repository) const {
    Wanted wanted = repository.wanted_delegations();
    std::erase_if(wanted, [&](const auto& delegation) { return !is_wanted(delegation.first); });
    return wanted;
  }

  /// Counts the file for the subtree that it belongs to. What is wrong, if it is too much.
  std::optional<Error> find_excess(const RoleName& role, const tuf::FileMeta& expected) {
    const RoleName top = role.top();
    const auto length = static_cast<std::size_t>(expected.length);
    std::size_t& used = subtree_lengths_[top];
    if (length <= kMaxSubtree - used) {
      used += length;
      return std::nullopt;
    }
    return Error(ErrorCode::kMalformedMetadata, role.text() + " of " + request_.gun.text() + " is to have " +
                                                    std::to_string(length) + " bytes; of " + top.text() +
                                                    " and what stands below it, no more than " +
                                                    std::to_string(kMaxSubtree) + " are read");
  }

  void load_delegations(TrustedRepository& repository, Wanted wanted) {
    std::erase_if(wanted, [&](const auto& delegation) {
      const auto& [role, expected] = delegation;
      const auto excess = expected ? find_excess(role, *expected) : std::nullopt;
      if (!excess) return false;
      warnings_.push_back({"LIMIT_EXCEEDED", excess->what()});
      repository.leave_out_delegation(role, *excess);
      return true;
    });
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
    if (request_.tolerate.other_form) replace_unserved(wanted);
    for (const auto& [role, expected] : wanted) {
      repository.accept_delegation(role, expected ? std::move(newest_[role]) : std::nullopt);
    }
  }

  /// Asks for the newest file of the roles whose named one cannot be had.
  void replace_unserved(const Wanted& wanted) {
    Wanted unserved;
    for (const auto& [role, expected] : wanted) {
      if (expected && !newest_[role]) unserved.emplace_back(role, expected);
    }
    if (unserved.empty()) return;
    std::vector<FileRequest> requests;
    for (const auto& [role, expected] : unserved) requests.push_back(guess(role));
    ask_for(requests);
    // A notary-server on a database has none then, but finds it by its version.
    for (const auto& [role, expected] : unserved) {
      auto& bytes = newest_[role];
      if (!bytes) bytes = other_form_of(role, *expected);
    }
  }

  /// The last version of a role that is stored, if what the snapshot names is its exact form (section 2.5):
  /// not an older one, where the last is lost.
  std::optional<std::string> other_form_of(const RoleName& role, const tuf::FileMeta& expected) {
    std::optional<std::string> last = last_version(role);
    if (!last) return std::nullopt;
    try {
      const auto file = tuf::decode<tuf::Targets>(std::string(*last), role.text());
      if (is(tuf::encode_file(tuf::encode_signed(file.body), file.signatures), expected)) return last;
    } catch (const Error&) {
      // Nothing that could be mended.
    }
    return std::nullopt;
  }

  void warn_of_limits(const TrustedRepository& repository) {
    for (const tuf::Delegation& delegation : repository.delegations()) {
      if (delegation.stored_version >= kNearEnd) {
        warnings_.push_back({"VERSION_NEAR_END",
                             delegation.role.name.text() + " of " + request_.gun.text() +
                                 " stands at version " + std::to_string(delegation.stored_version) +
                                 " of at most " + std::to_string(tuf::kVersionLimit - 1) +
                                 ": somebody who signs it has jumped there, and ought to sign it no longer"});
      }
      if (delegation.unread_below) warnings_.push_back({"LIMIT_EXCEEDED", delegation.unread_below->what()});
      if (delegation.over_limit) warnings_.push_back({"LIMIT_EXCEEDED", delegation.problem->what()});
    }
  }

  static bool is(const SharedText& bytes, const tuf::FileMeta& expected) {
    return static_cast<std::size_t>(expected.length) == bytes.size() &&
           expected.hashes.at("sha256") == bytes.sha256();
  }

  FileRequest by_hash(const RoleName& role, const tuf::FileMeta& expected) const {
    const auto length = static_cast<std::size_t>(expected.length);
    if (length > tuf::kMaxStandingLength) {
      throw Error(ErrorCode::kMalformedMetadata, role.text() + " of " + request_.gun.text() + " is to have " +
                                                     std::to_string(length) +
                                                     " bytes, which is more than any client reads");
    }
    return {role, FileRequest::WithHash{expected.hashes.at("sha256")}, length};
  }

  SharedText required(std::optional<SharedText> bytes, const RoleName& role,
                      const tuf::FileMeta& expected) const {
    if (bytes) return *std::move(bytes);
    throw Error(ErrorCode::kRepositoryBroken, store_.name() + " cannot serve " + role.text() + "." +
                                                  tuf::to_hex(expected.hashes.at("sha256")) + ".json of " +
                                                  request_.gun.text() + ", which its snapshot names");
  }

  // --- root ---------------------------------------------------------------------------------------------

  TrustedRepository start_with_root() {
    if (memory_.known_root && !pin_accepts(*memory_.known_root)) believe_what_pinned_keys_signed();
    TrustedRepository repository(request_.gun, request_.now, memory_.seen);
    repository.tolerate(request_.tolerate);
    load_root(repository);
    return repository;
  }

  std::optional<tuf::Time> certificate_date() const {
    return request_.tolerate.certificate_date(request_.now);
  }

  bool pin_accepts(const Metadata<tuf::Root>& root) const {
    const auto& pin = request_.policy.pin;
    return !pin || pin->accepts(root, request_.gun, certificate_date());
  }

  /// The known root is not the pinned one: its key was replaced since, or the memory is that of another
  /// repository with the same name. What the pinned root's keys have signed is memory all the same.
  void believe_what_pinned_keys_signed() {
    TrustedRepository pinned(request_.gun, request_.now);
    pinned.tolerate(request_.tolerate);
    roots_.start_from_pin(pinned, *request_.policy.pin, newest(RoleName::root()));
    if (is_among_roots_of(pinned, *memory_.known_root)) return;
    pinned_id_ = pinned.root().body.role(RoleName::root()).key_ids.front().hex();
    memory_ = RollbackMemory::read(seen_, request_.gun, request_.now, &pinned.root().body);
    for (const std::string& loss : memory_.losses) warnings_.push_back({"CACHE_UNUSABLE", loss});
    replaces_memory_ = !memory_.losses.empty();
  }

  /// Whether that root is the one in use, or one of its predecessors: then what its keys have signed binds,
  /// though they may have been replaced since.
  bool is_among_roots_of(const TrustedRepository& repository, const Metadata<tuf::Root>& root) {
    const std::int64_t newest = repository.root().body.version;
    if (root.body.version >= newest) return root.bytes == repository.root().bytes;
    const FileRequest request{RoleName::root(), FileRequest::WithVersion{root.body.version},
                              RootChain::kMaxLength};
    return store_.fetch({request}).front() == root.bytes;
  }

  /// The root that the (not yet verified) snapshot names, if it is another one than that in use. What comes
  /// of it is for the root chain and the snapshot's own verification to say.
  std::optional<std::string> other_root_named_by(const SharedText& snapshot,
                                                 const TrustedRepository& repository) {
    const tuf::Snapshot body = tuf::decode<tuf::Snapshot>(snapshot, "snapshot").body;
    const tuf::FileMeta& expected = body.meta.at("root");
    if (is(repository.root().bytes, expected)) return std::nullopt;
    return store_.fetch({by_hash(RoleName::root(), expected)}).front();
  }

  void load_root(TrustedRepository& repository) {
    const tuf::TrustPin* pin = request_.policy.pin ? &*request_.policy.pin : nullptr;
    if (memory_.known_root && pin_accepts(*memory_.known_root)) {
      repository.accept_known_root(memory_.known_root->bytes);
      roots_.follow(repository, newest(RoleName::root()));
    } else if (pin) {
      roots_.start_from_pin(repository, *pin, newest(RoleName::root()));
    } else if (request_.policy.trust_on_first_use) {
      repository.accept_first_root(newest(RoleName::root()), nullptr);
    } else {
      throw Error(ErrorCode::kUnpinnedRoot, "nothing vouches for the root of " + request_.gun.text() +
                                                ": it was never seen here and is not pinned");
    }
  }

  TrustStore& store_;
  const SeenRepository& seen_;
  const LoadRequest& request_;
  std::vector<tuf::Warning>& warnings_;
  RootChain roots_;
  RollbackMemory memory_;
  bool replaces_memory_ = false;
  bool relies_on_memory_ = false;
  std::string pinned_id_;  // of the root, if the pin vouches for another than the one that was seen here
  std::vector<RoleName> likely_;
  std::map<RoleName, std::size_t> subtree_lengths_;  // direct children of targets; bytes
  std::map<RoleName, std::optional<SharedText>> newest_;
};

/// Whether a second look at the store can help: somebody may have published while we were reading.
bool may_be_a_race(ErrorCode code) {
  return code == ErrorCode::kHashMismatch || code == ErrorCode::kBadSignature ||
         code == ErrorCode::kRepositoryBroken || code == ErrorCode::kRollback;
}

/// Whether it may be for what is remembered: the store may have a newer root.
bool may_be_outdated(ErrorCode code) {
  return may_be_a_race(code) || code == ErrorCode::kExpired || code == ErrorCode::kBadRootCertificate ||
         code == ErrorCode::kPinMismatch || code == ErrorCode::kMalformedMetadata;
}

bool misses_a_file(const TrustedRepository& repository) {
  const auto& all = repository.delegations();
  return std::any_of(all.begin(), all.end(), [](const tuf::Delegation& delegation) {
    return delegation.state == tuf::Delegation::State::kMissing;
  });
}

struct Loaded {
  TrustedRepository repository;
  bool replaces_memory;
};

/// The first look; nullopt if a second one may help.
std::optional<Loaded> look_once(const OpenRepository& open, std::vector<tuf::Warning>& warnings) {
  const LoadRequest& request = open.load;
  std::optional<Loading> loading;
  try {
    loading.emplace(open.store, open.seen, request, Look::kFromMemory, warnings);
    TrustedRepository repository = loading->run();
    if (misses_a_file(repository)) return std::nullopt;
    return Loaded{std::move(repository), loading->replaces_memory()};
  } catch (const Error& error) {
    const bool outdated = loading && loading->relies_on_memory() && may_be_outdated(error.code());
    if (!outdated && !may_be_a_race(error.code())) throw error.with_value("REPO", request.gun.text());
    return std::nullopt;
  }
}

Loaded load_with_second_look(const OpenRepository& open, std::vector<tuf::Warning>& warnings) {
  if (auto loaded = look_once(open, warnings)) return *std::move(loaded);
  std::vector<tuf::Warning> said_already;
  try {
    Loading loading(open.store, open.seen, open.load, Look::kAtEverything, said_already);
    TrustedRepository repository = loading.run();
    return {std::move(repository), loading.replaces_memory()};
  } catch (const Error& error) {
    throw error.with_value("REPO", open.load.gun.text());
  }
}

}  // namespace

TrustedRepository load_repository(const OpenRepository& open, std::vector<tuf::Warning>& warnings) {
  const LoadRequest& request = open.load;
  Loaded loaded = load_with_second_look(open, warnings);
  const bool replaces = request.policy.reset_cache || loaded.replaces_memory;
  if (request.remember == Remember::kNothing || request.tolerate.other_form ||
      !loaded.repository.has_timestamp())
    return std::move(loaded.repository);
  if (request.remember == Remember::kAll || replaces) {
    remember_repository(open, loaded.repository, replaces);
  } else if (!open.seen.knows(RoleName::root())) {
    remember_root(open, loaded.repository);
  }
  return std::move(loaded.repository);
}

}  // namespace agent
