// The file of --out that `key export`, `key cert` and `key csr` write.
#pragma once

#include <string>
#include <string_view>

#include "agent/report/report.h"
#include "agent/work/run.h"

namespace agent {

/// Writes it, and says so. A rehearsal writes nothing: false. Throws kLocal if something stands there, or if
/// nothing can.
bool write_out(const std::string& file, std::string_view content, const Run& run, Report& report);

}  // namespace agent
