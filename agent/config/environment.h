// Environment: the variables that configure the program, read once at its start. Secrets are not among them;
// see hsm/secret_source.h.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace agent {

struct Environment {
  std::filesystem::path home;  // $HOME, else the password database; empty if neither knows
  std::optional<std::filesystem::path> docker_dir;   // $DOCKER_CONFIG
  std::optional<std::string> content_trust_server;   // $DOCKER_CONTENT_TRUST_SERVER
  std::optional<std::string> pkcs11_module;          // $COUNTERSIGN_PKCS11_MODULE
  std::optional<std::string> pkcs11_arguments;       // $COUNTERSIGN_PKCS11_ARGUMENTS
  std::filesystem::path engine_dir = "/etc/docker";  // the engine's own folder; no variable moves it
  std::optional<std::string> audit_log;              // $COUNTERSIGN_AUDIT_LOG
  std::optional<std::string> timeout;                // $COUNTERSIGN_TIMEOUT
  std::optional<std::string> server;                 // $COUNTERSIGN_SERVER
  std::optional<std::string> tls_ca;                 // $COUNTERSIGN_CA_CERT
  std::optional<std::string> trust_dir;              // $COUNTERSIGN_TRUST_DIR
  std::optional<std::string> policy;                 // $COUNTERSIGN_POLICY
  std::vector<std::string> trust_roots;              // $COUNTERSIGN_TRUST_ROOT, one per line
  std::vector<std::string> keys;                     // $COUNTERSIGN_KEY, one per line
  std::optional<std::string> terminal;               // $TERM: its kind

  /// A variable that is set but empty counts as not set, as Docker has it.
  static Environment of_process();
};

}  // namespace agent
