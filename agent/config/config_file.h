// ConfigFile: a notary config.json (section 6.3), with our own settings under `countersign`:
//
//   { "trust_dir": "~/.docker/trust",
//     "remote_server": { "url": "https://…", "root_ca": "…", "tls_client_cert": "…", "tls_client_key": "…" },
//     "trust_pinning": { "certs": { "<GUN or prefix*>": ["<key ID>"] }, "ca": { "<GUN prefix>": "<PEM file>"
//     },
//                        "disable_tofu": true },
//     "countersign": { "server": "https://… or file:DIR", "trust_dir": "…", "keys": ["<REF>"], "module": "…",
//                      "insecure_registries": ["<host:port>"], "token_services": ["<host:port>"],
//                      "audit_log": "…", "audit_checkpoint": true, "timeout": "90s", "policy": "…",
//                      "trust_root": "<REF>" or ["<REF>"] or { "<REPO>": "<REF>" or ["<REF>"] } } }
//
// Every relative path is relative to the folder of the file, and `~/` is the home folder: notary resolves
// some of them against the working directory, which a job does not choose. Names of notary's members are
// found in any case, as notary finds them; GUNs are compared exactly, where notary silently never matches one
// with capitals.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/server_url.h"
#include "agent/config/trust_root.h"
#include "tuf/keys/key_id.h"

namespace agent {

struct ConfigFile {
  std::filesystem::path path;         // empty if there is no file
  std::optional<std::string> server;  // a relative `file:` folder still is; see `folder`
  std::optional<std::filesystem::path> trust_dir;
  std::optional<std::filesystem::path> root_ca;
  std::optional<std::filesystem::path> client_certificate;
  std::optional<std::filesystem::path> client_key;
  std::map<std::string, std::set<tuf::KeyId>> pinned_keys;          // GUN or `prefix*`
  std::map<std::string, std::filesystem::path> pinned_authorities;  // GUN prefix
  std::optional<bool> disable_tofu;
  std::vector<std::string> keys;  // REFs; files among them made absolute
  std::optional<std::filesystem::path> module;
  std::vector<std::string> insecure_registries;
  std::vector<std::string> token_services;
  std::optional<std::filesystem::path> audit_log;
  std::optional<bool> audit_checkpoint;
  std::optional<std::string> timeout;
  std::optional<std::filesystem::path> policy;
  std::vector<NamedTrustRoot> trust_roots;  // files among the REFs made absolute

  /// What relative paths are relative to.
  std::filesystem::path folder() const { return path.parent_path(); }
};

/// Reads `path`. Other programs' members are left alone, but under `countersign` an unknown one is an error,
/// and so is `skipTLSVerify`: a check that can be switched off in a file is none. Throws kFileUnreadable,
/// kConfig (file and member named).
ConfigFile read_config_file(const std::filesystem::path& path, const std::filesystem::path& home);

/// `path` with `~` or `~/` at its start replaced; throws kConfig if the home folder is not known.
std::filesystem::path expand_home(std::string_view path, const std::filesystem::path& home);

}  // namespace agent
