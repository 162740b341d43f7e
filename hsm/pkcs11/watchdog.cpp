#include "hsm/pkcs11/watchdog.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>

namespace hsm {
namespace {

constexpr std::chrono::milliseconds kShortest{2'000};

}  // namespace

Watchdog::Watchdog(std::chrono::milliseconds limit, OnExpiry on_expiry, TimeLeft time_left)
    : limit_(limit), on_expiry_(std::move(on_expiry)), time_left_(std::move(time_left)) {}

Watchdog::~Watchdog() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

Watchdog::Guard Watchdog::watch(const std::string& what) {
  if (!on_expiry_ || limit_ <= std::chrono::milliseconds::zero()) return Guard(nullptr);
  {
    const std::lock_guard lock(mutex_);
    if (depth_++ == 0) {
      what_ = what;
      phase_limit_ = time_left_ ? std::min(limit_, std::max(kShortest, time_left_())) : limit_;
      deadline_ = Clock::now() + phase_limit_;
    }
  }
  if (!thread_.joinable()) {
    // Signals are for the main thread, which knows how to stop.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  changed_.notify_one();
  return Guard(this);
}

Watchdog::Guard::~Guard() {
  if (watchdog_) watchdog_->leave();
}

void Watchdog::leave() {
  {
    const std::lock_guard lock(mutex_);
    --depth_;
  }
  changed_.notify_one();
}

void Watchdog::run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (depth_ == 0) {
      changed_.wait(lock);
    } else if (Clock::now() >= deadline_) {
      deadline_ = Clock::time_point::max();  // said once
      expire(what_, phase_limit_);
    } else {
      changed_.wait_until(lock, deadline_);
    }
  }
}

void Watchdog::expire(const std::string& what, std::chrono::milliseconds limit) {
  std::string seconds = std::to_string(std::chrono::duration<double>(limit).count());
  seconds.erase(seconds.find_last_not_of('0') + 1);
  if (seconds.back() == '.') seconds.pop_back();
  on_expiry_(tuf::Error(
      tuf::ErrorCode::kTokenFailed, what + ": no answer within " + seconds + " s",
      "restart what drives the token (pcscd, the HSM's client or service), then repeat the command"));
}

}  // namespace hsm
