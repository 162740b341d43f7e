#include "tests/support/soft_hsm.h"

#include <cstdlib>
#include <stdexcept>

#include "tests/support/process.h"

namespace test {
namespace {

constexpr const char* kSecurityOfficer = "35170952";

}  // namespace

SoftHsm::SoftHsm() {
  std::filesystem::create_directory(dir_ / "tokens");
  write_file(dir_ / "softhsm2.conf", "directories.tokendir = " + (dir_ / "tokens").string() +
                                         "\nobjectstore.backend = file\nlog.level = ERROR\n");
  ::setenv("SOFTHSM2_CONF", (dir_ / "softhsm2.conf").c_str(), 1);
}

SoftHsm::~SoftHsm() {
  ::unsetenv("SOFTHSM2_CONF");
}

std::string SoftHsm::module() {
  for (const char* path :
       {"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so"}) {
    if (std::filesystem::exists(path)) return path;
  }
  throw std::runtime_error("SoftHSM is not installed (package softhsm2)");
}

std::map<std::string, std::string> SoftHsm::environment() const {
  return {{"SOFTHSM2_CONF", (dir_ / "softhsm2.conf").string()}, {"HOME", dir_.path().string()}};
}

void SoftHsm::add_token(const std::string& label, const std::string& pin) const {
  run_or_throw({"softhsm2-util", "--module", module(), "--init-token", "--free", "--label", label, "--so-pin",
                kSecurityOfficer, "--pin", pin},
               environment());
}

std::string SoftHsm::tool(const std::string& token, std::vector<std::string> arguments,
                          const std::string& pin) const {
  std::vector<std::string> command = {"pkcs11-tool", "--module", module(), "--token-label",
                                      token,         "--login",  "--pin",  pin};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_or_throw(command, environment());
}

std::string SoftHsm::tool_without_pin(std::vector<std::string> arguments) const {
  std::vector<std::string> command = {"pkcs11-tool", "--module", module()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_or_throw(command, environment());
}

void SoftHsm::add_key(const std::string& token, const std::string& type, const std::string& label,
                      const std::string& id, std::vector<std::string> more) const {
  std::vector<std::string> arguments = {"--keypairgen", "--key-type", type, "--label",
                                        label,          "--id",       id,   "--usage-sign"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  tool(token, arguments);
}

std::string SoftHsm::uri(const std::string& attributes) {
  return "pkcs11:" + attributes + "?module-path=" + module();
}

}  // namespace test
