// What every trust store promises, run on each of them.
#include <chrono>
#include <memory>

#include "agent/store/notary_server.h"
#include "agent/store/static_repository.h"
#include "tests/support/catch.h"
#include "tests/support/memory_store.h"
#include "tests/support/notary_process.h"
#include "tests/support/store_client.h"
#include "tests/support/test_data.h"
#include "tuf/base/error.h"
#include "tuf/json/json.h"
#include "tuf/trust/role_authority.h"

namespace {

using test::StoreClient;

tuf::Time clock_now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

/// Where stores of one kind live. Every call for the same repository gives a store on the same data.
class Host {
 public:
  virtual ~Host() = default;
  virtual std::shared_ptr<agent::TrustStore> open(const tuf::Gun& gun) = 0;
};

class MemoryHost final : public Host {
 public:
  std::shared_ptr<agent::TrustStore> open(const tuf::Gun& gun) override {
    std::shared_ptr<agent::TrustStore>& store = stores_[gun];
    if (!store) store = std::make_shared<test::MemoryStore>(gun, clock_now);
    return store;
  }

 private:
  std::map<tuf::Gun, std::shared_ptr<agent::TrustStore>> stores_;
};

class StaticHost final : public Host {
 public:
  StaticHost() { std::filesystem::create_directory(dir_ / "served"); }
  std::shared_ptr<agent::TrustStore> open(const tuf::Gun& gun) override {
    return std::make_shared<agent::StaticRepository>(dir_ / "served", gun,
                                                     agent::StaticRepository::Options{clock_now});
  }

 private:
  test::TempDir dir_;
};

class NotaryHost final : public Host {
 public:
  explicit NotaryHost(test::NotaryProcess::Mode mode) : process_(mode) {}
  std::shared_ptr<agent::TrustStore> open(const tuf::Gun& gun) override {
    return std::make_shared<agent::NotaryServer>(process_.client(), agent::Url::of_server(process_.url()),
                                                 gun);
  }

 private:
  test::NotaryProcess process_;
};

template <test::NotaryProcess::Mode mode>
std::unique_ptr<Host> start_notary() {
  return std::make_unique<NotaryHost>(mode);
}

struct Implementation {
  const char* name;
  std::unique_ptr<Host> (*start)();
};

constexpr Implementation kImplementations[] = {
    {"in memory", [] { return std::unique_ptr<Host>(std::make_unique<MemoryHost>()); }},
    {"static repository", [] { return std::unique_ptr<Host>(std::make_unique<StaticHost>()); }},
    {"notary-server", start_notary<test::NotaryProcess::Mode::kLocal>},
    {"notary-server with notary-signer", start_notary<test::NotaryProcess::Mode::kSigner>},
};

/// A store of each kind in turn, with a client of a repository that does not exist yet.
struct Contract {
  Contract()
      : implementation(kImplementations[GENERATE(range(std::size_t{0}, std::size(kImplementations)))]) {}

  const Implementation& implementation;
  std::unique_ptr<Host> host = implementation.start();
  StoreClient client{tuf::Gun::of("registry.example.com:5000/team/App"), clock_now()};
  std::shared_ptr<agent::TrustStore> store = host->open(client.gun());

  void initialise() {
    REQUIRE(store->publish(client.new_repository(*store)) == agent::PublishResult::kStored);
  }

  /// The code of the error with which the store refuses the files.
  tuf::ErrorCode refusal(const std::vector<agent::RoleFile>& files) {
    try {
      store->publish(files);
    } catch (const tuf::Error& error) {
      return error.code();
    }
    FAIL("not refused");
    return {};
  }

  std::int64_t version(const std::string& role) {
    const std::string bytes = test::fetch_newest(*store, role).value();
    return tuf::parse_json(bytes, role)["signed"]["version"].get<std::int64_t>();
  }
};

std::vector<agent::RoleFile> only(const std::vector<agent::RoleFile>& files, const std::string& role) {
  std::vector<agent::RoleFile> found;
  for (const agent::RoleFile& file : files) {
    if (file.role.text() == role) found.push_back(file);
  }
  REQUIRE(found.size() == 1);
  return found;
}

}  // namespace

TEST_CASE("a repository that was never published has no files") {
  Contract on;
  CAPTURE(on.implementation.name);
  for (const char* role : {"root", "targets", "snapshot", "timestamp", "targets/releases"}) {
    CAPTURE(role);
    CHECK_FALSE(test::fetch_newest(*on.store, role));
    CHECK_FALSE(test::fetch_with_version(*on.store, role, 1));
    CHECK_FALSE(test::fetch_with_hash(*on.store, role, tuf::Bytes(32, 1)));
  }
}

TEST_CASE("the first publish needs root and targets") {
  Contract on;
  CAPTURE(on.implementation.name);
  const auto files = on.client.new_repository(*on.store);
  CHECK(on.refusal(only(files, "root")) == tuf::ErrorCode::kServerRejected);
  CHECK(on.refusal(only(files, "targets")) == tuf::ErrorCode::kServerRejected);
  CHECK_FALSE(test::fetch_newest(*on.store, "root"));
  CHECK_FALSE(test::fetch_newest(*on.store, "timestamp"));
  CHECK(on.store->publish(files) == agent::PublishResult::kStored);
  const tuf::TrustedRepository loaded = on.client.load(*on.store);
  CHECK(loaded.root().bytes == only(files, "root").front().bytes);
  CHECK(loaded.targets().bytes == only(files, "targets").front().bytes);
}

TEST_CASE("every file has three names, and old ones stay under two of them") {
  Contract on;
  CAPTURE(on.implementation.name);
  on.initialise();
  const tuf::TrustedRepository first = on.client.load(*on.store);
  REQUIRE(on.client.publish(*on.store, StoreClient::set_target("targets", "1.0")) ==
          agent::PublishResult::kStored);
  const tuf::TrustedRepository second = on.client.load(*on.store);
  REQUIRE(first.targets().bytes != second.targets().bytes);

  const auto check_old_names = [&](const std::string& role, std::int64_t version, std::string_view bytes) {
    CAPTURE(role, version);
    CHECK(test::fetch_with_version(*on.store, role, version) == bytes);
    CHECK(test::fetch_with_hash(*on.store, role, tuf::describe_file(bytes).hashes.at("sha256")) == bytes);
  };
  for (const auto* state : {&first, &second}) {
    check_old_names("root", state->root().body.version, state->root().bytes);
    check_old_names("targets", state->targets().body.version, state->targets().bytes);
    check_old_names("snapshot", state->snapshot().body.version, state->snapshot().bytes);
    check_old_names("timestamp", state->timestamp().body.version, state->timestamp().bytes);
  }
  CHECK(test::fetch_newest(*on.store, "targets") == second.targets().bytes);
  CHECK(test::fetch_newest(*on.store, "snapshot") == second.snapshot().bytes);
  CHECK_FALSE(test::fetch_with_version(*on.store, "targets", 3));
}

TEST_CASE("each publish is followed by one new snapshot and one new timestamp") {
  Contract on;
  CAPTURE(on.implementation.name);
  on.initialise();
  const std::int64_t snapshot = on.version("snapshot");
  const std::int64_t timestamp = on.version("timestamp");
  REQUIRE(on.client.publish(*on.store, StoreClient::set_target("targets", "1.0")) ==
          agent::PublishResult::kStored);
  CHECK(on.version("targets") == 2);
  CHECK(on.version("snapshot") == snapshot + 1);
  CHECK(on.version("timestamp") == timestamp + 1);
}

TEST_CASE("requests are answered in their order, with a gap where there is nothing") {
  Contract on;
  CAPTURE(on.implementation.name);
  on.initialise();
  const auto answers = on.store->fetch({{tuf::RoleName::of("timestamp")},
                                        {tuf::RoleName::of("targets/releases")},
                                        {tuf::RoleName::of("root"), agent::FileRequest::WithVersion{1}},
                                        {tuf::RoleName::of("root")}});
  REQUIRE(answers.size() == 4);
  CHECK(answers[0] == test::fetch_newest(*on.store, "timestamp"));
  CHECK_FALSE(answers[1]);
  CHECK(answers[2] == test::fetch_newest(*on.store, "root"));
  CHECK(answers[3] == answers[2]);
  CHECK(on.store->fetch({}).empty());
}

TEST_CASE("a file over the limit of its reader is an error, not a part of it") {
  Contract on;
  CAPTURE(on.implementation.name);
  on.initialise();
  const std::size_t length = test::fetch_newest(*on.store, "root").value().size();
  agent::FileRequest request{tuf::RoleName::of("root")};
  request.max_length = length;
  CHECK(on.store->fetch({request}).front().value().size() == length);
  request.max_length = length - 1;
  try {
    on.store->fetch({request});
    FAIL("fetched");
  } catch (const tuf::Error& error) {
    CHECK(error.code() == tuf::ErrorCode::kServerError);
  }
}

TEST_CASE("whoever publishes a version that is stored already gets a conflict and changes nothing") {
  Contract on;
  CAPTURE(on.implementation.name);
  on.initialise();
  const auto mine = on.client.draft(*on.store, StoreClient::set_target("targets", "mine"));
  REQUIRE(on.client.publish(*on.store, StoreClient::set_target("targets", "theirs")) ==
          agent::PublishResult::kStored);
  const std::string timestamp = test::fetch_newest(*on.store, "timestamp").value();
  CHECK(on.host->open(on.client.gun())->publish(mine) == agent::PublishResult::kConflict);
  CHECK(test::fetch_newest(*on.store, "timestamp") == timestamp);
  CHECK(on.client.load(*on.store).targets().body.targets.contains("theirs"));
}

TEST_CASE("a delegation and its first file may come together") {
  Contract on;
  CAPTURE(on.implementation.name);
  on.initialise();
  tuf::Targets body;
  body.version = 1;
  body.expires = clock_now() + tuf::kTargetsLifetime;
  auto files = on.client.draft(*on.store, on.client.add_delegation("targets/releases"));
  files.insert(files.begin(),
               {tuf::RoleName::of("targets/releases"),
                tuf::sign_metadata("targets/releases", tuf::encode_signed(body),
                                   {on.client.delegate()->public_key()}, 1, on.client.signer_for())});
  REQUIRE(on.store->publish(files) == agent::PublishResult::kStored);
  const tuf::TrustedRepository loaded = on.client.load(*on.store);
  const auto* releases = loaded.find_delegation(tuf::RoleName::of("targets/releases"));
  REQUIRE(releases);
  CHECK(releases->state == tuf::Delegation::State::kUsable);
  CHECK(test::fetch_newest(*on.store, "targets/releases") == files.front().bytes);
  CHECK(test::fetch_with_version(*on.store, "targets/releases", 1) == files.front().bytes);
}

TEST_CASE("a file of a role that nobody delegated is refused") {
  Contract on;
  CAPTURE(on.implementation.name);
  on.initialise();
  REQUIRE(on.client.publish(*on.store, on.client.add_delegation("targets/releases")) ==
          agent::PublishResult::kStored);
  auto files = on.client.draft(*on.store, StoreClient::set_target("targets/releases", "1.0"));
  files = only(files, "targets/releases");
  files.front().role = tuf::RoleName::of("targets/stranger");
  CHECK(on.refusal(files) == tuf::ErrorCode::kServerRejected);
}

TEST_CASE("a file that the role's keys have not signed is refused, and with it all others") {
  Contract on;
  CAPTURE(on.implementation.name);
  on.initialise();
  REQUIRE(on.client.publish(*on.store, on.client.add_delegation("targets/releases")) ==
          agent::PublishResult::kStored);
  const std::string timestamp = test::fetch_newest(*on.store, "timestamp").value();
  auto files = on.client.draft(*on.store, [&](tuf::RepositoryDraft& draft) {
    StoreClient::set_target("targets", "1.0")(draft);
    StoreClient::set_target("targets/releases", "1.0")(draft);
  });
  const auto stranger = test::TestSigner::generate();
  for (agent::RoleFile& file : files) {
    if (file.role.text() != "targets/releases") continue;
    const auto metadata = tuf::decode<tuf::Targets>(file.bytes, "targets/releases");
    file.bytes = tuf::sign_metadata("targets/releases", metadata.signed_text, {stranger->public_key()}, 1,
                                    [&](const tuf::KeyId&) { return stranger; });
  }
  CHECK(on.refusal(files) == tuf::ErrorCode::kServerRejected);
  CHECK(test::fetch_newest(*on.store, "timestamp") == timestamp);
  CHECK(on.version("targets") == 2);
}

TEST_CASE("what is not metadata is refused") {
  Contract on;
  CAPTURE(on.implementation.name);
  on.initialise();
  CHECK(on.refusal({{tuf::RoleName::of("targets"), "{}"}}) == tuf::ErrorCode::kServerRejected);
  CHECK(on.refusal({{tuf::RoleName::of("targets"), "not JSON"}}) == tuf::ErrorCode::kServerRejected);
}

TEST_CASE("expired targets are refused") {
  Contract on;
  CAPTURE(on.implementation.name);
  on.initialise();
  tuf::Targets body = on.client.load(*on.store).targets().body;
  ++body.version;
  body.expires = clock_now() - std::chrono::hours(1);
  const tuf::TrustedRepository present = on.client.load(*on.store);
  const auto authority = tuf::RoleAuthority::of(present.root().body, tuf::RoleName::of("targets"));
  const std::string bytes =
      tuf::sign_metadata("targets", tuf::encode_signed(body), authority.keys(), 1, on.client.signer_for());
  CHECK(on.refusal({{tuf::RoleName::of("targets"), bytes}}) == tuf::ErrorCode::kServerRejected);
}

TEST_CASE("a posted timestamp is ignored: the store makes its own") {
  Contract on;
  CAPTURE(on.implementation.name);
  on.initialise();
  const std::string old = test::fetch_newest(*on.store, "timestamp").value();
  auto files = on.client.draft(*on.store, StoreClient::set_target("targets", "1.0"));
  files.push_back({tuf::RoleName::of("timestamp"), old});
  CHECK(on.store->publish(files) == agent::PublishResult::kStored);
  CHECK(on.version("timestamp") == 2);
  CHECK_NOTHROW(on.client.load(*on.store));
}

TEST_CASE("a client that holds the snapshot key must bring a snapshot") {
  Contract on;
  CAPTURE(on.implementation.name);
  const auto files = on.client.new_repository(*on.store, true);
  REQUIRE(only(files, "snapshot").size() == 1);
  REQUIRE(on.store->publish(files) == agent::PublishResult::kStored);
  CHECK(test::fetch_newest(*on.store, "snapshot") == only(files, "snapshot").front().bytes);

  auto next = on.client.draft(*on.store, StoreClient::set_target("targets", "1.0"));
  CHECK(on.refusal(only(next, "targets")) == tuf::ErrorCode::kServerRejected);
  auto mixed = next;
  mixed.front().bytes = only(on.client.draft(*on.store, StoreClient::set_target("targets", "2.0")), "targets")
                            .front()
                            .bytes;  // not what the snapshot names
  CHECK(on.refusal(mixed) == tuf::ErrorCode::kServerRejected);
  REQUIRE(on.store->publish(next) == agent::PublishResult::kStored);
  const tuf::TrustedRepository loaded = on.client.load(*on.store);
  CHECK(loaded.snapshot().body.version == 2);
  CHECK(loaded.targets().body.targets.contains("1.0"));
}

TEST_CASE("a snapshot by others than the role's keys is refused") {
  Contract on;
  CAPTURE(on.implementation.name);
  on.initialise();
  auto files = on.client.draft(*on.store, StoreClient::set_target("targets", "1.0"));
  tuf::Snapshot body = on.client.load(*on.store).snapshot().body;
  ++body.version;
  body.meta["targets"] = tuf::describe_file(files.front().bytes);
  const auto stranger = test::TestSigner::generate();
  files.push_back({tuf::RoleName::of("snapshot"),
                   tuf::sign_metadata("snapshot", tuf::encode_signed(body), {stranger->public_key()}, 1,
                                      [&](const tuf::KeyId&) { return stranger; })});
  CHECK(on.refusal(files) == tuf::ErrorCode::kServerRejected);
}

TEST_CASE("with a root stored the store's keys are those that the root names") {
  Contract on;
  CAPTURE(on.implementation.name);
  on.initialise();
  const tuf::Root root = on.client.load(*on.store).root().body;
  for (const char* name : {"snapshot", "timestamp"}) {
    CAPTURE(name);
    const tuf::RoleName role = tuf::RoleName::of(name);
    const tuf::KeyObject key = on.host->open(on.client.gun())->server_key(role);
    REQUIRE(root.role(role).key_ids.size() == 1);
    CHECK(tuf::key_id(key) == root.role(role).key_ids.front());
  }
  const tuf::Gun other = tuf::Gun::of("registry.example.com:5000/team/App/other");
  CHECK(on.host->open(other)->server_key(tuf::RoleName::of("timestamp")) !=
        on.store->server_key(tuf::RoleName::of("timestamp")));
}

TEST_CASE("whoever may publish is told so, and nothing changes by asking") {
  Contract on;
  on.initialise();
  const std::int64_t before = on.version("timestamp");
  const tuf::KeyObject key = on.store->server_key(tuf::RoleName::of("timestamp"));
  CHECK_NOTHROW(on.store->require_publishing());
  CHECK(on.version("timestamp") == before);
  CHECK(on.store->server_key(tuf::RoleName::of("timestamp")) == key);
}

TEST_CASE("a root with a timestamp key that is not the store's is refused") {
  Contract on;
  CAPTURE(on.implementation.name);
  on.initialise();
  const auto stranger = test::TestSigner::generate();
  const agent::RoleFile root = on.client.next_root(*on.store, [&](tuf::Root& body) {
    body.keys.emplace(stranger->public_key().id(), stranger->public_key().object());
    body.roles["timestamp"] = {{stranger->public_key().id()}, 1};
  });
  CHECK(on.refusal({root}) == tuf::ErrorCode::kServerRejected);
}

TEST_CASE("roots form a chain: one version higher each, signed by the one before") {
  Contract on;
  CAPTURE(on.implementation.name);
  on.initialise();
  const std::string first = test::fetch_newest(*on.store, "root").value();
  const auto later = [](tuf::Root& root) { root.expires += tuf::Days{1}; };
  const agent::RoleFile second = on.client.next_root(*on.store, later);
  const agent::RoleFile gap = on.client.next_root(*on.store, [](tuf::Root& root) { ++root.version; });
  CHECK(on.refusal({gap}) == tuf::ErrorCode::kServerRejected);

  StoreClient stranger(on.client.gun(), clock_now());
  auto forged =
      tuf::decode<tuf::Root>(only(stranger.new_repository(*on.store), "root").front().bytes, "root").body;
  forged.version = 2;
  const auto own = tuf::RoleAuthority::of(forged, tuf::RoleName::of("root"));
  const std::string bytes =
      tuf::sign_metadata("root", tuf::encode_signed(forged), own.keys(), 1, stranger.signer_for());
  CHECK(on.refusal({{tuf::RoleName::of("root"), bytes}}) == tuf::ErrorCode::kServerRejected);

  CHECK(on.store->publish({second}) == agent::PublishResult::kStored);
  CHECK(on.store->publish({second}) == agent::PublishResult::kConflict);
  CHECK(test::fetch_newest(*on.store, "root") == second.bytes);
  CHECK(test::fetch_with_version(*on.store, "root", 1) == first);
  CHECK(test::fetch_with_version(*on.store, "root", 2) == second.bytes);
  CHECK_FALSE(test::fetch_with_version(*on.store, "root", 3));
  CHECK(on.client.load(*on.store).root().body.version == 2);
}

TEST_CASE("repositories whose names begin alike are kept apart") {
  Contract on;
  CAPTURE(on.implementation.name);
  on.initialise();
  StoreClient inner(tuf::Gun::of(on.client.gun().text() + "/inner"), clock_now());
  const auto store = on.host->open(inner.gun());
  CHECK_FALSE(test::fetch_newest(*store, "root"));
  REQUIRE(store->publish(inner.new_repository(*store)) == agent::PublishResult::kStored);
  CHECK_NOTHROW(inner.load(*store));
  CHECK_NOTHROW(on.client.load(*on.store));
}
