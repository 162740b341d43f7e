// SoftHSM with a token folder of its own, and the programs that speak to it beside ours.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/support/test_data.h"

namespace test {

/// Sets SOFTHSM2_CONF for this process, too, until the end of the test.
class SoftHsm {
 public:
  SoftHsm();
  ~SoftHsm();
  SoftHsm(const SoftHsm&) = delete;
  SoftHsm& operator=(const SoftHsm&) = delete;

  static constexpr const char* kPin = "971462";

  static std::string module();
  void add_token(const std::string& label, const std::string& pin = kPin) const;
  /// pkcs11-tool on that token, logged in; throws with everything it wrote if it fails.
  std::string tool(const std::string& token, std::vector<std::string> arguments,
                   const std::string& pin = kPin) const;
  /// pkcs11-tool as anybody.
  std::string tool_without_pin(std::vector<std::string> arguments) const;
  /// Makes a key pair with pkcs11-tool: "EC:prime256v1", "rsa:2048", "EC:edwards25519".
  void add_key(const std::string& token, const std::string& type, const std::string& label,
               const std::string& id, std::vector<std::string> more = {}) const;

  /// "pkcs11:" + `attributes` + "?module-path=…".
  static std::string uri(const std::string& attributes);
  std::map<std::string, std::string> environment() const;
  const TempDir& dir() const { return dir_; }

 private:
  TempDir dir_;
};

}  // namespace test
