#include "agent/cli/looking.h"

#include "agent/report/repository_report.h"
#include "agent/work/read_repository.h"

namespace agent {

tuf::TrustedRepository look_at(const tuf::Gun& gun, Run& run, Report& report) {
  Run::Repository repository = run.open(gun, Access::kRead);
  const std::size_t entry = report.repositories.size();
  report.repositories.emplace_back();
  report.repositories[entry].gun = gun.text();
  report.repositories[entry].server = repository.store->name();
  if (run.offline()) report.repositories[entry].more["offline"] = true;
  tuf::TrustedRepository trusted = read_repository(repository, run, report.warnings);
  describe_trust_root(trusted, report.repositories[entry]);
  return trusted;
}

}  // namespace agent
