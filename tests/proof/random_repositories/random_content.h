// Random content of repositories: names from all of Unicode, custom data as people type it, targets. Seeded:
// the same seed and number give the same content on every machine (keys and signatures are new each time).
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tuf/metadata/roles.h"

namespace proof {

class Random {
 public:
  Random(std::uint64_t seed, std::uint64_t number);

  /// From `low` to `high`, both included.
  std::int64_t between(std::int64_t low, std::int64_t high);
  bool one_in(std::int64_t n) { return between(1, n) == 1; }
  template <class T>
  const T& pick(const std::vector<T>& all) {
    return all[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(all.size()) - 1))];
  }

 private:
  std::mt19937_64 engine_;
};

/// UTF-8 that every client can read back, `<`, `>`, `&`, quotes, U+2028 and U+2029 more often than others.
std::string random_text(Random& random, std::int64_t max_characters);

/// JSON text as a person or a program would write it: members in any order, white space, escapes where none
/// are needed, integers spelt as floats.
std::string random_json(Random& random);

tuf::Target random_target(Random& random);

}  // namespace proof
