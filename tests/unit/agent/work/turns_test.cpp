#include "agent/work/turns.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/catch.h"

namespace {

/// Lets nobody through before so many are there.
class Meeting {
 public:
  explicit Meeting(int size) : size_(size) {}

  /// Whether all came.
  bool wait() {
    std::unique_lock lock(mutex_);
    const int round = come_ / size_;
    if (++come_ % size_ == 0) {
      all_are_there_.notify_all();
      return true;
    }
    return all_are_there_.wait_for(lock, std::chrono::seconds(60), [&] { return come_ / size_ > round; });
  }

 private:
  const int size_;
  std::mutex mutex_;
  std::condition_variable all_are_there_;
  int come_ = 0;
};

}  // namespace

TEST_CASE("Pieces wait side by side and work one at a time") {
  agent::Turns turns;
  Meeting meeting(4);
  std::vector<std::size_t> begun;
  int at_work = 0;
  bool was_alone = true;
  bool all_met = true;
  const auto work = [&] {
    was_alone = was_alone && ++at_work == 1;
    --at_work;
  };
  turns.in_lanes(4, 20, [&](std::size_t piece) {
    begun.push_back(piece);
    work();
    bool met = false;
    {
      const agent::Turns::Pause pause(&turns);
      met = meeting.wait();
    }
    all_met = all_met && met;
    work();
    return true;
  });
  CHECK(all_met);
  CHECK(was_alone);
  std::vector<std::size_t> in_order(20);
  for (std::size_t i = 0; i < in_order.size(); ++i) in_order[i] = i;
  CHECK(begun == in_order);
}

TEST_CASE("After a piece that says so no other is begun, and those that are under way come to their end") {
  agent::Turns turns;
  int ended = 0;
  std::size_t last = 0;
  const bool throws = GENERATE(false, true);
  const auto all = [&] {
    turns.in_lanes(3, 100, [&](std::size_t piece) {
      last = piece;
      if (piece == 4 && throws) throw std::runtime_error("the fifth");
      if (piece == 4) return false;
      {
        const agent::Turns::Pause pause(&turns);
        std::this_thread::yield();
      }
      ++ended;
      return true;
    });
  };
  if (throws) {
    CHECK_THROWS_WITH(all(), "the fifth");
  } else {
    all();
  }
  CHECK(last == 4);
  CHECK(ended == 4);
}

TEST_CASE("One lane, or one piece, needs no other thread") {
  agent::Turns turns;
  const auto thread = std::this_thread::get_id();
  int pieces = 0;
  const auto piece = [&](std::size_t) {
    pieces += std::this_thread::get_id() == thread ? 1 : 0;
    return true;
  };
  turns.in_lanes(1, 5, piece);
  turns.in_lanes(8, 1, piece);
  turns.in_lanes(8, 0, piece);
  CHECK(pieces == 6);
}
