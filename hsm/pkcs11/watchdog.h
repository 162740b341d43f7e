// Watchdog: tells of a call into a PKCS#11 module that never returns (libp11 issue 525, dead network HSMs).
// Nothing can be done about a thread that hangs inside foreign code; whoever runs the process decides what
// becomes of it. Nothing is sent before all signatures are there, so ending it loses nothing.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "tuf/base/error.h"

namespace hsm {

class Watchdog {
 public:
  /// Called on the watchdog's thread when time is up, once for each phase. Empty: nobody is told.
  using OnExpiry = std::function<void(const tuf::Error&)>;

  /// What is left to the whole run; empty: no limit.
  using TimeLeft = std::function<std::chrono::milliseconds()>;

  /// `limit`: for each watched phase, if `time_left` allows as much when it begins; closing down in good
  /// order is always granted a moment. Zero switches the watchdog off.
  explicit Watchdog(std::chrono::milliseconds limit, OnExpiry on_expiry, TimeLeft time_left = {});
  ~Watchdog();
  // The thread points to this object.
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  class Guard {
   public:
    explicit Guard(Watchdog* watchdog) : watchdog_(watchdog) {}
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Watchdog* watchdog_;
  };

  /// From now to the guard's end is one phase, named `what` in the message. Inside another phase that one's
  /// limit stays in force. The first call starts the thread.
  [[nodiscard]] Guard watch(const std::string& what);

 private:
  using Clock = std::chrono::steady_clock;
  void run();
  void expire(const std::string& what, std::chrono::milliseconds limit);
  void leave();

  const std::chrono::milliseconds limit_;
  const OnExpiry on_expiry_;
  const TimeLeft time_left_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int depth_ = 0;
  bool stop_ = false;
  std::string what_;
  std::chrono::milliseconds phase_limit_{};
  Clock::time_point deadline_;
  std::thread thread_;
};

}  // namespace hsm
