// The programs that docker keeps passwords with: `docker-credential-NAME get`, server on stdin, JSON on
// stdout.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "agent/http/credential.h"

namespace agent {

/// Asks the helper `name` for `server`; nullopt if it knows none. Found through PATH and run without a shell.
/// Throws kConfig for a name beyond `[A-Za-z0-9._-]+` and a helper that is not installed, kUnauthorized for
/// one that fails or answers something else, kServerUnreachable for one that does not answer within `timeout`
/// (it is killed then).
std::optional<Credential> ask_credential_helper(const std::string& name, const std::string& server,
                                                std::chrono::milliseconds timeout = std::chrono::seconds(30));

}  // namespace agent
