#include "agent/work/read_repository.h"

namespace agent {

tuf::TrustedRepository read_repository(Run::Repository& repository, const Run& run,
                                       std::vector<tuf::Warning>& warnings) {
  tuf::TrustedRepository trusted = load_repository(repository, warnings);
  if (run.offline()) {
    warnings.push_back(
        {"OFFLINE", trusted.gun().text() + " is shown as it was last seen here, timestamp version " +
                        std::to_string(trusted.timestamp().body.version) + "; no server was asked"});
  }
  return trusted;
}

}  // namespace agent
