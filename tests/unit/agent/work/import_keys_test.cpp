#include "agent/work/import_keys.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/work/process.h"

using test::Process;
using tuf::ErrorCode;

namespace {

struct Importer : Process {
  std::vector<agent::ImportedKey> import(const agent::KeysToImport& wanted, bool dry_run = false) {
    agent::Run run(*host, test::rehearsal(dry_run));
    std::vector<agent::ImportedKey> told;
    agent::import_keys(wanted, run, [&](const agent::ImportedKey& key) { told.push_back(key); });
    return told;
  }
  /// A copy of jenkins' key.
  std::string copy() {
    const std::string pem = host->key_store().export_pem(jenkins.public_key().canonical_id());
    home.write("copy.pem", pem);
    return home.path("copy.pem");
  }
};

}  // namespace

TEST_CASE("A key is imported under the label that it carries") {
  Importer importer;
  const auto told = importer.import({.files = {importer.copy()}, .label = "other"});
  REQUIRE(told.size() == 1);
  CHECK(told.front().label == "jenkins");
  CHECK(told.front().public_key.canonical_id() == importer.jenkins.public_key().canonical_id());
  CHECK(std::filesystem::exists(told.front().location));
}

TEST_CASE("A rehearsal of an import names the keys and stores none") {
  Importer importer;
  const std::string file = importer.copy();
  importer.host->key_store().remove(importer.jenkins.public_key().canonical_id());
  const auto told = importer.import({.files = {file}}, true);
  REQUIRE(told.size() == 1);
  CHECK(told.front().location.empty());
  CHECK(importer.host->key_store().list().empty());
}

TEST_CASE("Nothing is imported if one of the files is no key") {
  Importer importer;
  const std::string file = importer.copy();
  importer.host->key_store().remove(importer.jenkins.public_key().canonical_id());
  importer.home.write("none.pem", "no key");
  CHECK_THROWS_AS(importer.import({.files = {file, importer.home.path("none.pem")}}), tuf::Error);
  CHECK(importer.host->key_store().list().empty());
}
