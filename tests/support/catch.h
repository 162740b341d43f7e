// Catch2 3, or Catch2 2 where there is no newer one (Debian 12). Tests include this, and are written for
// both: with the names that version 2 has.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)

#include <catch2/catch_all.hpp>
#include <string>

namespace Catch {

using Matchers::EndsWith;
using Matchers::MatcherBase;
using Matchers::Matches;
using Matchers::StartsWith;
using Matchers::UnorderedEquals;

inline auto Contains(const std::string& part) {
  return Matchers::ContainsSubstring(part);
}

}  // namespace Catch

#else

#include <catch2/catch.hpp>

#endif
