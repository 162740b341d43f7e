// CommandLine: argv, parsed. Plain values only; what they mean is for the commands to say.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <variant>
#include <vector>

#include "agent/config/settings.h"

namespace agent {

enum class OutputFormat { kText, kJson, kDocker, kJunit, kPrometheus };

/// The global options beside those that make up Settings.
struct OutputOptions {
  OutputFormat format = OutputFormat::kText;
  bool quiet = false;
  int verbosity = 0;
  bool json_log = false;
};

struct SignOptions {
  std::vector<std::string> images;
  std::vector<std::string> roles;
  std::optional<std::string> size;
  std::optional<std::string> oci_layout;
  bool allow_move = false;
};
struct ListOptions {
  std::string repository;
};
struct VerifyOptions {
  std::vector<std::string> images;
  std::vector<std::string> roles;
};
struct InspectOptions {
  std::string subject;  // repository or image
  bool pretty = false;
};
struct ExpiryOptions {
  std::vector<std::string> repositories;
  int warn_days = 0;
  std::optional<std::string> at;
};
struct RepoInitOptions {
  std::string repository;
  std::optional<std::string> root_key;
  std::optional<std::string> targets_key;
};
struct RepoPinOptions {
  std::string repository;
};
struct RepoRefreshOptions {
  std::vector<std::string> repositories;
  int within_days = 183;
};
struct RepoRotateOptions {
  std::string repository;
  std::string role;
  std::optional<std::string> key;
  bool server_managed = false;
};
struct RepoPrepareOptions {
  std::vector<std::string> repositories;
};
struct RepoDeleteOptions {
  std::string repository;
  bool remote = false;
  bool yes = false;
};
struct RevokeOptions {
  std::vector<std::string> images;
  std::vector<std::string> roles;
};
struct WitnessOptions {
  std::string repository;
  std::vector<std::string> roles;
  bool adopt = false;
  bool empty = false;
};
struct SignerRemoveOptions {
  std::string name;
  std::vector<std::string> repositories;
  bool yes = false;
};
struct SignerRotateOptions {
  std::string name;
  std::vector<std::string> repositories;
  std::vector<std::string> add;     // files
  std::vector<std::string> remove;  // key IDs
};
struct DelegationRemoveOptions {
  std::string repository;
  std::string role;
  std::vector<std::string> keys;  // IDs
  std::vector<std::string> paths;
  bool yes = false;
};
struct DelegationPurgeOptions {
  std::vector<std::string> repositories;
  std::vector<std::string> keys;  // IDs
};
struct SignerAddOptions {
  std::string name;
  std::vector<std::string> repositories;
  std::vector<std::string> public_keys;
};
struct DelegationAddOptions {
  std::string repository;
  std::string role;
  std::vector<std::string> public_keys;
  std::vector<std::string> paths;
  bool all_paths = false;
  std::optional<int> threshold;
};
struct DelegationListOptions {
  std::string repository;
};
struct KeyGenerateOptions {
  std::string name;
  std::optional<std::string> token;
  std::string type = "p256";
  std::string out = ".";
};
struct KeyImportOptions {
  std::vector<std::string> files;
  std::optional<std::string> role;
  std::optional<std::string> repository;
};
struct KeyListOptions {};
struct KeyCertOptions {
  std::string key;
  std::string common_name;
  int days = 365;
  std::optional<std::string> out;
  bool request = false;  // `key csr`
};
struct TokenListOptions {
  std::optional<std::string> module;
};

using CommandOptions =
    std::variant<SignOptions, RevokeOptions, WitnessOptions, RepoRefreshOptions, RepoRotateOptions,
                 RepoPrepareOptions, RepoDeleteOptions, SignerRemoveOptions, SignerRotateOptions,
                 DelegationRemoveOptions, DelegationPurgeOptions, ListOptions, VerifyOptions, InspectOptions,
                 ExpiryOptions, RepoInitOptions, RepoPinOptions, SignerAddOptions, DelegationAddOptions,
                 DelegationListOptions, KeyGenerateOptions, KeyImportOptions, KeyListOptions, KeyCertOptions,
                 TokenListOptions>;

struct CommandLine {
  Options settings;
  OutputOptions output;
  bool dry_run = false;
  bool reset_cache = false;
  bool offline = false;
  std::string command;  // "repo init"
  CommandOptions options;

  /// nullopt if help or the version was asked for and written to `out`. Throws kUsage; then `understood`
  /// tells for which command and how to report it.
  struct Understood {
    std::string command;
    OutputOptions output;
  };
  static std::optional<CommandLine> parse(int argc, const char* const* argv, std::ostream& out,
                                          Understood& understood);
};

}  // namespace agent
