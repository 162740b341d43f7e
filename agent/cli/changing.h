// Changing: what all commands share that change repositories and report it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/report/change_report.h"
#include "agent/report/report.h"
#include "agent/work/change_repository.h"
#include "agent/work/run.h"

namespace agent {

/// Changes an open repository, publishes that unless --dry-run, and reports it, also after a refusal.
PublishedChanges change(Run::Repository& repository, const ChangeRequest& request, const ChangeWords& words,
                        Run& run, Report& report);

/// Calls `each` for every repository, whatever becomes of the others. Where there are several, each one that
/// failed is reported with its own error, and the first failure is thrown in the end, naming all of them.
void for_each_repository(const std::vector<std::string>& repositories, Report& report,
                         const std::function<void(const tuf::Gun&)>& each);

}  // namespace agent
