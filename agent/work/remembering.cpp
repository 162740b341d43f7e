#include "agent/work/remembering.h"

#include <chrono>
#include <exception>
#include <map>
#include <utility>

#include "agent/work/rollback_memory.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::RoleName;
using tuf::SharedText;
using tuf::TrustedRepository;

constexpr std::chrono::seconds kLockPatience{30};

/// Whether a parallel job has remembered a later state in the meantime. What is damaged is not later.
bool is_newer_than(const SeenRepository& seen, const LoadRequest& request,
                   const TrustedRepository& repository) {
  const auto remembered = RollbackMemory::versions(seen, request.gun, request.now);
  return remembered > std::pair(repository.root().body.version, repository.timestamp().body.version);
}

void save(const OpenRepository& open, std::map<RoleName, SharedText> files,
          const TrustedRepository& repository, bool replace) {
  const SeenRepository& seen = open.seen;
  const auto is_known = [&](const auto& file) {
    try {
      return seen.load(file.first) == file.second;
    } catch (const Error&) {
      return false;  // what cannot be read is replaced
    }
  };
  if (!replace) std::erase_if(files, is_known);
  if (files.empty()) return;
  const hsm::FileLock lock = seen.lock(open.load.budget->at_most(kLockPatience));
  if (replace) {
    seen.forget_delegations();
  } else if (is_newer_than(seen, open.load, repository)) {
    return;
  }
  seen.save(files);
}

std::map<RoleName, SharedText> files_of(const TrustedRepository& repository) {
  std::map<RoleName, SharedText> files = {{RoleName::root(), repository.root().bytes},
                                          {RoleName::timestamp(), repository.timestamp().bytes},
                                          {RoleName::snapshot(), repository.snapshot().bytes},
                                          {RoleName::targets(), repository.targets().bytes}};
  for (const tuf::Delegation& delegation : repository.delegations()) {
    if (delegation.metadata) files[delegation.role.name] = delegation.metadata->bytes;
  }
  return files;
}

}  // namespace

void remember_repository(const OpenRepository& open, const TrustedRepository& repository, bool replace) {
  save(open, files_of(repository), repository, replace);
}

void remember_root(const OpenRepository& open, const TrustedRepository& repository) {
  save(open, {{RoleName::root(), repository.root().bytes}}, repository, false);
}

Remembering::~Remembering() {
  try {
    end();
  } catch (const std::exception&) {
    // The error that brought us here is the one to report.
  }
}

void Remembering::end() {
  const auto* repository = std::exchange(seen_, nullptr);
  if (repository && repository->has_timestamp()) remember_repository(open_, *repository, false);
}

}  // namespace agent
