#include "agent/http/tls_trust.h"

#include <openssl/x509_vfy.h>

#include <cstdlib>

#include "agent/http/ca_bundle.h"
#include "hsm/file/key_form.h"
#include "hsm/os/input_file.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

constexpr std::size_t kMaxBundle = 16 << 20;

}  // namespace

TlsTrust TlsTrust::system() {
  const char* file = std::getenv(X509_get_default_cert_file_env());
  const char* directories = std::getenv(X509_get_default_cert_dir_env());
  std::vector<std::string> files;
  if (file != nullptr && *file != '\0') files.emplace_back(file);
  return {std::move(files), directories != nullptr ? directories : X509_get_default_cert_dir()};
}

tuf::OpensslPtr<X509_STORE, X509_STORE_free> TlsTrust::load() const {
  tuf::OpensslPtr<X509_STORE, X509_STORE_free> store(X509_STORE_new());
  if (!store) throw tuf::Error(tuf::ErrorCode::kInternal, "no memory for the certificate store");
  for (const std::string& file : ca_files_) {
    const std::string text = hsm::as_pem(hsm::InputFile(file, "the authorities' file").read_text(kMaxBundle));
    if (add_ca_bundle(store.get(), text)) continue;
    if (const auto foreign = hsm::to_be_converted(text, hsm::KeyHalf::kCertificate)) {
      const tuf::Error error = hsm::in_file(*foreign, file).with_context("the authorities' file");
      throw tuf::Error(tuf::ErrorCode::kFileUnreadable, error.what(), error.hint());
    }
    throw tuf::Error(tuf::ErrorCode::kFileUnreadable, "no certificate in the authorities' file " + file,
                     "name a PEM file with --tlscacert, or set SSL_CERT_FILE to one");
  }
  if (!ca_directories_.empty() && X509_STORE_load_path(store.get(), ca_directories_.c_str()) != 1) {
    throw tuf::Error(
        tuf::ErrorCode::kFileUnreadable,
        "cannot use " + ca_directories_ + " as directory of authorities: " + tuf::drain_openssl_errors());
  }
  // An intermediate or a server's own certificate may be named as the authority, as with Go's clients.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
  return store;
}

}  // namespace agent
