// Backstop: ends a command that is still at work when its time is up. Whatever waits looks at the budget
// itself (time_budget.h) and ends in good order; this is for what does not: a pipe in the place of a file,
// and arithmetic that a hostile repository asks for.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "hsm/os/time_budget.h"

namespace agent {

class Backstop {
 public:
  /// Called on a thread of its own, once, when the budget has been used up for `grace` and the backstop is
  /// still there; ends the process.
  using OnExpiry = std::function<void()>;

  Backstop(std::shared_ptr<const hsm::TimeBudget> budget, std::chrono::milliseconds grace,
           OnExpiry on_expiry);
  ~Backstop();
  Backstop(const Backstop&) = delete;  // the thread points to this object
  Backstop& operator=(const Backstop&) = delete;

 private:
  void wait();

  std::shared_ptr<const hsm::TimeBudget> budget_;
  std::chrono::milliseconds grace_;
  OnExpiry on_expiry_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace agent
