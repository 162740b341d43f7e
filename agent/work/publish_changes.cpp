#include "agent/work/publish_changes.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>
#include <utility>

#include "agent/work/publish_queue.h"
#include "agent/work/remembering.h"
#include "tuf/base/error.h"
#include "tuf/base/warning.h"
#include "tuf/json/json.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

using std::chrono::milliseconds;

constexpr int kMaxUnknownOutcomes = 3;
constexpr milliseconds kShortestPause{4};
constexpr milliseconds kLongestPause{4000};

void sleep_for_milliseconds(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

/// Random, so that jobs that lost the same race do not meet again; about as long as an attempt took, since
/// that is how long somebody else's does; growing slowly, so that many of them spread out.
milliseconds back_off(int attempt, milliseconds attempt_took) {
  static thread_local std::mt19937 random{std::random_device{}()};
  const long longest = std::clamp<long>(attempt_took.count() * (8 + attempt) / 8, kShortestPause.count(),
                                        kLongestPause.count());
  return milliseconds(std::uniform_int_distribution<long>(longest / 4, longest)(random));
}

std::vector<tuf::RoleName> delegations_among(std::vector<tuf::RoleName> roles) {
  std::erase_if(roles, [](const tuf::RoleName& role) { return !role.is_delegation(); });
  return roles;
}

std::vector<RoleFile> role_files(const tuf::PublishTransaction& transaction) {
  std::vector<RoleFile> files;
  for (const auto& file : transaction.files()) files.push_back({file.role, file.bytes});
  return files;
}

/// Version of a role in verified trust data; 0 if it has no file.
std::int64_t version_in(const tuf::TrustedRepository& repository, const tuf::RoleName& role) {
  if (role.text() == "root") return repository.root().body.version;
  if (role.text() == "targets") return repository.targets().body.version;
  if (role.text() == "snapshot") return repository.snapshot().body.version;
  const tuf::Delegation* delegation = repository.find_delegation(role);
  return delegation ? delegation->stored_version : 0;
}

/// Whether somebody has published over at least one of these files, or they are there themselves.
bool was_overtaken(const tuf::TrustedRepository& repository,
                   const std::vector<tuf::PublishTransaction::File>& files) {
  return std::any_of(files.begin(), files.end(),
                     [&](const auto& file) { return version_in(repository, file.role) >= file.version; });
}

/// A store refuses an update without a snapshot if it does not hold the snapshot key; it says so in words
/// that differ from server to server, so it is asked for the key. Throws if that was the reason; if it cannot
/// be told, the store's own words must do.
void explain_missing_snapshot(TrustStore& store, const tuf::TrustedRepository& repository,
                              const std::vector<tuf::PublishTransaction::File>& files) {
  const tuf::RoleName& snapshot = tuf::RoleName::snapshot();
  if (std::any_of(files.begin(), files.end(), [&](const auto& file) { return file.role == snapshot; }))
    return;
  const auto& key_ids = repository.root().body.role(snapshot).key_ids;
  try {
    const tuf::KeyId servers = tuf::key_id(store.server_key(snapshot));
    if (std::find(key_ids.begin(), key_ids.end(), servers) != key_ids.end()) return;
  } catch (const Error&) {
    return;
  }
  throw Error(
      ErrorCode::kKeyNotFound,
      "the snapshot of " + repository.gun().text() + " is signed by clients, and its key is not at hand",
      "an administrator hands it to the server with: countersign repo prepare " + repository.gun().text());
}

/// The official clients and servers would take more; what was published so could not be read back here, nor
/// by anybody else who verifies with this program.
void require_readable(const tuf::Gun& gun, const std::vector<tuf::PublishTransaction::File>& files) {
  for (const auto& file : files) {
    if (tuf::is_within_bounds(file.bytes)) continue;
    throw Error(ErrorCode::kInvalidRole,
                file.role.text() + " of " + gun.text() + " would become longer than readers accept",
                "nothing was published; revoke tags that nobody needs any more, or say less of each: "
                "--no-provenance");
  }
}

}  // namespace

PublishedChanges publish_changes(const OpenRepository& open, const Publication& publication,
                                 std::vector<tuf::Warning>& warnings) {
  TrustStore& store = open.store;
  LoadRequest request = open.load;
  const PublishOptions& options = publication.options;
  const tuf::TrustedRepository* loaded = options.loaded;
  const auto sleep = options.sleep ? options.sleep : sleep_for_milliseconds;
  std::vector<tuf::PublishTransaction::File> sent;  // by the last POST that may be stored
  std::optional<PublishResult> last_result;
  bool maybe_stored = false;  // any POST: a lost one may arrive late
  int attempts = 0;
  int unknown_outcomes = 0;
  milliseconds attempt_took{0};
  bool is_last = false;  // no time for another attempt, but to see what has become of the last one
  std::optional<tuf::TrustedRepository> before;      // as the last attempt found it
  std::optional<tuf::TrustedRepository> repository;  // as this one does
  std::optional<Remembering> remembering;
  if (request.remember == Remember::kAll) {
    request.remember = Remember::kRoot;
    remembering.emplace(open);
  }

  const auto see = [&](const tuf::TrustedRepository& seen) {
    if (remembering && !request.tolerate.other_form) remembering->see(seen);
  };
  /// A new root may have changed who signs everything else: that is read as by a stranger.
  const auto start_from_this = [&](bool has_new_root) {
    before = std::exchange(repository, std::nullopt);
    see(*before);
    const bool mends = request.tolerate.other_form || !before->has_timestamp();
    request.before = mends || has_new_root ? nullptr : &*before;
  };
  const auto remember = [&] {
    if (!remembering) return;
    try {
      remembering->end();
    } catch (const Error& error) {
      if (!maybe_stored) throw;
      // What is published and proven stays so, whatever becomes of this machine's disk.
      warnings.push_back({"CACHE_NOT_SAVED", "the new state of " + request.gun.text() +
                                                 " could not be remembered: " + error.what()});
    }
  };
  const auto end_with = [&](bool published, std::vector<tuf::PublishTransaction::File> files) {
    remember();
    return PublishedChanges{*std::move(repository), published, attempts, std::move(files)};
  };
  const bool publishes = options.until == Until::kPublished;
  milliseconds own_patience = kQueuePatience;
  milliseconds& queue_patience = options.queue_patience ? *options.queue_patience : own_patience;
  PublishQueue queue(publishes ? options.queue_folders : std::vector<std::filesystem::path>(), store,
                     request.gun);
  const auto lost_every_race = [&] {
    return Error(ErrorCode::kConflict,
                 "others kept publishing to " + request.gun.text() + "; gave up after " +
                     std::to_string(attempts) + " attempts " + request.budget->in_words(),
                 "repeat the command, or give it more time with --timeout DURATION");
  };

  while (true) {
    const auto begun = std::chrono::steady_clock::now();
    try {
      if (const auto* known = std::exchange(loaded, nullptr)) {
        repository = *known;
      } else {
        repository = load_repository({store, open.seen, request}, warnings);
      }
      see(*repository);
    } catch (const Error& error) {
      // Between two attempts, what has used up the time are the others.
      if (!maybe_stored && attempts > 0 && error.code() == ErrorCode::kTimeout) throw lost_every_race();
      if (!maybe_stored) throw;
      // Something of ours may be stored, and it cannot be seen.
      throw Error(ErrorCode::kOutcomeUnknown,
                  (last_result == PublishResult::kStored ? "published to " : "sent to ") + store.name() +
                      ", but the result cannot be read back: " + error.what());
    }
    request.policy.reset_cache = false;

    tuf::RepositoryDraft draft(*repository);
    publication.change(*repository, draft);
    if (draft.empty()) return end_with(maybe_stored, std::move(sent));
    if (last_result == PublishResult::kStored && !was_overtaken(*repository, sent)) {
      throw Error(ErrorCode::kServerError, store.name() + " says that it stored the update of " +
                                               request.gun.text() + ", but does not have it");
    }
    if (last_result == PublishResult::kUnknown && ++unknown_outcomes >= kMaxUnknownOutcomes) {
      throw Error(ErrorCode::kServerError, store.name() + " did not store the update of " +
                                               request.gun.text() + " in " + std::to_string(attempts) +
                                               " attempts");
    }
    if (is_last) {
      throw request.budget->used_up(store.name() + " did not store the update of " + request.gun.text());
    }
    if (attempts == options.attempts) {
      throw Error(ErrorCode::kConflict, "others kept publishing to " + request.gun.text() +
                                            "; gave up after " + std::to_string(attempts) + " attempts");
    }

    publication.pass_gate(*repository, draft);
    if (options.until == Until::kReady) {
      require_readable(request.gun, draft.rehearse(publication.signer_for));
      return end_with(false, {});
    }
    if (queue.is_busy()) {
      static_cast<void>(draft.rehearse(publication.signer_for));
      request.likely = delegations_among(draft.changed_roles());
      queue.wait(*request.budget, queue_patience, options.turns);
      start_from_this(false);
      continue;
    }
    const tuf::PublishTransaction transaction = draft.sign(publication.signer_for);
    require_readable(request.gun, transaction.files());
    if (options.until == Until::kSigned) return end_with(false, transaction.files());
    request.likely = delegations_among(draft.changed_roles());
    // What cannot be answered in time would leave the outcome open.
    if (!maybe_stored && attempts > 0 && !request.budget->allows(attempt_took)) throw lost_every_race();
    request.budget->require("nothing was published to " + store.name() + ": no time was left for it");
    ++attempts;
    if (options.before_sending) options.before_sending();
    try {
      last_result = store.publish(role_files(transaction));
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kServerRejected)
        explain_missing_snapshot(store, *repository, transaction.files());
      throw;
    }
    if (last_result != PublishResult::kConflict) {
      maybe_stored = true;
      sent = transaction.files();
    }
    if (last_result != PublishResult::kConflict) queue.leave();
    start_from_this(transaction.files().front().role == tuf::RoleName::root());
    // What was read in order to mend it is read back as everybody reads it.
    if (last_result != PublishResult::kConflict) request.tolerate = {};
    request.sent = last_result == PublishResult::kStored ? &sent : nullptr;
    if (last_result == PublishResult::kStored) continue;
    attempt_took = std::chrono::ceil<milliseconds>(std::chrono::steady_clock::now() - begun);
    const milliseconds pause = back_off(attempts, attempt_took);
    is_last = !request.budget->allows(pause);
    if (!is_last) {
      const Turns::Pause others_work(options.turns);
      sleep(static_cast<int>(pause.count()));
    }
    if (is_last && !maybe_stored) throw lost_every_race();
  }
}

}  // namespace agent
