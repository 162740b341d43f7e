#include "agent/config/tls_files.h"

#include <algorithm>
#include <tuple>

#include "hsm/file/key_form.h"
#include "hsm/os/input_file.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"

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

void require_pem(const TlsFiles::Client& client) {
  constexpr std::size_t kMaxLength = 1 << 20;
  for (const auto& [file, what, convert] :
       {std::tuple(client.certificate, "the client certificate",
                   "openssl x509 -inform DER -in FILE -out FILE.pem"),
        std::tuple(client.key, "the client certificate's key",
                   "(umask 077; openssl pkey -inform DER -in FILE -out FILE.pem)")}) {
    const std::string content = hsm::InputFile(file, what).read_all(kMaxLength);
    const std::string_view label = hsm::der_label(tuf::as_bytes(content));
    if (label.empty()) continue;
    const bool is_archive = label == "PKCS12";
    const tuf::Error error(
        tuf::ErrorCode::kFileUnreadable,
        std::string("it is ") + (is_archive ? "a PKCS#12 archive" : "DER") + ", and only PEM is read",
        is_archive ? "convert it with: (umask 077; openssl pkcs12 -in FILE -nodes -out FILE.pem); then name "
                     "FILE.pem as --tlscert and as --tlskey"
                   : "convert it with: " + std::string(convert) + "; then name FILE.pem");
    throw hsm::in_file(error, file).with_context(what);
  }
}

}  // namespace agent
