// Random files of targets, most of them in the one form in which such files are written, and what can be done
// to a file so that it nearly still is one. Seeded: the same number makes the same file.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "tuf/metadata/codec.h"

namespace test {

class RandomTargets {
 public:
  explicit RandomTargets(std::uint64_t seed) : engine_(seed) {}

  std::size_t below(std::size_t limit) { return engine_() % limit; }
  bool percent(std::size_t chance) { return below(100) < chance; }
  template <class T>
  const T& one_of(const std::vector<T>& list) {
    return list[below(list.size())];
  }

  std::string name();
  /// As this program and others write it: whole hashes, custom data that is an object.
  tuf::Target target();
  /// The entry of a target as a JSON value; now and then of another shape.
  tuf::Json entry();
  /// A whole file; now and then with something in it that is not as it should be.
  std::string file();
  /// With one to three pieces changed.
  std::string mutated(std::string file);

 private:
  tuf::Json value(int depth);
  tuf::Json delegations();
  tuf::Bytes bytes(std::size_t size);

  std::mt19937_64 engine_;
};

/// The entry of a target in a file.
tuf::Json entry_of(const tuf::Target& target);

}  // namespace test
