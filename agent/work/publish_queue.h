// PublishQueue: the jobs of a user on this machine that publish one repository, one after the other, so that
// they lose no race against each other. A courtesy (UserLock): the store decides who has won, and nobody
// waits longer than some seconds.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <vector>

#include "agent/store/trust_store.h"
#include "agent/work/turns.h"
#include "hsm/os/time_budget.h"
#include "hsm/os/user_lock.h"
#include "tuf/names/role_name.h"

namespace agent {

class PublishQueue {
 public:
  /// In one of `folders`; none: nobody waits. Takes its turn if that is possible at once.
  PublishQueue(const std::vector<std::filesystem::path>& folders, const TrustStore& store,
               const tuf::Gun& gun);

  /// Whether somebody else is at it: who waits makes all ready first, connection, trust and keys.
  bool is_busy() const { return is_busy_; }
  /// For one's turn, or until it has taken too long: `patience` is what a whole run has for this, and is less
  /// afterwards; never more than a quarter of the time that is left. Others work meanwhile.
  void wait(const hsm::TimeBudget& budget, std::chrono::milliseconds& patience, Turns* turns);
  void leave();

 private:
  std::optional<hsm::UserLock> lock_;
  bool is_busy_ = false;
};

}  // namespace agent
