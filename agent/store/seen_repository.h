// SeenRepository: what was last seen of one repository, in the layout that notary and docker use
// (section 6.1), so that one trust directory serves all three:
//
//   <trust dir>/tuf/<GUN>/metadata/root.json, timestamp.json, snapshot.json, targets.json,
//   targets/<role>.json
//
// What it holds are hints: anybody may have written them, and whoever loads them verifies them. Folders are
// 0700, files 0600. The GUN is a path of folders, so the repository `a` and one named `a/metadata/targets`
// could share a file; that is the layout's fault, and verification refuses the stranger's file.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hsm/os/file_lock.h"
#include "tuf/base/shared_text.h"
#include "tuf/names/role_name.h"

namespace agent {

class SeenRepository {
 public:
  SeenRepository(const std::filesystem::path& trust_dir, const tuf::Gun& gun);

  /// Of that role; nullopt if it was never seen. Throws kLocal for what cannot be read, is a symbolic link or
  /// is longer than any file that is ever accepted.
  std::optional<std::string> load(const tuf::RoleName& role) const;

  /// Whether there is anything in its place, whatever it is.
  bool knows(const tuf::RoleName& role) const;

  /// Every delegation that a file is there for, also of those that were removed since.
  std::vector<tuf::RoleName> delegations() const;

  /// Keeps other processes that save or publish this repository from this trust directory out. Throws
  /// kLocked, kLocal.
  hsm::FileLock lock(std::chrono::milliseconds patience) const;

  /// Replaces these files, each in one step, root first and timestamp last: whoever is stopped in between
  /// leaves a new root with older files, which its reader verifies and drops, never a timestamp that names
  /// what is not there. The caller holds the lock. Throws kLocal; the caller decides whether that matters.
  void save(const std::map<tuf::RoleName, tuf::SharedText>& files) const;

  /// Removes the files of all delegations, of those too that nothing names any more. The caller holds the
  /// lock. Throws kLocal.
  void forget_delegations() const;

  /// Removes all that was seen of the repository. Throws kLocal.
  void forget() const;

  /// `<trust dir>/tuf/<GUN>/metadata`, for messages.
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path path_of(const tuf::RoleName& role) const;

  std::filesystem::path folder_;
};

/// Every repository that a root was kept of, in order.
std::vector<tuf::Gun> seen_repositories(const std::filesystem::path& trust_dir);

}  // namespace agent
