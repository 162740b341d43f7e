// Assertions on tuf::Error: the code is what scripts see, so tests name it.
#pragma once

#include <string>

#include "tests/support/catch.h"
#include "tuf/base/error.h"

namespace test {

/// Matches a tuf::Error of that code whose message holds `part`.
class HasCode : public Catch::MatcherBase<tuf::Error> {
 public:
  explicit HasCode(tuf::ErrorCode code, std::string part = {}) : code_(code), part_(std::move(part)) {}

  bool match(const tuf::Error& error) const override {
    return error.code() == code_ && std::string(error.what()).find(part_) != std::string::npos;
  }
  std::string describe() const override {
    return "has code " + std::to_string(static_cast<int>(code_)) + " and says \"" + part_ + "\"";
  }

 private:
  tuf::ErrorCode code_;
  std::string part_;
};

}  // namespace test

#define CHECK_ERROR(expression, ...) CHECK_THROWS_MATCHES(expression, tuf::Error, test::HasCode(__VA_ARGS__))
