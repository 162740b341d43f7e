// The machine's own links: its configuration and its trust directory.
#pragma once

#include <vector>

#include "agent/doctor/check.h"
#include "agent/doctor/patient.h"

namespace agent {

/// Adds `configuration` and `trust-directory`. `patient` must outlive the chain.
void add_machine_checks(Patient& patient, std::vector<Check>& chain);

}  // namespace agent
