// Remembering: what a run has seen of a repository is remembered when it ends, however it ends: once, since
// every file that is flushed to the disk takes its time.
#pragma once

#include "agent/work/load_repository.h"

namespace agent {

/// Remembers what was loaded, unless a parallel job has remembered a later state. With `replace`, what is
/// there belongs to another repository of that name, or is to be forgotten. Both throw the errors of the
/// trust directory.
void remember_repository(const OpenRepository& open, const tuf::TrustedRepository& repository, bool replace);
/// The root alone: who may be believed.
void remember_root(const OpenRepository& open, const tuf::TrustedRepository& repository);

class Remembering {
 public:
  /// `open` must outlive it.
  explicit Remembering(const OpenRepository& open) : open_(open) {}
  Remembering(const Remembering&) = delete;
  Remembering& operator=(const Remembering&) = delete;
  /// Remembers what was seen last, unless that cannot be done.
  ~Remembering();

  /// `repository` must outlive the next call, or this.
  void see(const tuf::TrustedRepository& repository) { seen_ = &repository; }
  /// Throws what remember_repository throws.
  void end();

 private:
  const OpenRepository& open_;
  const tuf::TrustedRepository* seen_ = nullptr;
};

}  // namespace agent
