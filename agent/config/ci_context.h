// CiContext: what the CI system says of the run it started us in. Every value is a claim of that CI, and of
// whoever may set variables there; nothing here proves any of it.
//
// Which variables say what stands in one table (ci_context.cpp). COUNTERSIGN_CI_NAME, _REPOSITORY, _COMMIT,
// _REF, _RUN_URL, _ACTOR, _WORKFLOW and _JOB speak for a CI that is not in it, and come before those of one
// that is.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tuf/view/provenance.h"

namespace agent {

struct CiContext {
  /// By name; only what the CI says. Empty outside of CI. Every value is valid UTF-8, fit for a log, at most
  /// kMaxValue bytes long and, if it is a URL, without user name and password.
  tuf::Provenance members;
  /// One sentence for each variable whose value is not like that, and was left out.
  std::vector<std::string> refused;

  static constexpr std::size_t kMaxValue = 512;

  /// The value of a variable, nullptr if it is not set.
  using Lookup = std::function<const char*(const char* name)>;
  static CiContext read(const Lookup& lookup);
  static CiContext of_process();
};

/// `https://user:password@host/…` without the part before the `@`; other text as it is.
std::string without_credentials(std::string_view url);

}  // namespace agent
