// Every byte of every file of a repository, changed: refused, or harmless in a way that can be shown. The
// files below the timestamp are named by hash, which would refuse them all; so the parents are made to name
// the changed file, and what must refuse it is its own signature.
#include <functional>

#include "tests/support/catch.h"
#include "tests/support/repository_maker.h"
#include "tuf/base/digest.h"
#include "tuf/base/error.h"

using test::RepositoryMaker;
using test::TestSigner;
using tuf::Delegation;
using tuf::RoleName;
using tuf::TrustedRepository;

namespace {

/// The root again, as the successor of one that is known: first contact is another way in.
const std::string kNextRoot = "next root";
const std::vector<std::string> kFiles = {"root",    kNextRoot,          "timestamp",      "snapshot",
                                         "targets", "targets/releases", "targets/jenkins"};

/// One key of each kind, so that a change in any kind of key and signature is among the changes.
RepositoryMaker made() {
  RepositoryMaker repository("registry.example.com/a");
  repository.rotate("timestamp", TestSigner::generate(TestSigner::Kind::kEd25519));
  const auto jenkins = TestSigner::generate();
  repository.add_delegation("targets/releases", {jenkins, TestSigner::generate(TestSigner::Kind::kP384)},
                            {""}, 2);
  repository.add_delegation("targets/jenkins", {jenkins}, {"v", "<"}, 1,
                            {RepositoryMaker::certified(*jenkins, repository.root_certificate())});
  tuf::Target target = test::make_target("one");
  target.custom = tuf::Json{{"a", "<\"\\\xc3\xa9>"}, {"b", {1, true, nullptr}}};
  for (const char* role : {"targets", "targets/releases", "targets/jenkins"})
    repository.set_target(role, "v1", target);
  repository.publish();
  return repository;
}

/// The signatures as they count: the method without regard to case.
template <class T>
std::string content_of(const tuf::Metadata<T>& metadata) {
  std::string content(metadata.signed_text);
  for (const tuf::Signature& signature : metadata.signatures) {
    std::string method = signature.method;
    for (char& c : method) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    content += "|" + signature.keyid + "|" + method + "|" + std::string(tuf::as_text(signature.value));
  }
  return content;
}

/// What a client made of a file: nothing if it refused it, else its content.
using Reading = std::optional<std::string>;

template <class Load>
Reading read(Load load) {
  try {
    return load();
  } catch (const tuf::Error&) {  // and no other exception
    return std::nullopt;
  }
}

Reading content_of(const TrustedRepository& repository, const RoleName& name) {
  const Delegation* delegation = repository.find_delegation(name);
  if (!delegation || delegation->state != Delegation::State::kUsable) return std::nullopt;
  return content_of(*delegation->metadata);
}

/// A file, and how a client reads another in its place: the parents are made to name that one.
struct Subject {
  std::string bytes;
  std::function<Reading(const std::string&)> read;
};

/// A client that has the root takes timestamp and snapshot too, which name `bytes` as the file of `role`.
void accept_snapshot(TrustedRepository& client, RepositoryMaker& repository, const std::string& role,
                     const std::string& bytes) {
  repository.snapshot.meta[role] = tuf::describe_file(bytes);
  const std::string snapshot = repository.sign_role("snapshot");
  repository.timestamp.snapshot = tuf::describe_file(snapshot);
  client.accept_timestamp(repository.sign_role("timestamp"));
  client.accept_snapshot(snapshot);
}

Reading read_root(RepositoryMaker& repository, const std::string& changed) {
  return read([&] {
    TrustedRepository client(repository.gun, repository.now);
    client.accept_first_root(changed, nullptr);
    accept_snapshot(client, repository, "root", changed);
    return content_of(client.root());
  });
}

Reading read_next_root(const RepositoryMaker& repository, const std::string& changed) {
  return read([&] {
    TrustedRepository client(repository.gun, repository.now);
    client.accept_known_root(repository.with_version("root", 1).value());
    client.accept_next_root(changed);
    return content_of(client.root());
  });
}

/// `client` has the root.
Reading read_below_root(TrustedRepository client, RepositoryMaker& repository, const std::string& role,
                        const std::string& changed) {
  return read([&]() -> Reading {
    if (role == "timestamp") {
      client.accept_timestamp(changed);
      return content_of(client.timestamp());
    }
    if (role == "snapshot") {
      repository.timestamp.snapshot = tuf::describe_file(changed);
      client.accept_timestamp(repository.sign_role("timestamp"));
      client.accept_snapshot(changed);
      return content_of(client.snapshot());
    }
    accept_snapshot(client, repository, role, changed);
    client.accept_targets(role == "targets" ? changed : repository.newest("targets").value());
    if (role == "targets") return content_of(client.targets());
    client.accept_delegation(RoleName::of(role), changed);
    return content_of(client, RoleName::of(role));
  });
}

Subject subject(RepositoryMaker& repository, const std::string& role) {
  const std::string root = repository.newest("root").value();
  if (role == "root")
    return {root, [&](const std::string& changed) { return read_root(repository, changed); }};
  if (role == kNextRoot)
    return {root, [&](const std::string& changed) { return read_next_root(repository, changed); }};
  TrustedRepository client(repository.gun, repository.now);
  client.accept_first_root(root, nullptr);
  return {repository.newest(role).value(), [&repository, role, client](const std::string& changed) {
            return read_below_root(client, repository, role, changed);
          }};
}

/// What every `accept_…` does first, and what costs least.
bool is_malformed(const std::string& role, const std::string& changed) {
  try {
    if (role == "root" || role == kNextRoot) {
      tuf::decode<tuf::Root>(changed, role);
    } else if (role == "timestamp") {
      tuf::decode<tuf::Timestamp>(changed, role);
    } else if (role == "snapshot") {
      tuf::decode<tuf::Snapshot>(changed, role);
    } else {
      tuf::decode<tuf::Targets>(changed, role);
    }
    return false;
  } catch (const tuf::Error&) {
    return true;
  }
}

/// The likeliest to slip through: flipped bits, and what means something in JSON.
std::vector<char> some_changes(char byte) {
  std::vector<char> values = {'\0', ' ', '\n', '"', '\\', ',', '0'};
  for (int bit = 0; bit < 8; ++bit) values.push_back(static_cast<char>(byte ^ (1 << bit)));
  std::erase(values, byte);
  return values;
}

std::vector<char> all_changes(char byte) {
  std::vector<char> values;
  for (int value = 0; value < 256; ++value) {
    if (static_cast<char>(value) != byte) values.push_back(static_cast<char>(value));
  }
  return values;
}

struct Result {
  int malformed = 0;  // refused before any signature is looked at
  int refused = 0;
  int harmless = 0;
  std::vector<std::string> harmful;  // where and how

  void add(const Reading& reading, const Reading& honest, const std::string& where) {
    if (!reading) {
      ++refused;
    } else if (reading == honest) {
      ++harmless;
    } else {
      harmful.push_back(where);
    }
  }
};

std::string describe(const std::string& bytes, std::size_t at, char value) {
  return "byte " + std::to_string(at) + " as " + std::to_string(static_cast<unsigned char>(value)) + " in " +
         bytes.substr(at < 20 ? 0 : at - 20, 40);
}

}  // namespace

TEST_CASE("a changed byte of a file is refused by its signature, or changes nothing") {
  constexpr std::size_t kPlaces = 12;  // in each file
  const std::string role = GENERATE(from_range(kFiles));
  RepositoryMaker repository = made();
  const Subject file = subject(repository, role);
  const Reading honest = file.read(file.bytes);
  REQUIRE(honest);
  Result result;
  std::string changed = file.bytes;
  for (std::size_t place = 0; place < kPlaces; ++place) {
    const std::size_t at = place * file.bytes.size() / kPlaces;
    for (const char value : some_changes(file.bytes[at])) {
      changed[at] = value;
      result.add(file.read(changed), honest, describe(file.bytes, at, value));
    }
    changed[at] = file.bytes[at];
  }
  CAPTURE(role, result.harmful);
  CHECK(result.harmful.empty());
  CHECK(result.refused > 50);
}

TEST_CASE("any change of any byte of a file is refused by its signature, or changes nothing", "[.slow]") {
  const std::string role = GENERATE(from_range(kFiles));
  RepositoryMaker repository = made();
  const Subject file = subject(repository, role);
  const Reading honest = file.read(file.bytes);
  REQUIRE(honest);
  Result result;
  std::string changed = file.bytes;
  for (std::size_t at = 0; at < file.bytes.size(); ++at) {
    for (const char value : all_changes(file.bytes[at])) {
      changed[at] = value;
      if (is_malformed(role, changed)) {
        ++result.malformed;
      } else {
        result.add(file.read(changed), honest, describe(file.bytes, at, value));
      }
    }
    changed[at] = file.bytes[at];
  }
  CAPTURE(role, result.harmful);
  CHECK(result.harmful.empty());
  // What may change without effect: capitals of a method, and of the hex digits of an escape.
  CHECK(result.harmless < 40);
  WARN(role << ", " << file.bytes.size() << " bytes: " << result.malformed << " changes malformed, "
            << result.refused << " refused, " << result.harmless << " harmless, " << result.harmful.size()
            << " harmful");
}

TEST_CASE("a changed byte of a file that its parents name by hash is refused") {
  const std::string role = GENERATE("root", "snapshot", "targets", "targets/releases", "targets/jenkins");
  const RepositoryMaker repository = made();
  const std::string bytes = repository.newest(role).value();
  TrustedRepository trusted(repository.gun, repository.now);
  if (role != "root") trusted.accept_first_root(repository.newest("root").value(), nullptr);
  const auto load = [&](TrustedRepository client, const std::string& changed) {
    return read([&]() -> Reading {
      const auto file = [&](const char* name) {
        return role == name ? changed : repository.newest(name).value();
      };
      if (role == "root") client.accept_first_root(changed, nullptr);
      client.accept_timestamp(file("timestamp"));
      client.accept_snapshot(file("snapshot"));
      client.accept_targets(file("targets"));
      if (!role.starts_with("targets/")) return "everything";
      client.accept_delegation(RoleName::of(role), changed);
      return content_of(client, RoleName::of(role));
    });
  };
  REQUIRE(load(trusted, bytes));
  for (std::size_t at = 0; at < bytes.size(); at += 31) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
    CAPTURE(role, at);
    CHECK_FALSE(load(trusted, changed));
  }
}
