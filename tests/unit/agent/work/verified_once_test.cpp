// How often signatures are verified: what was found when a file was read is kept with it.
#include <dlfcn.h>
#include <openssl/evp.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "tests/unit/agent/work/process.h"

namespace {

using Counts = std::map<std::string, int>;  // signature -> how often it was verified
thread_local Counts* counts = nullptr;

int most(const Counts& of) {
  return std::max_element(of.begin(), of.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->second;
}

}  // namespace

/// In the place of libcrypto's, for this whole program.
extern "C" int EVP_DigestVerify(EVP_MD_CTX* context, const unsigned char* signature,
                                std::size_t signature_length, const unsigned char* message,
                                std::size_t message_length) {
  static const auto real =
      reinterpret_cast<decltype(&EVP_DigestVerify)>(dlsym(RTLD_NEXT, "EVP_DigestVerify"));
  if (counts) ++(*counts)[{reinterpret_cast<const char*>(signature), signature_length}];
  return real(context, signature, signature_length, message, message_length);
}

TEST_CASE(
    "No signature is verified twice to read a repository once, also where a policy asks who has signed") {
  test::Process process;
  const tuf::Gun gun = process.add_repository("registry.example.com/team/app");
  std::vector<tuf::Warning> warnings;
  process.sign(gun, "1.0", "a", warnings);

  Counts looked;
  counts = &looked;
  CHECK(process.look_at(gun, "1.0", warnings) == std::nullopt);
  counts = nullptr;
  CHECK(looked.size() >= 6);  // root, timestamp, snapshot, targets and two delegations
  CHECK(most(looked) == 1);

  // Read, signed, and read back.
  Counts published;
  counts = &published;
  process.sign(gun, "2.0", "b", warnings);
  counts = nullptr;
  CHECK(published.size() >= 10);
  CHECK(most(published) <= 2);
}
