#include "agent/cli/out_file.h"

#include "hsm/os/private_file.h"

namespace agent {

bool write_out(const std::string& file, std::string_view content, const Run& run, Report& report) {
  if (run.dry_run()) {
    hsm::require_new_file(file);
    hsm::require_writable(file);
    report.text.push_back("would write " + file);
    return false;
  }
  hsm::write_new_private_file(file, content);
  report.text.push_back("wrote " + file);
  return true;
}

}  // namespace agent
