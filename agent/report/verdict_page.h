// Which images may run, and why not, as a page that can be sent to an auditor.
#pragma once

#include <optional>

#include "agent/report/page.h"
#include "agent/report/run_facts.h"
#include "agent/report/verdict_report.h"
#include "tuf/base/error.h"

namespace agent {

/// `policy` is that by which it was decided, if there was one; `report` and `error` are those of the run, as
/// they stand in its end.
Page verdict_page(const VerdictReport& verdicts, const std::optional<PolicyOrigin>& policy,
                  const RunFacts& run, const Report& report, const std::optional<tuf::Error>& error);

}  // namespace agent
