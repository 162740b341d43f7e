// TlsTrust: the authorities that may vouch for a server. Opened once, shared by all connections, and parsed
// one certificate at a time when a chain asks for it: the system's whole bundle costs more than all else a
// run does.
#pragma once

#include <openssl/x509.h>

#include <string>
#include <vector>

#include "tuf/base/openssl.h"

namespace agent {

class TlsTrust {
 public:
  /// As OpenSSL finds them: the file SSL_CERT_FILE, if set, and the hashed directories of SSL_CERT_DIR or, if
  /// unset, the system's. No other variable has a say and none turns verification off.
  static TlsTrust system();
  /// Only the authorities in this PEM file (`--tlscacert`).
  static TlsTrust only(std::string ca_file) { return {{std::move(ca_file)}, {}}; }
  /// The authorities in this PEM file as well.
  void add(std::string ca_file) { ca_files_.push_back(std::move(ca_file)); }

  /// Loads what is named. Throws kFileUnreadable for a file that cannot be read or holds no certificate.
  tuf::OpensslPtr<X509_STORE, X509_STORE_free> load() const;

 private:
  TlsTrust(std::vector<std::string> ca_files, std::string ca_directories)
      : ca_files_(std::move(ca_files)), ca_directories_(std::move(ca_directories)) {}

  std::vector<std::string> ca_files_;
  std::string ca_directories_;  // separated by colons
};

}  // namespace agent
