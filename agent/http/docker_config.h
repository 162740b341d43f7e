// DockerConfig: the credentials that `docker login` left behind, read anew for each question so that none of
// the others' stay in memory.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "agent/http/credential.h"

namespace agent {

class DockerConfig {
 public:
  /// `directory` holds config.json; a missing one, and an empty name, hold no credentials.
  explicit DockerConfig(const std::filesystem::path& directory)
      : file_(directory.empty() ? directory : directory / "config.json") {}

  /// The credential for a registry, which is its home: from the helper that `credHelpers` names for it, or
  /// else from that of `credsStore`, which has `patience` to answer; from `auths` if there is no helper, or
  /// it knows nothing. `host` is `host[:port]`; `docker.io` stands for Docker Hub. Throws kConfig for a
  /// malformed file, kFileUnreadable, and what `ask_credential_helper` throws.
  std::optional<Credential> find(const std::string& host,
                                 std::chrono::milliseconds patience = std::chrono::seconds(30)) const;

  const std::filesystem::path& file() const { return file_; }

 private:
  std::filesystem::path file_;
};

}  // namespace agent
