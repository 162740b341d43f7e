// Turns: pieces of one run that are carried out beside each other. One of them works at a time, so that
// nothing of the run needs a lock of its own; the others wait for an answer, a lock or time. What a run does
// is waiting, for the most part: repositories that are far away come all together as soon as one would.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>

namespace agent {

class Turns {
 public:
  /// The turn is whose thread makes it.
  Turns() = default;
  Turns(const Turns&) = delete;  // threads keep its address
  Turns& operator=(const Turns&) = delete;

  /// As long as it lives others work: for whoever waits, and touches nothing of the run meanwhile. Without
  /// turns (nullptr) nothing.
  class Pause {
   public:
    explicit Pause(Turns* turns) : turns_(turns) {
      if (turns_) turns_->give();
    }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;
    ~Pause() {
      if (turns_) turns_->take();
    }

   private:
    Turns* turns_;
  };

  /// Calls `piece` for 0, 1 and so on until all are done or one returns false: up to `lanes` of them are
  /// under way at a time, begun in their order, each with the turn. Returns when all have ended that were
  /// begun; throws what the first one of them threw, and begins no other after it. Where no thread can be
  /// started there are fewer lanes.
  void in_lanes(int lanes, std::size_t pieces, const std::function<bool(std::size_t)>& piece);

 private:
  void take();
  void give();

  std::mutex mutex_;
  std::condition_variable given_;
  int free_ = 0;
};

}  // namespace agent
