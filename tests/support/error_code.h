// What an expression throws, as a value to compare.
#pragma once

#include <optional>
#include <string>

#include "tuf/base/error.h"

namespace test {

/// The tuf::Error that `action` throws; nullopt if it throws nothing. Other exceptions pass.
template <class Action>
std::optional<tuf::Error> error_of(Action&& action) {
  try {
    action();
  } catch (const tuf::Error& error) {
    return error;
  }
  return std::nullopt;
}

/// Its code; nullopt if nothing is thrown.
template <class Action>
std::optional<tuf::ErrorCode> code_of(Action&& action) {
  const auto error = error_of(action);
  return error ? std::optional(error->code()) : std::nullopt;
}

/// Whether there is an error whose message holds `part`.
inline bool mentions(const std::optional<tuf::Error>& error, const std::string& part) {
  return error && std::string(error->what()).find(part) != std::string::npos;
}

}  // namespace test
