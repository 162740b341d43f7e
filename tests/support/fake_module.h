// The scripted PKCS#11 module of tests/support/fake_pkcs11, and what it was asked.
#pragma once

#include <string>

#include "tests/support/test_data.h"

namespace test {

/// Puts the script into the environment, where the module reads it when it is loaded; takes it out at the
/// end.
class FakeModule {
 public:
  explicit FakeModule(const std::string& script = {});
  ~FakeModule();
  FakeModule(const FakeModule&) = delete;
  FakeModule& operator=(const FakeModule&) = delete;

  static std::string path();
  /// The token's URI with the module's path; `more` stands before the '?': ";object=key".
  std::string uri(const std::string& more = {}) const;
  /// How often `function` was called.
  int calls(const std::string& function) const;

  const TempDir& dir() const { return dir_; }

 private:
  TempDir dir_;
};

}  // namespace test
