// A PEM file of authorities that is parsed one certificate at a time, when a chain asks for it: what a hashed
// directory does, for a single file. Parsing all of a system's 140 costs 30 ms and more, indexing them one.
#pragma once

#include <openssl/x509.h>

#include <string>
#include <string_view>

namespace agent {

/// Lets `store` find the certificates of `pem` by subject, beside those of earlier calls. False if there are
/// none.
bool add_ca_bundle(X509_STORE* store, std::string_view pem);

}  // namespace agent
