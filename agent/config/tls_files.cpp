#include "agent/config/tls_files.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "hsm/file/key_form.h"
#include "hsm/file/key_pem.h"
#include "hsm/os/input_file.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"
#include "tuf/keys/pem.h"
#include "tuf/keys/public_key.h"

namespace agent {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& message, std::string hint) {
  throw tuf::Error(tuf::ErrorCode::kConfig, message, std::move(hint));
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  fs::directory_iterator entry(folder, error);
  if (error == std::errc::no_such_file_or_directory) return files;
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) files.push_back(entry->path());
  if (error) {
    throw tuf::Error(
        tuf::ErrorCode::kFileUnreadable,
        "cannot read the folder " + tuf::printable(folder.string()) + ": " + error.message(),
        "let this user read it, and see that it is a folder: ls -ld " + tuf::shell_path(folder.string()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

TlsFiles find_docker_tls(const fs::path& folder) {
  TlsFiles found;
  const std::vector<fs::path> files = files_in(folder);
  const auto has = [&](const fs::path& path) {
    return std::find(files.begin(), files.end(), path) != files.end();
  };
  for (const fs::path& file : files) {
    if (file.extension() == ".crt") found.authorities.push_back(file);
    if (file.extension() == ".key" && !has(fs::path(file).replace_extension(".cert"))) {
      fail("the client key " + tuf::printable(file.string()) + " has no certificate beside it",
           "put the certificate beside it, with the ending .cert; authorities end in .crt");
    }
    if (file.extension() != ".cert") continue;
    const fs::path key = fs::path(file).replace_extension(".key");
    if (!has(key)) {
      fail("the client certificate " + tuf::printable(file.string()) + " has no key beside it",
           "put its key there as " + tuf::printable(key.filename().string()) + "; authorities end in .crt");
    }
    if (found.client) {
      fail("there are several client certificates in " + tuf::printable(folder.string()),
           "leave one there, or name it with --tlscert FILE --tlskey FILE");
    }
    found.client = TlsFiles::Client{file, key};
  }
  return found;
}

namespace {

constexpr const char* kWhatIsTaken = "--tlscert and --tlskey take PEM files, the key without passphrase";

/// One of the two files. What is read here of the key is wiped.
class ClientFile {
 public:
  ClientFile(const fs::path& path, const char* what)
      : path_(path), what_(what), content_(hsm::InputFile(path, what).read_all(kMaxLength)) {}
  ClientFile(const ClientFile&) = delete;
  ClientFile& operator=(const ClientFile&) = delete;
  ~ClientFile() { OPENSSL_cleanse(content_.data(), content_.size()); }

  [[noreturn]] void fail(const std::string& reason, const std::string& hint = kWhatIsTaken) const {
    const tuf::Error error(tuf::ErrorCode::kFileUnreadable, reason, hint);
    throw hsm::in_file(error, path_).with_context(what_);
  }

  std::string_view der_label() const { return hsm::der_label(tuf::as_bytes(content_)); }
  std::vector<hsm::KeyPem> keys() const { return hsm::KeyPem::parse_all(content_); }
  /// The one that libcurl takes, in PEM; empty if there is none.
  std::string certificate() const {
    for (const tuf::PemBlock& block : tuf::parse_pem(hsm::as_pem(content_))) {
      if (!block.label.ends_with("CERTIFICATE") || hsm::der_label(block.content) == "PKCS7") continue;
      return tuf::format_pem({"CERTIFICATE", {}, block.content});
    }
    return {};
  }

  void require_no_other_form(hsm::KeyHalf wanted) const {
    if (der_label() == "PKCS12") {
      fail(
          "it is a PKCS#12 archive, and only PEM is read",
          "convert it with: (umask 077; openssl pkcs12 -in FILE -nodes -out FILE.pem); then name FILE.pem as "
          "--tlscert and as --tlskey");
    }
    const bool found = wanted == hsm::KeyHalf::kPrivate ? !keys().empty() : !certificate().empty();
    if (found) return;
    if (const auto error = hsm::to_be_converted(content_, wanted)) fail(error->what(), error->hint());
  }

  bool is_key_of(const std::string& certificate) const {
    try {
      return tuf::PublicKey::from_certificate(certificate).canonical_id() ==
             keys().front().open().public_key().canonical_id();
    } catch (const tuf::Error& error) {
      if (error.code() == tuf::ErrorCode::kKeyUnsupported)
        return true;  // but perhaps not by TLS, which judges
      fail(error.what(), "copy the file anew from where it was made");
    }
  }

 private:
  static constexpr std::size_t kMaxLength = 1 << 20;
  const fs::path& path_;
  const char* what_;
  std::string content_;
};

}  // namespace

void require_usable(const TlsFiles::Client& client) {
  const ClientFile certificate(client.certificate, "the client certificate");
  const ClientFile key(client.key, "the client certificate's key");
  certificate.require_no_other_form(hsm::KeyHalf::kCertificate);
  const std::string pem = certificate.certificate();
  if (pem.empty() && !certificate.keys().empty() && !key.certificate().empty()) {
    certificate.fail("it holds a private key, and " + tuf::printable(client.key.string()) +
                         ", which is named as its key, a certificate",
                     "name them the other way round: " + tuf::shell_path(client.key.string()) +
                         " is the certificate, " + tuf::shell_path(client.certificate.string()) + " its key");
  }
  if (pem.empty()) certificate.fail("it holds no certificate");
  if (certificate.der_label() == "CERTIFICATE") {
    certificate.fail("it is DER, and only PEM is read",
                     "convert it with: openssl x509 -inform DER -in FILE -out FILE.pem; then name FILE.pem");
  }
  key.require_no_other_form(hsm::KeyHalf::kPrivate);
  const std::vector<hsm::KeyPem> keys = key.keys();
  if (keys.empty()) key.fail("it holds no private key");
  if (key.der_label().ends_with("PRIVATE KEY")) {
    key.fail(
        "it is DER, and only PEM is read",
        "convert it with: (umask 077; openssl pkey -inform DER -in FILE -out FILE.pem); then name FILE.pem");
  }
  if (keys.front().is_encrypted()) {
    key.fail("it is encrypted, and nobody is asked for its passphrase",
             "make a copy without passphrase, which nobody else can read, with: (umask 077; openssl pkey -in "
             "FILE -out FILE.pem); then name FILE.pem");
  }
  if (key.is_key_of(pem)) return;
  key.fail("it is not the key of the certificate " + tuf::printable(client.certificate.string()),
           "name its own; whether two belong together is seen with: openssl pkey -in FILE -pubout, and "
           "openssl x509 "
           "-noout -pubkey -in " +
               tuf::shell_path(client.certificate.string()));
}

}  // namespace agent
