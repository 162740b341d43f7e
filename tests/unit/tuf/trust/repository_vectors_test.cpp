// Repositories recorded from the official client and server (tests/data/vectors): read, verified, and written
// back byte for byte.
#include <algorithm>
#include <filesystem>

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/repository_maker.h"
#include "tests/support/test_data.h"
#include "tuf/base/base64.h"
#include "tuf/trust/role_authority.h"

using tuf::RoleName;
using Files = std::map<std::string, std::string>;  // by role

namespace {

const std::vector<std::string> kSteps = {"repo/1-init",
                                         "repo/2-rotate-snapshot",
                                         "repo/3-delegation-releases",
                                         "repo/4-delegation-jenkins",
                                         "repo/5-publish-1.0",
                                         "repo/6-witness-releases",
                                         "repo/7-rotate-root",
                                         "repo/8-odd-target-name",
                                         "repo/9-remove-jenkins"};
const std::vector<std::string> kDockerStates = {"docker-repo/1-signers-alice-and-removed-bob",
                                                "docker-repo/2-docker-push-targets-only",
                                                "docker-repo/3-docker-trust-sign-carol"};

std::vector<std::string> all_folders() {
  std::vector<std::string> all = kSteps;
  all.insert(all.end(), kDockerStates.begin(), kDockerStates.end());
  return all;
}

std::string vector_file(const std::string& name) {
  return test::read_data("vectors/" + name);
}

Files read_folder(const std::string& folder) {
  Files files;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(TEST_DATA_DIR) + "/vectors/" + folder)) {
    if (entry.path().extension() != ".json") continue;
    std::string role = entry.path().stem().string();
    std::replace(role.begin(), role.end(), '+', '/');
    files[role] = test::read_file(entry.path());
  }
  REQUIRE(files.size() >= 4);
  return files;
}

tuf::Gun gun_of(const std::string& folder) {
  if (folder.starts_with("repo/")) return tuf::Gun::of("registry.example.com/team/app");
  std::string gun = vector_file(folder + "/gun.txt");
  while (gun.ends_with('\n')) gun.pop_back();
  return tuf::Gun::of(gun);
}

/// The signed text with its time as we would write it.
std::string with_our_time(std::string_view text) {
  const std::string signed_text(text);
  const std::string label = "\"expires\":\"";
  const std::size_t start = signed_text.find(label) + label.size();
  REQUIRE(start > label.size());
  const std::size_t end = signed_text.find('"', start);
  const auto time = tuf::parse_time(signed_text.substr(start, end - start));
  REQUIRE(time);
  return signed_text.substr(0, start) + tuf::format_time(*time) + signed_text.substr(end);
}

template <class T>
void check_round_trip(const std::string& bytes) {
  const tuf::Metadata<T> metadata = tuf::decode<T>(bytes, "file");
  CHECK(metadata.bytes == bytes);
  CHECK(tuf::encode_signed(metadata.body) == with_our_time(metadata.signed_text));
  CHECK(tuf::encode_file(metadata.signed_text, metadata.signatures) == bytes);
}

void load_delegations(tuf::TrustedRepository& trusted, const Files& files) {
  for (auto wanted = trusted.wanted_delegations(); !wanted.empty(); wanted = trusted.wanted_delegations()) {
    for (const auto& [role, meta] : wanted) {
      trusted.accept_delegation(role, meta ? std::optional(files.at(role.text())) : std::nullopt);
    }
  }
}

tuf::TrustedRepository load_folder(const std::string& folder, const std::string& known_root = {},
                                   const std::map<RoleName, tuf::SeenFile>& seen = {}) {
  const Files files = read_folder(folder);
  tuf::TrustedRepository trusted(gun_of(folder), test::kNow, seen);
  if (known_root.empty()) {
    trusted.accept_first_root(files.at("root"), nullptr);
  } else {
    trusted.accept_known_root(known_root);
    const std::int64_t last = tuf::decode<tuf::Root>(files.at("root"), "root").body.version;
    for (std::int64_t version = trusted.root().body.version + 1; version < last; ++version) {
      trusted.accept_next_root(vector_file("repo/" + std::to_string(version) + ".root.json"));
    }
    trusted.accept_next_root(files.at("root"));
  }
  trusted.accept_timestamp(files.at("timestamp"));
  trusted.accept_snapshot(files.at("snapshot"));
  trusted.accept_targets(files.at("targets"));
  load_delegations(trusted, files);
  return trusted;
}

/// Parts of a recorded multipart body, by the role that is their file name.
Files parts_of(const std::string& body, const std::string& content_type) {
  const std::string boundary = "--" + content_type.substr(content_type.find("boundary=") + 9);
  Files parts;
  std::size_t start = 0;
  while (true) {
    start = body.find(boundary, start);
    REQUIRE(start != std::string::npos);
    start += boundary.size();
    if (body.compare(start, 2, "--") == 0) return parts;
    const std::size_t content = body.find("\r\n\r\n", start) + 4;
    const std::size_t end = body.find("\r\n" + boundary, content);
    const std::size_t name = body.find("filename=\"", start) + 10;
    REQUIRE(name < content);
    parts[body.substr(name, body.find('"', name) - name)] = body.substr(content, end - content);
  }
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace

TEST_CASE("every recorded file is written back as it was read, but for fractions of seconds") {
  const std::string folder = GENERATE(from_range(all_folders()));
  for (const auto& [role, bytes] : read_folder(folder)) {
    CAPTURE(folder, role);
    if (role == "root") {
      check_round_trip<tuf::Root>(bytes);
    } else if (role == "snapshot") {
      check_round_trip<tuf::Snapshot>(bytes);
    } else if (role == "timestamp") {
      check_round_trip<tuf::Timestamp>(bytes);
    } else {
      check_round_trip<tuf::Targets>(bytes);
    }
  }
}

TEST_CASE("recorded key IDs, thresholds and entries are true") {
  const std::string folder = GENERATE(from_range(all_folders()));
  CAPTURE(folder);
  const Files files = read_folder(folder);
  const auto root = tuf::decode<tuf::Root>(files.at("root"), "root");
  const auto targets = tuf::decode<tuf::Targets>(files.at("targets"), "targets");
  const auto snapshot = tuf::decode<tuf::Snapshot>(files.at("snapshot"), "snapshot");
  const auto timestamp = tuf::decode<tuf::Timestamp>(files.at("timestamp"), "timestamp");
  for (const auto* keys : {&root.body.keys, &targets.body.keys}) {
    for (const auto& [id, key] : *keys) {
      CHECK(tuf::key_id(key) == id);
      CHECK(tuf::PublicKey::from_object(key).has_value());
    }
  }
  const auto approved = [&](const char* role, const auto& metadata) {
    return tuf::RoleAuthority::of(root.body, RoleName::of(role))
        .approves(metadata.signed_text, metadata.signatures);
  };
  CHECK(approved("root", root));
  CHECK(approved("targets", targets));
  CHECK(approved("snapshot", snapshot));
  CHECK(approved("timestamp", timestamp));
  for (const tuf::DelegationRole& role : targets.body.roles) {
    if (!files.contains(role.name.text())) continue;
    const auto delegation = tuf::decode<tuf::Targets>(files.at(role.name.text()), "delegation");
    CHECK(tuf::RoleAuthority(targets.body.keys, role.key_ids, role.threshold)
              .approves(delegation.signed_text, delegation.signatures));
  }
  CHECK(snapshot.body.meta.size() == files.size() - 2);
  for (const auto& [role, meta] : snapshot.body.meta) {
    const tuf::FileMeta actual = tuf::describe_file(files.at(role));
    CHECK(meta.hashes == actual.hashes);
    CHECK(meta.length == actual.length);
  }
  const tuf::FileMeta actual = tuf::describe_file(files.at("snapshot"));
  CHECK(timestamp.body.snapshot.hashes == actual.hashes);
  CHECK(timestamp.body.snapshot.length == actual.length);
}

TEST_CASE("every recorded state verifies on first contact") {
  const std::string folder = GENERATE(from_range(all_folders()));
  CAPTURE(folder);
  const tuf::TrustedRepository trusted = load_folder(folder);
  for (const tuf::Delegation& delegation : trusted.delegations()) {
    const bool listed = trusted.snapshot().body.meta.contains(delegation.role.name.text());
    CHECK(delegation.state == (listed ? tuf::Delegation::State::kUsable : tuf::Delegation::State::kEmpty));
  }
}

TEST_CASE("the recorded repository verifies step by step, each on top of what was seen before") {
  std::string known_root;
  std::map<RoleName, tuf::SeenFile> seen;
  std::int64_t timestamp = 0;
  for (const std::string& step : kSteps) {
    CAPTURE(step);
    const tuf::TrustedRepository trusted = load_folder(step, known_root, seen);
    CHECK(trusted.timestamp().body.version == ++timestamp);
    known_root = trusted.root().bytes;
    seen = test::seen_in(trusted);
  }
  CHECK_ERROR(load_folder(kSteps.front(), known_root, seen), tuf::ErrorCode::kRollback);
  CHECK_ERROR(load_folder(kSteps[7], known_root, seen), tuf::ErrorCode::kRollback);
}

TEST_CASE("the recorded chain of roots leads from the first to the third, one at a time") {
  const std::string first = vector_file("repo/1.root.json");
  const std::string second = vector_file("repo/2.root.json");
  const std::string third = vector_file("repo/3.root.json");
  CHECK(first == vector_file("repo/1-init/root.json"));
  CHECK(third == vector_file("repo/9-remove-jenkins/root.json"));

  tuf::TrustedRepository trusted(gun_of("repo/"), test::kNow);
  trusted.accept_known_root(first);
  CHECK_ERROR(trusted.accept_next_root(third), tuf::ErrorCode::kRollback);
  CHECK(trusted.root().body.version == 1);
  trusted.accept_next_root(second);
  trusted.accept_next_root(second);  // the same again is nothing
  CHECK_ERROR(trusted.accept_next_root(first), tuf::ErrorCode::kRollback);
  trusted.accept_next_root(third);
  CHECK(trusted.root().body.version == 3);
  CHECK(load_folder(kSteps.back(), first).root().body.version == 3);
}

TEST_CASE("a removed delegation has no say although its file is still listed and signed") {
  const tuf::TrustedRepository jenkins = load_folder("repo/9-remove-jenkins");
  CHECK(jenkins.snapshot().body.meta.contains("targets/jenkins"));
  REQUIRE(jenkins.delegations().size() == 1);
  CHECK(jenkins.delegations().front().role.name.text() == "targets/releases");
  CHECK(jenkins.find_delegation(RoleName::of("targets/jenkins")) == nullptr);
  CHECK_FALSE(jenkins.find_target(RoleName::of("targets/jenkins"), "1.0"));
  CHECK(jenkins.find_target(RoleName::of("targets/releases"), "1.0"));
  CHECK(jenkins.find_target(RoleName::of("targets"), "a<b>&\"c\"\\d\xc3\xa9\xe2\x80\xa8"));

  const tuf::TrustedRepository bob = load_folder("docker-repo/1-signers-alice-and-removed-bob");
  CHECK(bob.snapshot().body.meta.contains("targets/bob"));
  CHECK(bob.find_delegation(RoleName::of("targets/bob")) == nullptr);
  CHECK_FALSE(bob.find_target(RoleName::of("targets/bob"), "7"));
  REQUIRE(bob.delegations().size() == 2);
  const auto released = bob.find_target(RoleName::of("targets/releases"), "8");
  const auto signed_by_alice = bob.find_target(RoleName::of("targets/alice"), "8");
  REQUIRE(released);
  REQUIRE(signed_by_alice);
  CHECK(*released->sha256() == *signed_by_alice->sha256());
}

TEST_CASE("recorded uploads consist of the files that the server then serves") {
  const std::vector<std::set<std::string>> posted = {{"root", "snapshot", "targets"},
                                                     {"root"},
                                                     {"targets"},
                                                     {"targets"},
                                                     {"targets/jenkins", "targets/releases"},
                                                     {"targets/releases"},
                                                     {"root"},
                                                     {"targets"},
                                                     {"targets"}};
  for (std::size_t i = 0; i < kSteps.size(); ++i) {
    CAPTURE(kSteps[i]);
    const Files files = read_folder(kSteps[i]);
    const Files parts = parts_of(vector_file(kSteps[i] + "/post-body.bin"),
                                 trimmed(vector_file(kSteps[i] + "/post-content-type.txt")));
    std::set<std::string> roles;
    for (const auto& [role, bytes] : parts) {
      roles.insert(role);
      CHECK(bytes == files.at(role));
    }
    CHECK(roles == posted[i]);
  }
}
