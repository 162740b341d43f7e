// How often signatures are verified: what was found of a small file is known for as long as the process runs.
#include <dlfcn.h>
#include <openssl/evp.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "tests/unit/agent/work/process.h"

namespace {

using Counts = std::map<std::pair<std::string, std::string>, int>;  // signed text and signature
thread_local Counts* counts = nullptr;

/// Of the files that the delegations have now.
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

TEST_CASE("A signature is verified once in a process, also where a policy asks who has signed") {
  test::Process process;
  const tuf::Gun gun = process.add_repository("registry.example.com/team/app");
  const test::MemoryStore& store = process.stores.at(gun.text());
  std::vector<tuf::Warning> warnings;
  process.sign(gun, "1.0", "a", warnings);

  Counts looked;
  counts = &looked;
  CHECK(process.look_at(gun, "1.0", warnings) == std::nullopt);
  counts = nullptr;
  CHECK(looked.empty());  // all of it was verified when it was signed

  Counts published;
  const auto before = store.newest;
  counts = &published;
  process.sign(gun, "2.0", "b", warnings);
  counts = nullptr;
  CHECK(before != store.newest);
  CHECK(of_delegations(published, store) == std::vector{1, 1});
  for (const auto& [what, count] : published) CHECK(count == 1);
}
