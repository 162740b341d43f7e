// Patient: this machine, and the repository that it is to sign for, if one was named.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/work/run.h"
#include "tuf/base/warning.h"

namespace agent {

struct Patient {
  Run& run;
  std::optional<tuf::Gun> gun;
  std::optional<std::string> tag;
  std::vector<tuf::RoleName> roles = {};    // that were named to be signed; empty: those that `sign` chooses
  std::vector<tuf::Warning> warnings = {};  // what is no broken link, but worth a word

  const Settings& settings() const { return run.settings(); }
  void warn(std::string code, std::string message) {
    warnings.push_back({std::move(code), std::move(message)});
  }
};

}  // namespace agent
