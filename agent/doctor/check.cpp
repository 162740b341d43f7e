#include "agent/doctor/check.h"

#include <algorithm>

#include "agent/report/error_table.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

std::string diagnosis_named_after(tuf::ErrorCode code) {
  std::string name = tuf::in_lower_case(error_row(code).name);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

}  // namespace

Ailment::Ailment(const tuf::Error& error) : Ailment(diagnosis_named_after(error.code()), error) {}

Diagnosis diagnose(const std::vector<Check>& chain) {
  Diagnosis diagnosis;
  for (const Check& check : chain) {
    try {
      diagnosis.checks.push_back({check.name, true, check.look()});
    } catch (const Ailment& ailment) {
      diagnosis.ailment = ailment;
    } catch (const tuf::Error& error) {
      diagnosis.ailment.emplace(error);
    }
    if (!diagnosis.ailment) continue;
    diagnosis.checks.push_back({check.name, false, diagnosis.ailment->what()});
    break;
  }
  return diagnosis;
}

}  // namespace agent
