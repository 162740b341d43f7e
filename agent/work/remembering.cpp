#include "agent/work/remembering.h"

#include <exception>
#include <utility>

namespace agent {

Remembering::~Remembering() {
  try {
    end();
  } catch (const std::exception&) {
    // The error that brought us here is the one to report.
  }
}

void Remembering::end() {
  if (const auto* repository = std::exchange(seen_, nullptr)) remember_repository(open_, *repository);
}

}  // namespace agent
