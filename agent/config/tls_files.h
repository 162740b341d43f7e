// TlsFiles: which certificates a connection to the trust server is made with (sections 6.3 and 8.1).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace agent {

struct TlsFiles {
  struct Client {
    std::filesystem::path certificate;
    std::filesystem::path key;
  };
  std::vector<std::filesystem::path> authorities;  // PEM files
  bool only_these = false;  // true: the system's authorities do not count (--tlscacert, root_ca)
  std::optional<Client> client;
};

/// What Docker finds for a server in `<docker folder>/tls/<host[:port]>`: every `*.crt` is an authority in
/// addition to the system's, `*.cert` with `*.key` of the same name is the client certificate. Nothing if the
/// folder is not there. Throws kConfig for a certificate without its key, a key without its certificate, or
/// several of them.
TlsFiles find_docker_tls(const std::filesystem::path& folder);

/// libcurl takes them as PEM, and the key as it is: nobody is asked for a passphrase. Throws kFileUnreadable,
/// with what converts it, for a file of another form or an encrypted key, and if the two do not belong
/// together.
void require_usable(const TlsFiles::Client& client);

}  // namespace agent
