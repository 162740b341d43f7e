// ErrorBody: why a server refuses, `{"errors":[{"code":…,"message":…,"detail":…}]}` (section 1.5). Trust
// servers, registries and token services all write it.
#pragma once

#include <string>
#include <string_view>

namespace agent {

struct ErrorBody {
  std::string code;     // empty if the body is none of ours
  std::string message;  // as the server wrote it; so is the detail
  std::string detail;   // JSON text, or the string if it was one; empty for null and `{}`

  /// The first error of `body`; all empty if there is none.
  static ErrorBody parse(std::string_view body);

  /// `CODE: message (detail)`, printable, at most 1 KiB; empty if nothing is known.
  std::string text() const;
};

}  // namespace agent
