// Dice: random choices that are the same for the same seed wherever they are made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

namespace gate {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  Dice(std::uint64_t seed, std::uint64_t part) {
    std::seed_seq both{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                       static_cast<std::uint32_t>(part)};
    random_.seed(both);
  }

  std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }
  bool percent(unsigned chance) { return below(100) < chance; }
  template <class List>
  auto& one_of(List& list) {
    return list.at(below(list.size()));
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace gate
