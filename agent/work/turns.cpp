#include "agent/work/turns.h"

#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace agent {

void Turns::take() {
  std::unique_lock lock(mutex_);
  given_.wait(lock, [this] { return free_ > 0; });
  --free_;
}

void Turns::give() {
  const std::lock_guard lock(mutex_);
  ++free_;
  given_.notify_one();
}

void Turns::in_lanes(int lanes, std::size_t pieces, const std::function<bool(std::size_t)>& piece) {
  // All of this is whose turn it is.
  std::size_t next = 0;
  bool goes_on = true;
  std::exception_ptr thrown;
  const auto work = [&] {
    while (goes_on && next < pieces) {
      try {
        if (!piece(next++)) goes_on = false;
      } catch (...) {
        goes_on = false;
        if (!thrown) thrown = std::current_exception();
      }
    }
  };
  std::vector<std::thread> beside;
  for (std::size_t i = 1; i < static_cast<std::size_t>(lanes) && i < pieces; ++i) {
    try {
      beside.emplace_back([&] {
        take();
        work();
        give();
      });
    } catch (const std::system_error&) {
      break;
    }
  }
  work();
  {
    const Pause pause(this);
    for (std::thread& thread : beside) thread.join();
  }
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace agent
