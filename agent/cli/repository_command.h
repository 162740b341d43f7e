// What commands on repositories share: the look at one, the change of one, and the way through several.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/report/change_report.h"
#include "agent/report/report.h"
#include "agent/work/change_repository.h"
#include "agent/work/run.h"

namespace agent {

/// Appends an entry for the repository to the report, loads and verifies it, and says in the entry what root
/// is trusted. With --offline the answer comes from the trust directory, and a warning says so. Throws what
/// read_repository throws.
tuf::TrustedRepository look_at(const tuf::Gun& gun, Run& run, Report& report);

/// Changes an open repository, publishes that unless --dry-run, and reports it, also after a refusal. Throws
/// what change_repository throws.
PublishedChanges change(Run::Repository& repository, const ChangeRequest& request, const ChangeWords& words,
                        Run& run, Report& report);

/// Why one of several repositories has failed, with what mends it: of several failures the last line of all
/// can only tell one.
void describe_failure(const tuf::Error& error, RepositoryReport& repository, std::vector<std::string>& text);

/// Calls `each` for every repository, whatever becomes of the others. Where there are several, each one that
/// failed is reported with its own error, and the first failure is thrown in the end, naming all of them.
void for_each_repository(const std::vector<std::string>& repositories, Run& run, Report& report,
                         const std::function<void(const tuf::Gun&)>& each);

}  // namespace agent
