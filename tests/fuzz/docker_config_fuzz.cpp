// Docker's config.json: a credential that is found can be sent, and none is found for a host that the file
// does not name. Credential helpers are not to be had here.
#include <stdlib.h>

#include "agent/http/docker_config.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/test_data.h"

namespace {

/// An empty search path, so that no input can start a program.
struct Folder : test::TempDir {
  Folder() { setenv("PATH", path().c_str(), 1); }
};

std::optional<agent::Credential> find(const Folder& folder, const std::string& host) {
  auto found = fuzz::attempt([&] { return agent::DockerConfig(folder.path()).find(host); });
  return found ? std::move(*found) : std::nullopt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  const std::string_view text = fuzz::as_text(data, size);
  test::write_file(folder / "config.json", text);
  for (const char* host : {"docker.io", "registry.example.com", "registry.example.com:5000"}) {
    const auto credential = find(folder, host);
    if (!credential) continue;
    fuzz::require(!credential->source.empty(), "a credential says where it is from");
    if (credential->kind == agent::Credential::Kind::kIdentityToken) {
      fuzz::require(!credential->secret.empty(), "an identity token is not empty");
      continue;
    }
    const std::string header = credential->basic_header();
    fuzz::require(header.find_first_of("\r\n") == std::string::npos, "a header is one line");
    const auto again = agent::Credential::from_basic(header.substr(6), "header");
    fuzz::require(again.has_value(), "a credential can be sent");
    const hsm::Secret::Text revealed = credential->secret.reveal();
    const std::string_view secret = revealed;
    if (credential->username.find(':') == std::string::npos && !secret.ends_with('\0')) {
      fuzz::require(again->username == credential->username && again->secret.reveal().view() == secret,
                    "and arrives as it is");
    }
  }
  fuzz::require(!find(folder, "unnamed-host.example.org"), "no credential for a host that is not named");
  return 0;
}
