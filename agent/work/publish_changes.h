// Publishing: load, change, sign, one POST, read back. Whatever happens in between, the end is one of: proven
// to be there, an error that says that nothing was stored, or kOutcomeUnknown.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <limits>
#include <vector>

#include "agent/work/load_repository.h"
#include "agent/work/turns.h"
#include "tuf/base/warning.h"
#include "tuf/edit/repository_draft.h"

namespace agent {

/// Makes the wanted changes in a draft of the newest verified state. Called anew for every attempt and once
/// more on what was read back: then it must leave the draft empty, which is the proof. May throw to refuse.
using ChangeRepository =
    std::function<void(const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft)>;

/// Asked with every draft that is about to be signed, after the change: throws to refuse, and may take out of
/// the draft what shall not be signed. What it is, is signing_gate.h's; that nothing is signed without it,
/// this file's.
using PassGate = std::function<void(const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft)>;

/// How far it goes.
enum class Until {
  kReady,      // every key that is needed is open; nothing is signed
  kSigned,     // what would be published is there
  kPublished,  // and read back
};

/// What a run waits in the queue of this machine's jobs, all in all.
inline constexpr std::chrono::milliseconds kQueuePatience{5000};

struct PublishOptions {
  Until until = Until::kPublished;
  /// What the same run has loaded a moment ago: the first attempt starts from it. It must outlive the call.
  const tuf::TrustedRepository* loaded = nullptr;
  /// Publishes by others that are waited out before giving up (section 2.8). What ends a run is its time.
  int attempts = std::numeric_limits<int>::max();
  /// Where jobs of this user on this machine wait for each other (UserLock), one repository at a time, so
  /// that they lose no race against each other; none: they do not. Nobody waits longer than some seconds, in
  /// a whole run: those before may hang, and the store does not mind who comes first.
  std::vector<std::filesystem::path> queue_folders;
  std::chrono::milliseconds* queue_patience = nullptr;  // that is left to the run; it must outlive the call
  /// Called when everything is signed and nothing is sent yet, for every attempt: lets go of secrets that are
  /// not needed while the server takes its time.
  std::function<void()> before_sending;
  /// Given away while this waits; it must outlive the call.
  Turns* turns = nullptr;
  /// Waits for this many milliseconds; for tests to replace.
  std::function<void(int)> sleep;
};

/// What is published and how.
struct Publication {
  ChangeRepository change;
  PassGate pass_gate;
  tuf::SignerFor signer_for;
  PublishOptions options = {};
};

struct PublishedChanges {
  tuf::TrustedRepository repository;  // as read back; not published, and without changes, as it was
  bool published = false;             // false: nothing to do, or not gone so far
  int attempts = 0;                   // POSTs
  std::vector<tuf::PublishTransaction::File> files;  // what was, or would be, published; none for kReady
};

/// Throws what loading, `change`, `pass_gate`, signing and the store throw; kConflict when every attempt, or
/// all the time of the request, was used up by others; kTimeout when it was used up otherwise and nothing is
/// stored; kServerError when the store claims to have stored what it does not have, kOutcomeUnknown.
PublishedChanges publish_changes(const OpenRepository& open, const Publication& publication,
                                 std::vector<tuf::Warning>& warnings);

}  // namespace agent
