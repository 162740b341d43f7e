#include "tests/support/fake_module.h"

#include <cstdlib>
#include <sstream>

namespace test {

FakeModule::FakeModule(const std::string& script) {
  ::setenv("FAKE_PKCS11", script.c_str(), 1);
  ::setenv("FAKE_PKCS11_LOG", (dir_ / "calls").c_str(), 1);
}

FakeModule::~FakeModule() {
  ::unsetenv("FAKE_PKCS11");
  ::unsetenv("FAKE_PKCS11_LOG");
}

std::string FakeModule::path() {
  return FAKE_PKCS11_PATH;
}

std::string FakeModule::uri(const std::string& more) const {
  return "pkcs11:token=fake" + more + "?module-path=" + path();
}

int FakeModule::calls(const std::string& function) const {
  if (!std::filesystem::exists(dir_ / "calls")) return 0;
  std::istringstream log(read_file(dir_ / "calls"));
  int count = 0;
  for (std::string line; std::getline(log, line);) count += line == function ? 1 : 0;
  return count;
}

}  // namespace test
