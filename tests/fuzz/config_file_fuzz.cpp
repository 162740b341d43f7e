// The notary config file: every path that comes out is absolute and plain, whatever was written, and every
// pin is one that a root can match.
#include "agent/config/config_file.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

namespace {

void check_path(const std::optional<std::filesystem::path>& path) {
  if (!path) return;
  fuzz::require(path->is_absolute(), "a path is absolute");
  fuzz::require(*path == path->lexically_normal(), "a path has no detours");
  fuzz::require(path->native().find('\0') == std::string::npos, "a path ends where it seems to end");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file(fuzz::as_text(data, size));
  const auto config =
      fuzz::attempt([&] { return agent::read_config_file(file.path(), "/home/countersign"); });
  if (!config) return 0;
  for (const auto& path :
       {config->trust_dir, config->root_ca, config->client_certificate, config->client_key, config->module}) {
    check_path(path);
  }
  for (const auto& [prefix, path] : config->pinned_authorities) check_path(path);
  fuzz::require(config->client_certificate.has_value() == config->client_key.has_value(),
                "a client certificate has its key");
  for (const auto& [gun, ids] : config->pinned_keys) fuzz::require(!ids.empty(), "a pin can be matched");
  for (const std::string& ref : config->keys) {
    fuzz::require(ref.starts_with('/') || ref.starts_with("pkcs11:") ||
                      ref.find_first_not_of("0123456789abcdef") == std::string::npos,
                  "a key is a URI, an absolute path or an ID");
  }
  if (config->server) {
    const agent::ServerUrl::Rules rules{config->folder()};
    const auto server = fuzz::attempt([&] { return agent::ServerUrl::parse(*config->server, rules); });
    if (server && server->is_folder()) check_path(server->folder());
  }
  return 0;
}
