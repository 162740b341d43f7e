// The machine's own links: its configuration and its trust directory.
#pragma once

#include <filesystem>
#include <vector>

#include "agent/doctor/check.h"
#include "agent/doctor/patient.h"

namespace agent {

/// Adds `configuration` and `trust-directory`, and `audit-log` if there is to be one. `patient` must outlive
/// the chain.
void add_machine_checks(Patient& patient, std::vector<Check>& chain);
/// Adds `receipt`: whether this file could be written.
void add_receipt_check(const std::filesystem::path& file, std::vector<Check>& chain);

/// Warns (`POLICY_WRITABLE`) if others can change `file`, a policy: they can then say who may release.
void warn_if_others_can_change(const std::filesystem::path& file, Patient& patient);

}  // namespace agent
