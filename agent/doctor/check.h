// Check: one link of the chain that a signature hangs on. The chain is walked from its beginning; the first
// broken link is the answer, and what hangs below it is not looked at.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tuf/base/error.h"

namespace agent {

struct Check {
  std::string name;  // "trust-server"
  /// Tells what was found, in one line. Throws tuf::Error if the link is broken.
  std::function<std::string()> look;
};

/// What is wrong, with a name of its own: several causes share an error code, but none a diagnosis.
class Ailment : public tuf::Error {
 public:
  Ailment(std::string diagnosis, const tuf::Error& error)
      : tuf::Error(error), diagnosis_(std::move(diagnosis)) {}
  /// Named after its code: `wrong-pin` for kWrongPin.
  explicit Ailment(const tuf::Error& error);

  const std::string& diagnosis() const { return diagnosis_; }

 private:
  std::string diagnosis_;
};

struct CheckResult {
  std::string name;
  bool ok = true;
  std::string detail;
};

struct Diagnosis {
  std::vector<CheckResult> checks;  // as far as they were made
  std::optional<Ailment> ailment;   // of the last of them; nullopt: nothing is broken
};

Diagnosis diagnose(const std::vector<Check>& chain);

}  // namespace agent
