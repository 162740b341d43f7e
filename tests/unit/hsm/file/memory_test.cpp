// What is left of a key in the memory of the process once it is gone. Sanitizers keep freed memory and map
// terabytes, so under them this cannot be looked at.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifndef SANITIZED

#include <fstream>
#include <sstream>

#include "hsm/file/key_file.h"
#include "tests/support/catch.h"
#include "tests/support/process.h"
#include "tests/unit/hsm/file/key_files.h"
#include "tuf/base/hex.h"

namespace {

// 16 bytes out of the middle of secrets, since allocators overwrite the beginning of freed memory. Masked, so
// that looking for them does not find them here. No other test opens these keys.
constexpr std::uint8_t kMask = 0x5a;
struct Secrets {
  const char* file;  // in tests/data/vectors/repo
  std::vector<std::string> masked;
};
const Secrets kEc = {"rel.key",
                     {
                         "611f395acd3fc7284a9f978668549480",  // private scalar
                         "1b103e363402130b22396939173d6d15",  // the same in PEM
                     }};
const Secrets kRsa = {"jenkins.key",
                      {
                          "3ebdb6ef5a53f7a507f98a4ebe2fe750",  // private exponent
                          "2b1ddbc595f4dee58795fbd8594f7d22",  // first prime
                      }};

/// How often it stands in the writable memory of this process, in either byte order.
int count_in_memory(const tuf::Bytes& masked) {
  const auto matches = [&](const volatile std::uint8_t* bytes, bool reversed) {
    for (std::size_t i = 0; i < masked.size(); ++i) {
      if (bytes[reversed ? masked.size() - 1 - i : i] != (masked[i] ^ kMask)) return false;
    }
    return true;
  };
  int found = 0;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find(" rw") == std::string::npos || line.find("[v") != std::string::npos) continue;
    std::uintptr_t at = 0;
    std::uintptr_t end = 0;
    char dash = 0;
    std::istringstream(line) >> std::hex >> at >> dash >> end;
    for (; at + masked.size() <= end; ++at) {
      const auto* bytes = reinterpret_cast<const volatile std::uint8_t*>(at);
      if (matches(bytes, false) || matches(bytes, true)) ++found;
    }
  }
  return found;
}

std::vector<int> count_all(const Secrets& secrets) {
  std::vector<int> counts;
  for (const std::string& masked : secrets.masked) counts.push_back(count_in_memory(*tuf::from_hex(masked)));
  return counts;
}

/// The key file in `dir`, made without this process seeing its content.
std::filesystem::path place(const Secrets& secrets, bool encrypted, const test::TempDir& dir) {
  const std::string source = std::string(TEST_DATA_DIR) + "/vectors/repo/" + secrets.file;
  const auto path = dir / "key.pem";
  if (encrypted) {
    test::run_or_throw(
        {"openssl", "pkcs8", "-topk8", "-in", source, "-passout", "pass:secret", "-out", path});
  } else {
    std::filesystem::copy_file(source, path);
  }
  chmod(path.c_str(), 0600);
  return path;
}

}  // namespace

TEST_CASE("nothing of a private key stays in memory once its source is gone") {
  const Secrets& secrets = GENERATE(0, 1) == 0 ? kEc : kRsa;
  const bool encrypted = GENERATE(false, true);
  CAPTURE(secrets.file, encrypted);
  const test::TempDir dir;
  const auto path = place(secrets, encrypted, dir);
  {
    hsm::SecretSource passphrases(
        std::map<std::string, std::string>{{"DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", "secret"}});
    hsm::KeyFile file(path, passphrases);
    const auto signer = file.open(file.list().at(0).canonical_id);
    CHECK(test::signs(*signer));
    CHECK(count_all(secrets).at(0) > 0);  // it would be found if it were there
  }
  CHECK(count_all(secrets) == std::vector<int>(secrets.masked.size(), 0));
}

#endif
