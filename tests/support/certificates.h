// A certificate authority of a test's own.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace test {

struct CertificateFiles {
  std::filesystem::path certificate;  // PEM
  std::filesystem::path key;          // PEM, not encrypted
};

class CertificateAuthority {
 public:
  /// Makes a key and a self-signed certificate and writes the latter to `folder`/ca.crt.
  explicit CertificateAuthority(const std::filesystem::path& folder, const std::string& name = "test CA");
  CertificateAuthority(const CertificateAuthority&) = delete;  // owns a key
  CertificateAuthority& operator=(const CertificateAuthority&) = delete;
  ~CertificateAuthority();

  const std::filesystem::path& certificate() const { return certificate_; }

  struct Request {
    std::string name = "localhost";  // of the subject and the files
    std::vector<std::string> alternative_names = {"DNS:localhost", "IP:127.0.0.1"};
    long starts_in = -3600;  // seconds from now
    long ends_in = 3600 * 24 * 30;
  };
  /// A certificate for servers and clients, in `folder`/NAME.crt and NAME.key.
  CertificateFiles issue(const Request& request);

 private:
  struct State;
  std::filesystem::path folder_;
  std::filesystem::path certificate_;
  std::unique_ptr<State> state_;
};

}  // namespace test
