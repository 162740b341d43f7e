// The end of every role's validity as a page that can be sent to an auditor.
#pragma once

#include <optional>

#include "agent/report/expiry_report.h"
#include "agent/report/page.h"
#include "agent/report/run_facts.h"
#include "tuf/base/error.h"

namespace agent {

/// `report` and `error` are those of the run, as they stand in its end.
Page expiry_page(const ExpiryReport& expiry, const RunFacts& run, const Report& report,
                 const std::optional<tuf::Error>& error);

}  // namespace agent
