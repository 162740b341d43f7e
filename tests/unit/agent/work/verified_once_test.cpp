// How often signatures are verified: what was found when a file was read is kept with it.
#include <dlfcn.h>
#include <openssl/evp.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/agent/work/process.h"

namespace {

using Counts = std::map<std::pair<std::string, std::string>, int>;  // signed text and signature
thread_local Counts* counts = nullptr;

/// Of the files that the delegations have now. The memory of a machine holds those of the top roles too,
/// which are verified before they count; and the root is held against the pin and against the day as well.
std::vector<int> of_delegations(const Counts& counted, const test::MemoryStore& store) {
  std::vector<int> found;
  for (const char* role : {"targets/releases", "targets/jenkins"}) {
    const auto file = tuf::decode<tuf::Targets>(store.newest.at(tuf::RoleName::of(role)), role);
    for (const auto& [what, count] : counted) {
      if (what.first == file.signed_text) found.push_back(count);
    }
  }
  return found;
}

}  // namespace

/// In the place of libcrypto's, for this whole program.
extern "C" int EVP_DigestVerify(EVP_MD_CTX* context, const unsigned char* signature,
                                std::size_t signature_length, const unsigned char* message,
                                std::size_t message_length) {
  static const auto real =
      reinterpret_cast<decltype(&EVP_DigestVerify)>(dlsym(RTLD_NEXT, "EVP_DigestVerify"));
  if (counts) {
    ++(*counts)[{{reinterpret_cast<const char*>(message), message_length},
                 {reinterpret_cast<const char*>(signature), signature_length}}];
  }
  return real(context, signature, signature_length, message, message_length);
}

TEST_CASE(
    "The signature of a delegation is verified once when it is read, also where a policy asks who has "
    "signed") {
  test::Process process;
  const tuf::Gun gun = process.add_repository("registry.example.com/team/app");
  const test::MemoryStore& store = process.stores.at(gun.text());
  std::vector<tuf::Warning> warnings;
  process.sign(gun, "1.0", "a", warnings);

  Counts looked;
  counts = &looked;
  CHECK(process.look_at(gun, "1.0", warnings) == std::nullopt);
  counts = nullptr;
  CHECK(of_delegations(looked, store) == std::vector{1, 1});

  Counts published;
  const auto before = store.newest;
  counts = &published;
  process.sign(gun, "2.0", "b", warnings);
  counts = nullptr;
  CHECK(before != store.newest);
  // When it is made, by the server, which is in this process here, and when it is read back.
  CHECK(of_delegations(published, store) == std::vector{3, 3});
  std::vector<int> all;
  for (const auto& [what, count] : published) all.push_back(count);
  CHECK(*std::max_element(all.begin(), all.end()) <= 6);  // the root
}
