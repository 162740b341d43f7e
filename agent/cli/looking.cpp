#include "agent/cli/looking.h"

#include "agent/report/repository_report.h"

namespace agent {

tuf::TrustedRepository look_at(const tuf::Gun& gun, Run& run, Report& report) {
  Run::Repository repository = run.open(gun, Access::kRead);
  const std::size_t entry = report.repositories.size();
  report.repositories.emplace_back();
  report.repositories[entry].gun = gun.text();
  report.repositories[entry].server = repository.store->name();
  if (run.offline()) report.repositories[entry].more["offline"] = true;

  tuf::TrustedRepository trusted =
      load_repository(*repository.store, repository.seen, repository.load, report.warnings);
  describe_trust_root(trusted, report.repositories[entry]);
  if (run.offline()) {
    report.warnings.push_back(
        {"OFFLINE", gun.text() + " is shown as it was last seen here, timestamp version " +
                        std::to_string(trusted.timestamp().body.version) + "; no server was asked"});
  }
  return trusted;
}

}  // namespace agent
