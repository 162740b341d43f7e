// Publishing into a static repository while it is read, killed and raced.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "agent/store/static_repository.h"
#include "tests/support/catch.h"
#include "tests/support/store_client.h"
#include "tests/support/test_data.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/trust/role_authority.h"

namespace fs = std::filesystem;
using test::StoreClient;

namespace {

constexpr tuf::Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};

agent::StaticRepository open(const fs::path& served, const tuf::Gun& gun,
                             agent::StaticFolder::BeforeWrite before_write = nullptr) {
  return {served, gun, {[] { return kNow; }, std::chrono::seconds(30), std::move(before_write)}};
}

/// What an official client sees through a web server: it knows nothing but files, and fetches root.json
/// first.
class WebReader {
 public:
  WebReader(const fs::path& served, const tuf::Gun& gun)
      : gun_(gun), folder_(served / "v2" / gun.text() / "_trust/tuf") {}

  bool has_data() const { return fs::exists(folder_ / "root.json"); }

  /// Root by `root.json`, or, like a client with a cache, `cached_root`; a root that the snapshot names
  /// instead is fetched by its hash and everything done once more (section 7.1).
  tuf::TrustedRepository load(const std::string& cached_root = {}) const {
    const std::string root = cached_root.empty() ? read("root.json") : cached_root;
    const std::string timestamp_bytes = read("timestamp.json");
    const auto timestamp = tuf::decode<tuf::Timestamp>(timestamp_bytes, "timestamp");
    const std::string snapshot_bytes = read(by_hash("snapshot", timestamp.body.snapshot));
    const auto snapshot = tuf::decode<tuf::Snapshot>(snapshot_bytes, "snapshot");

    tuf::TrustedRepository repository(gun_, kNow);
    repository.accept_first_root(root, nullptr);
    const tuf::FileMeta& root_meta = snapshot.body.meta.at("root");
    if (tuf::describe_file(root).hashes != root_meta.hashes) {
      // The timestamp and snapshot that tell of the new root must be good by the old one.
      tuf::TrustedRepository before(gun_, kNow);
      before.accept_first_root(root, nullptr);
      before.accept_timestamp(timestamp_bytes);
      if (!tuf::RoleAuthority::of(before.root().body, tuf::RoleName::of("snapshot"))
               .approves(snapshot.signed_text, snapshot.signatures)) {
        throw std::runtime_error("the snapshot is not signed by the old root's key");
      }
      repository.accept_next_root(read(by_hash("root", root_meta)));
    }
    repository.accept_timestamp(timestamp_bytes);
    repository.accept_snapshot(snapshot_bytes);
    repository.accept_targets(read(by_hash("targets", snapshot.body.meta.at("targets"))));
    for (auto wanted = repository.wanted_delegations(); !wanted.empty();
         wanted = repository.wanted_delegations()) {
      for (const auto& [role, meta] : wanted) {
        std::optional<std::string> bytes;
        if (meta) bytes = read(by_hash(role.text(), *meta));
        repository.accept_delegation(role, std::move(bytes));
      }
    }
    return repository;
  }

 private:
  static std::string by_hash(const std::string& role, const tuf::FileMeta& meta) {
    return role + "." + tuf::to_hex(meta.hashes.at("sha256")) + ".json";
  }
  std::string read(const std::string& name) const { return test::read_file(folder_ / name); }

  tuf::Gun gun_;
  fs::path folder_;
};

/// Runs `action` in a child process; its exit code, or minus the signal that ended it.
template <class Action>
int in_child(Action action) {
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    int code = 99;
    try {
      code = action();
    } catch (...) {
    }
    _exit(code);
  }
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/// Publishes in a process that is killed when it is about to write its n-th file (from 0). True if it got
/// that far.
bool publish_killed_at(int n, const fs::path& served, const tuf::Gun& gun,
                       const std::vector<agent::RoleFile>& files) {
  const int end = in_child([&] {
    int written = 0;
    auto store = open(served, gun, [&](const fs::path&) {
      if (written++ == n) kill(getpid(), SIGKILL);
    });
    return store.publish(files) == agent::PublishResult::kStored ? 0 : 1;
  });
  REQUIRE((end == -SIGKILL || end == 0));
  return end == -SIGKILL;
}

std::size_t count_abandoned(const fs::path& folder) {
  std::size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    count += entry.path().filename().string().starts_with(".tmp-") ? 1 : 0;
  }
  return count;
}

struct Fixture {
  test::TempDir dir;
  fs::path served = dir / "served";
  StoreClient client{tuf::Gun::of("registry.example.com/team/app"), kNow};
  agent::StaticRepository store = open(served, client.gun());
  WebReader web{served, client.gun()};

  void initialise() {
    REQUIRE(store.publish(client.new_repository(store)) == agent::PublishResult::kStored);
    REQUIRE(client.publish(store, client.add_delegation("targets/releases")) ==
            agent::PublishResult::kStored);
  }
};

const tuf::Targets* releases_of(const tuf::TrustedRepository& repository) {
  const auto* delegation = repository.find_delegation(tuf::RoleName::of("targets/releases"));
  return delegation && delegation->metadata ? &delegation->metadata->body : nullptr;
}

}  // namespace

TEST_CASE("a publisher that is killed at any point leaves the old state or the new one") {
  bool reached = true;
  int kills = 0;
  bool seen_old = false;
  bool seen_new = false;
  for (int n = 0; reached; ++n) {
    CAPTURE(n);
    Fixture at;
    at.initialise();
    const auto files = at.client.draft(at.store, [&](tuf::RepositoryDraft& draft) {
      StoreClient::set_target("targets", "1.0")(draft);
      StoreClient::set_target("targets/releases", "1.0")(draft);
    });
    reached = publish_killed_at(n, at.served, at.client.gun(), files);
    kills += reached ? 1 : 0;

    const tuf::TrustedRepository web = at.web.load();
    const tuf::TrustedRepository ours = at.client.load(at.store);
    CHECK(web.timestamp().bytes == ours.timestamp().bytes);
    const bool is_new = web.targets().body.targets.contains("1.0");
    CHECK((releases_of(web) != nullptr) == is_new);
    (is_new ? seen_new : seen_old) = true;
    if (!reached) CHECK(is_new);

    // The next publisher carries on from whichever it is.
    REQUIRE(at.client.publish(at.store, StoreClient::set_target("targets/releases", "2.0")) ==
            agent::PublishResult::kStored);
    const tuf::TrustedRepository after = at.web.load();
    CHECK(after.targets().body.targets.contains("1.0") == is_new);
    CHECK(releases_of(after)->targets.contains("2.0"));
    CHECK(test::fetch_newest(at.store, "targets/releases") ==
          test::read_file(at.served / "v2/registry.example.com/team/app/_trust/tuf/targets/releases.json"));
    CHECK(count_abandoned(at.served) == 0);
  }
  CHECK(kills >= 10);
  CHECK(seen_old);
  CHECK(seen_new);
}

TEST_CASE("a first publish that is killed at any point leaves nothing or a whole repository") {
  bool reached = true;
  for (int n = 0; reached; ++n) {
    CAPTURE(n);
    Fixture at;
    const auto files = at.client.new_repository(at.store);
    reached = publish_killed_at(n, at.served, at.client.gun(), files);
    if (at.web.has_data()) CHECK_NOTHROW(at.web.load());
    // Run again, the same command finds its repository or makes it.
    if (!test::fetch_newest(at.store, "root")) {
      CHECK(at.store.publish(files) == agent::PublishResult::kStored);
    } else {
      CHECK(at.store.publish(files) == agent::PublishResult::kConflict);
    }
    CHECK(at.client.load(at.store).root().bytes == at.web.load().root().bytes);
  }
}

TEST_CASE("a new root that is killed at any point can be read, with and without a cached root") {
  const std::string new_key = GENERATE("", "timestamp", "snapshot");  // of a role that the store signs
  bool reached = true;
  bool seen_old = false;
  bool seen_new = false;
  for (int n = 0; reached; ++n) {
    CAPTURE(n);
    Fixture at;
    at.initialise();
    const std::string cached = test::fetch_newest(at.store, "root").value();
    const agent::RoleFile root = at.client.next_root(at.store, [&](tuf::Root& body) {
      body.expires += tuf::Days{1};
      if (new_key.empty()) return;
      const tuf::KeyObject key = at.store.make_server_key(tuf::RoleName::of(new_key));
      body.keys.emplace(tuf::key_id(key), key);
      body.roles[new_key] = {{tuf::key_id(key)}, 1};
    });
    reached = publish_killed_at(n, at.served, at.client.gun(), {root});
    CAPTURE(new_key);
    const std::int64_t version = at.web.load().root().body.version;
    CHECK(at.web.load(cached).root().body.version == version);
    CHECK(at.client.load(at.store).root().body.version == version);
    (version == 2 ? seen_new : seen_old) = true;
    // No gap in the chain of roots once there is a third.
    if (version == 1) REQUIRE(at.store.publish({root}) == agent::PublishResult::kStored);
    const agent::RoleFile third =
        at.client.next_root(at.store, [](tuf::Root& body) { body.expires += tuf::Days{1}; });
    REQUIRE(at.store.publish({third}) == agent::PublishResult::kStored);
    for (std::int64_t v : {1, 2, 3}) CHECK(test::fetch_with_version(at.store, "root", v));
    const tuf::TrustedRepository last = at.web.load();
    CHECK(last.root().body.version == 3);
    CHECK(last.timestamp().signatures.size() == 1);  // the old key had its last use
  }
  CHECK(seen_old);
  CHECK(seen_new);
}

TEST_CASE("a root that takes the snapshot key away never fails a client with a cache, and heals") {
  bool reached = true;
  for (int n = 0; reached; ++n) {
    CAPTURE(n);
    Fixture at;
    REQUIRE(at.store.publish(at.client.new_repository(at.store, true)) == agent::PublishResult::kStored);
    const std::string cached = test::fetch_newest(at.store, "root").value();
    const tuf::KeyObject key = at.store.server_key(tuf::RoleName::of("snapshot"));
    const agent::RoleFile root = at.client.next_root(at.store, [&](tuf::Root& body) {
      body.keys.emplace(tuf::key_id(key), key);
      body.roles["snapshot"] = {{tuf::key_id(key)}, 1};
    });
    reached = publish_killed_at(n, at.served, at.client.gun(), {root});
    const tuf::TrustedRepository ours = at.client.load(at.store);
    if (ours.root().body.version == 1) {
      CHECK_NOTHROW(at.web.load(cached));
      REQUIRE(at.store.publish({root}) == agent::PublishResult::kStored);
    }
    CHECK(at.web.load().root().body.version == 2);
    CHECK(at.client.load(at.store).root().body.version == 2);
  }
}

TEST_CASE("who holds the keys completes by reading what a killed publisher left") {
  Fixture at;
  at.initialise();
  const auto files = at.client.draft(at.store, StoreClient::set_target("targets", "1.0"));
  const fs::path folder = at.served / "v2/registry.example.com/team/app/_trust/tuf";
  int after_switch = 0;
  const int end = in_child([&] {
    auto store = open(at.served, at.client.gun(), [&](const fs::path& path) {
      if (after_switch != 0) kill(getpid(), SIGKILL);
      if (path == folder / "timestamp.json") after_switch = 1;
    });
    return store.publish(files) == agent::PublishResult::kStored ? 0 : 1;
  });
  REQUIRE(end == -SIGKILL);
  CHECK_FALSE(fs::exists(folder / "3.targets.json"));
  const std::string targets = test::fetch_newest(at.store, "targets").value();
  CHECK(test::read_file(folder / "3.targets.json") == targets);
  CHECK(test::read_file(folder / "targets.json") == targets);
  CHECK(test::read_file(folder / "3.timestamp.json") == test::read_file(folder / "timestamp.json"));
}

TEST_CASE("processes that publish at once lose nothing: each gets through or is told of the conflict") {
  Fixture at;
  at.initialise();
  constexpr int kWriters = 4;
  constexpr int kTags = 4;
  std::vector<pid_t> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    const pid_t pid = fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
      int code = 1;
      try {
        auto store = open(at.served, at.client.gun());
        for (int tag = 0; tag < kTags; ++tag) {
          const std::string name = std::to_string(writer) + "." + std::to_string(tag);
          while (at.client.publish(store, StoreClient::set_target("targets/releases", name)) !=
                 agent::PublishResult::kStored) {
          }
        }
        code = 0;
      } catch (const std::exception& error) {
        static_cast<void>(!write(2, error.what(), std::string_view(error.what()).size()));
      }
      _exit(code);
    }
    writers.push_back(pid);
  }
  for (const pid_t pid : writers) {
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    CHECK(status == 0);
  }
  const tuf::TrustedRepository repository = at.web.load();
  CHECK(releases_of(repository)->targets.size() == kWriters * kTags);
  CHECK(releases_of(repository)->version == kWriters * kTags);
  CHECK(repository.timestamp().body.version == 2 + kWriters * kTags);
}

TEST_CASE("the same change by two publishers: one is stored, one is a conflict") {
  Fixture at;
  at.initialise();
  const auto one = at.client.draft(at.store, StoreClient::set_target("targets", "one"));
  const auto two = at.client.draft(at.store, StoreClient::set_target("targets", "two"));
  std::atomic<int> stored{0};
  std::atomic<int> conflicts{0};
  std::vector<std::thread> threads;
  for (const auto* files : {&one, &two}) {
    threads.emplace_back([&, files] {
      auto store = open(at.served, at.client.gun());
      (store.publish(*files) == agent::PublishResult::kStored ? stored : conflicts) += 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(stored == 1);
  CHECK(conflicts == 1);
  CHECK(at.web.load().targets().body.targets.size() == 1);
}

TEST_CASE("a reader during publishes always finds a whole chain") {
  Fixture at;
  at.initialise();
  std::atomic<bool> done{false};
  std::atomic<int> failures{0};
  std::atomic<int> loads{0};
  std::thread reader([&] {
    while (!done || loads == 0) {
      try {
        at.web.load();
        ++loads;
      } catch (const std::exception&) {
        ++failures;
      }
    }
  });
  for (int i = 0; i < 15; ++i) {
    REQUIRE(at.client.publish(at.store, StoreClient::set_target("targets/releases", std::to_string(i))) ==
            agent::PublishResult::kStored);
    if (i % 5 == 4) {
      REQUIRE(at.store.publish({at.client.next_root(at.store, [](tuf::Root& body) {
        body.expires += tuf::Days{1};
      })}) == agent::PublishResult::kStored);
    }
  }
  done = true;
  reader.join();
  CHECK(failures == 0);
  CHECK(loads > 0);
}

TEST_CASE("a publisher that waits too long for another names the lock") {
  Fixture at;
  at.initialise();
  const auto files = at.client.draft(at.store, StoreClient::set_target("targets", "1.0"));
  std::string message;
  agent::StaticRepository slow(at.served, at.client.gun(),
                               {[] { return kNow; }, std::chrono::seconds(30),
                                [&](const fs::path&) {
                                  if (!message.empty()) return;
                                  agent::StaticRepository other(
                                      at.served, at.client.gun(),
                                      {[] { return kNow; }, std::chrono::milliseconds(20)});
                                  try {
                                    other.publish(files);
                                  } catch (const tuf::Error& error) {
                                    if (error.code() == tuf::ErrorCode::kLocked) message = error.what();
                                  }
                                }});
  CHECK(slow.publish(files) == agent::PublishResult::kStored);
  CHECK(message.find("served.keys/") != std::string::npos);
  CHECK(message.find("process " + std::to_string(getpid())) != std::string::npos);
}
