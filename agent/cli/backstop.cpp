#include "agent/cli/backstop.h"

#include <signal.h>

namespace agent {

Backstop::Backstop(std::shared_ptr<const hsm::TimeBudget> budget, std::chrono::milliseconds grace,
                   OnExpiry on_expiry)
    : budget_(std::move(budget)), grace_(grace), on_expiry_(std::move(on_expiry)) {
  // Signals are for the main thread, which knows how to stop.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { wait(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Backstop::~Backstop() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Backstop::wait() {
  std::unique_lock lock(mutex_);
  while (!over_) {
    const hsm::TimeBudget::Clock::time_point end = budget_->end() + grace_;
    if (hsm::TimeBudget::Clock::now() >= end) return on_expiry_();
    changed_.wait_until(lock, end);  // which may have become later meanwhile
  }
}

}  // namespace agent
