#include "agent/work/publish_queue.h"

#include <algorithm>

#include "tuf/base/digest.h"
#include "tuf/base/hex.h"

namespace agent {
namespace {

/// Of a digest: the files stay, so there must not be one for each repository that there ever was. Two that
/// share one wait for each other.
constexpr std::size_t kDigits = 3;

}  // namespace

PublishQueue::PublishQueue(const std::vector<std::filesystem::path>& folders, const TrustStore& store,
                           const tuf::Gun& gun) {
  if (folders.empty()) return;
  const std::string what = store.name() + "\n" + gun.text();
  const std::string digest = tuf::to_hex(tuf::sha256(tuf::as_bytes(what)));
  lock_.emplace("publish-" + digest.substr(0, kDigits) + ".lock", folders);
  is_busy_ = lock_->wait(std::chrono::milliseconds(0)) == hsm::LockOutcome::kBusy;
}

void PublishQueue::wait(const hsm::TimeBudget& budget, std::chrono::milliseconds& patience, Turns* turns) {
  const std::chrono::milliseconds longest = std::min(patience, budget.left() / 4);
  hsm::LockOutcome outcome = hsm::LockOutcome::kBusy;
  {
    const Turns::Pause others_work(turns);
    outcome = lock_->wait(longest);
  }
  if (outcome == hsm::LockOutcome::kBusy)
    patience = std::max(patience - longest, std::chrono::milliseconds(0));
  is_busy_ = false;
}

void PublishQueue::leave() {
  if (lock_) lock_->release();
}

}  // namespace agent
