#include "agent/image/target_file.h"

#include <openssl/evp.h>

#include <algorithm>

#include "agent/names/image_reference.h"
#include "hsm/os/input_file.h"
#include "tuf/base/error.h"
#include "tuf/base/openssl.h"
#include "tuf/base/printable.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

constexpr std::size_t kChunk = 1 << 20;

class Hasher {
 public:
  explicit Hasher(const EVP_MD* method) : context_(EVP_MD_CTX_new()) {
    check(context_ && EVP_DigestInit_ex(context_.get(), method, nullptr) == 1);
  }
  void add(std::string_view text) { check(EVP_DigestUpdate(context_.get(), text.data(), text.size()) == 1); }
  tuf::Bytes finish() {
    tuf::Bytes digest(static_cast<std::size_t>(EVP_MD_CTX_get_size(context_.get())));
    check(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1);
    return digest;
  }

 private:
  static void check(bool done) {
    if (!done) throw Error(ErrorCode::kInternal, "cannot hash: " + tuf::drain_openssl_errors());
  }
  tuf::OpensslPtr<EVP_MD_CTX, EVP_MD_CTX_free> context_;
};

}  // namespace

tuf::Target hash_target_file(const std::filesystem::path& path) {
  const std::string name = tuf::printable(path.string());
  const hsm::InputFile file(path, "the file", hsm::Links::kWithinFolder);
  if (file.size() == 0) throw Error(ErrorCode::kSizeMismatch, name + " is empty: there is nothing to sign");
  Hasher sha256(EVP_sha256());
  Hasher sha512(EVP_sha512());
  for (std::uint64_t offset = 0; offset < file.size();) {
    const std::string chunk =
        file.read(offset, static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, file.size() - offset)));
    sha256.add(chunk);
    sha512.add(chunk);
    offset += chunk.size();
  }
  return {{{"sha256", sha256.finish()}, {"sha512", sha512.finish()}},
          static_cast<std::int64_t>(file.size()),
          std::nullopt};
}

TargetName parse_target_name(std::string_view text) {
  // A colon before the first slash belongs to the registry's port; NAME may hold slashes and colons itself.
  const std::size_t host = text.starts_with('[') ? std::min(text.find(']'), text.size()) : 0;
  const std::size_t colon = text.find(':', host);
  const std::size_t slash = text.find('/');
  const bool port =
      slash != std::string_view::npos && colon < slash &&
      text.substr(colon + 1, slash - colon - 1).find_first_not_of("0123456789") == std::string_view::npos;
  const std::size_t end = port ? text.find(':', slash) : colon;
  if (end == std::string_view::npos || end + 1 == text.size()) {
    throw Error(ErrorCode::kInvalidReference, "\"" + tuf::printable(text, 160) + "\" names no target",
                "write REPO:NAME, such as registry.example.com/team/app:app-1.0.tgz");
  }
  return {parse_repository(text.substr(0, end)), std::string(text.substr(end + 1))};
}

}  // namespace agent
