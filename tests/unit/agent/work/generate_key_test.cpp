#include "agent/work/generate_key.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/work/process.h"

using test::Process;
using tuf::ErrorCode;
namespace fs = std::filesystem;

TEST_CASE("A key is made in the trust directory, and its public half beside") {
  Process process;
  agent::Run run(*process.host, {});
  const agent::GeneratedKey key = agent::generate_key({.name = "bob", .folder = process.home.path("")}, run);
  CHECK(key.public_file.filename() == "bob.pub");
  CHECK(fs::exists(key.public_file));
  CHECK(fs::exists(key.location));
  CHECK_FALSE(key.origin);
  CHECK(process.host->key_store().find(key.public_key.canonical_id().hex()).label == "bob");
  CHECK_ERROR(agent::generate_key({.name = "bob", .folder = process.home.path("")}, run), ErrorCode::kLocal,
              "exists already");
}

TEST_CASE("A rehearsal of making a key finds what stands in the way, and makes nothing") {
  Process process;
  agent::Run run(*process.host, {});
  const std::string folder = process.home.path("");
  CHECK_FALSE(fs::exists(agent::rehearse_key({.name = "bob", .folder = folder}, run)));
  CHECK(process.host->key_store().list().size() == 1);
  CHECK_ERROR(agent::rehearse_key({.name = "releases", .folder = folder}, run), ErrorCode::kInvalidRole);
  CHECK_ERROR(agent::rehearse_key({.name = "bob", .type = "dsa", .folder = folder}, run), ErrorCode::kUsage);
  CHECK_ERROR(agent::rehearse_key({.name = "bob", .folder = folder + "/none"}, run), ErrorCode::kLocal,
              "no folder");
}
