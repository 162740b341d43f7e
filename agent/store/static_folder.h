// StaticFolder: the files of one repository in a static trust repository, laid out so that any web server
// that serves the folder answers as a Notary server does (section 1.1):
//
//   DIR/v2/index.html                             {}: what `GET /v2/` must find
//   DIR/v2/<GUN>/_trust/tuf/<role>.json           newest of a role
//                           <role>.<sha256>.json  one content of it; never changes, never goes
//                           <version>.<role>.json
//
// One file decides which state the repository is in: timestamp.json. It names a snapshot by hash, and that
// names everything else by hash; those files are complete before timestamp.json is renamed into place. All
// names without a hash only repeat what timestamp.json reaches. They are written afterwards, so that they
// never show what is not published, and whoever is stopped in between leaves a state that readers resolve all
// the same; the next writer completes it. (Official clients fetch root.json first. If it lags they learn so
// from the snapshot and fetch the new root by its hash.)
//
// A root that gives `timestamp` or `snapshot` to a new key changes nothing of this: the first files after it
// are signed with the old key as well (server_rules.h). The exception is a snapshot that goes over to a
// client's key or comes from one, which the store cannot sign with: what is new does not verify with the root
// before, so root.json goes first, directly before timestamp.json; between the two renames an official client
// without a cache fails, and one with a cache sees the old state.
//
// Old files stay for readers that are under way. Modes are 0644 and 0755 whatever the umask is.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "agent/store/server_rules.h"
#include "tuf/base/bytes.h"
#include "tuf/base/error.h"

namespace agent {

/// What one timestamp.json reaches: files by their hashes.
struct StaticState {
  std::optional<std::string> timestamp;        // nullopt: nothing is published
  std::map<tuf::RoleName, tuf::Bytes> hashes;  // SHA-256 of all others; empty if the snapshot cannot be had
  tuf::Time expires = tuf::Time::max();        // of timestamp or snapshot, whichever is earlier
};

/// Why nothing can be read from `dir`, which is none. `name` is that of the server, `repository` what may be
/// made there.
tuf::Error no_folder(const std::filesystem::path& dir, const std::string& name,
                     const std::string& repository);

class StaticFolder {
 public:
  /// Called with the path of each file before it is written: where a test stops the writer.
  using BeforeWrite = std::function<void(const std::filesystem::path&)>;

  StaticFolder(const std::filesystem::path& dir, const tuf::Gun& gun, BeforeWrite before_write);

  /// Reading. All throw kLocal.
  StaticState state() const;
  /// nullopt if the state does not have the role, or if its file is missing or damaged.
  std::optional<std::string> find(const StaticState& state, const tuf::RoleName& role) const;
  std::optional<std::string> with_hash(const tuf::RoleName& role, const tuf::Bytes& sha256) const;
  std::optional<std::string> with_version(const tuf::RoleName& role, std::int64_t version) const;
  /// `<role>.json` as it lies there.
  std::optional<std::string> newest_named(const tuf::RoleName& role) const;

  /// True if a writer was stopped between publishing `state` and giving it all its names.
  bool is_incomplete(const StaticState& state) const;

  /// Writing. The caller keeps other writers out. Both throw kLocal.
  /// Gives what timestamp.json reaches all its names.
  void complete() const;
  /// Switches to the state that `files` make: a new timestamp, and whatever it reaches that is not stored
  /// yet. `root_first`: see above. An error that says so in its message came after the switch.
  void publish(const RoleFiles& files, bool root_first) const;

  /// Deletes all of it, timestamp.json first: from then on there is no trust data. Throws kLocal.
  void remove() const;

  const std::filesystem::path& path() const { return folder_; }

 private:
  std::filesystem::path path_of(const std::string& name) const { return folder_ / (name + ".json"); }
  std::optional<std::string> read(const std::string& name) const;
  void write(const std::filesystem::path& path, const std::string& content) const;
  void write_if_other(const std::string& name, const std::string& content) const;

  std::filesystem::path dir_;
  std::filesystem::path folder_;
  BeforeWrite before_write_;
};

}  // namespace agent
