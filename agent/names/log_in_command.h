// How one logs in to a registry: for hints.
#pragma once

#include <string>
#include <string_view>

namespace agent {

/// The command after which Docker's configuration holds a login for `host` (`host[:port]`). Clouds give out
/// passwords that end after hours, each by a program of its own.
std::string log_in_command(std::string_view host);

/// Whether what a server says of a refusal means that a login was good, and is no more.
bool says_expired(std::string_view reason);

}  // namespace agent
