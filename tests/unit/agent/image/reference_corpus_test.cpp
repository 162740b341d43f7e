// Image references as Docker's own command line takes them: tests/data/references/docker.jsonl, recorded by
// tests/support/record_references.py.
#include <nlohmann/json.hpp>
#include <sstream>

#include "agent/names/image_reference.h"
#include "tests/support/catch.h"
#include "tests/support/test_data.h"
#include "tuf/base/error.h"

namespace {

using nlohmann::json;

std::string field(const json& row, const char* name) {
  return row.value(name, std::string());
}

bool is_digest(const std::string& version) {
  return version.find(':') != std::string::npos;
}

/// What Docker takes and we do not, each for a reason that is not the grammar's.
bool is_refused_on_purpose(const json& row) {
  const bool other_algorithm =
      is_digest(field(row, "version")) && !field(row, "version").starts_with("sha256:");
  const bool too_long_for_trust_servers = field(row, "name").size() > 255;
  // Docker finds no host in it and no registry to pull from, but a name.
  const std::string first = field(row, "name").substr(0, field(row, "name").find('/'));
  const bool no_registry = first.find('.') != std::string::npos && first.find('_') != std::string::npos;
  return other_algorithm || too_long_for_trust_servers || no_registry;
}

}  // namespace

TEST_CASE("Every recorded reference means what it means to Docker") {
  std::istringstream lines(test::read_data("references/docker.jsonl"));
  int taken = 0;
  int refused = 0;
  for (std::string line; std::getline(lines, line);) {
    const json row = json::parse(line);
    const std::string text = field(row, "text");
    INFO(line);
    if (!row.contains("name") || is_refused_on_purpose(row)) {
      CHECK_THROWS_AS(agent::parse_image(text), tuf::Error);
      ++refused;
      continue;
    }
    ++taken;
    std::optional<agent::ImageReference> parsed;
    CHECK_NOTHROW(parsed = agent::parse_image(text));
    if (!parsed) continue;
    const agent::ImageReference& reference = *parsed;
    CHECK(reference.gun.text() == field(row, "name"));
    const std::string version = field(row, "version");
    if (is_digest(version)) {
      REQUIRE(reference.digest);
      CHECK(reference.digest->text() == version);
    } else {
      CHECK_FALSE(reference.digest);
      CHECK(reference.tag.value_or("latest") == version);
    }
  }
  CHECK(taken > 120);
  CHECK(taken + refused > 300);
}

TEST_CASE("Behind a tag with a digest Docker looks at the digest only, and the tag is what is signed") {
  const std::string digest = "sha256:" + std::string(64, 'a');
  const auto reference = agent::parse_image("reg.example.com:5000/app:1.0@" + digest);
  CHECK(reference.tag == "1.0");
  CHECK(reference.digest->text() == digest);
}
