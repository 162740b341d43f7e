// What the fuzz targets share. Each target is one LLVMFuzzerTestOneInput that feeds foreign bytes to a parser
// and demands more of it than that it does not crash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

#include "tuf/base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fuzz {

/// Ends the process, which libFuzzer and the replay report together with the input, if a promise is broken.
inline void require(bool holds, const char* promise) {
  if (holds) return;
  static_cast<void>(std::fprintf(stderr, "broken promise: %s\n", promise));
  std::abort();
}

/// What `parse` returns; nullopt if it refuses its input. Only a tuf::Error is a refusal, and kInternal,
/// which means "cannot happen", is none; every other exception gets out and ends the process.
template <class Parse>
std::optional<std::invoke_result_t<Parse>> attempt(Parse parse) {
  try {
    return parse();
  } catch (const tuf::Error& error) {
    require(error.code() != tuf::ErrorCode::kInternal, error.what());
    return std::nullopt;
  }
}

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Everything up to the next `separator`, which is taken off as well; all of `text` if there is none.
inline std::string_view take_part(std::string_view& text, std::string_view separator) {
  const std::size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + separator.size());
  return part;
}

}  // namespace fuzz
