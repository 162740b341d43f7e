// The folder of a static trust repository behind a plain web server, read by the official client.
#include <chrono>

#include "agent/store/static_repository.h"
#include "tests/support/catch.h"
#include "tests/support/child_process.h"
#include "tests/support/process.h"
#include "tests/support/store_client.h"
#include "tests/support/test_data.h"

using test::StoreClient;

namespace {

tuf::Time clock_now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

/// Python's web server: it knows nothing of Notary.
class WebServer {
 public:
  explicit WebServer(const test::TempDir& dir)
      : port_(test::free_port()),
        process_({"python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", dir / "served",
                  std::to_string(port_)},
                 dir.path(), dir / "web.log") {
    REQUIRE(test::wait_for_port(port_, process_));
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  int port_;
  test::ChildProcess process_;
};

}  // namespace

TEST_CASE("the official client reads a static repository that a plain web server serves") {
  const test::TempDir dir;
  StoreClient client(tuf::Gun::of("registry.example.com/team/app"), clock_now());
  agent::StaticRepository store(dir / "served", client.gun(), {clock_now});
  REQUIRE(store.publish(client.new_repository(store)) == agent::PublishResult::kStored);
  REQUIRE(client.publish(store, client.add_delegation("targets/releases")) == agent::PublishResult::kStored);
  REQUIRE(client.publish(store, StoreClient::set_target("targets/releases", "1.0")) ==
          agent::PublishResult::kStored);

  const WebServer web(dir);
  const auto list = [&](const std::string& trust_dir) {
    return test::run_or_throw(
        {"notary", "-s", web.url(), "-d", dir / trust_dir, "list", client.gun().text()});
  };
  const std::string first = list("trust");
  CHECK(first.find("1.0") != std::string::npos);
  CHECK(first.find("targets/releases") != std::string::npos);

  // It follows a new root and what comes after it, with its cache and without.
  REQUIRE(store.publish({client.next_root(store, [](tuf::Root& root) { root.expires += tuf::Days{1}; })}) ==
          agent::PublishResult::kStored);
  REQUIRE(client.publish(store, StoreClient::set_target("targets", "2.0")) == agent::PublishResult::kStored);
  for (const char* trust_dir : {"trust", "fresh"}) {
    CAPTURE(trust_dir);
    const std::string second = list(trust_dir);
    CHECK(second.find("1.0") != std::string::npos);
    CHECK(second.find("2.0") != std::string::npos);
    CHECK(test::read_file(dir / trust_dir / "tuf/registry.example.com/team/app/metadata/root.json") ==
          test::fetch_newest(store, "root"));
  }
}

TEST_CASE("the official client reads past a root.json that a killed publisher left behind") {
  const test::TempDir dir;
  StoreClient client(tuf::Gun::of("registry.example.com/team/app"), clock_now());
  agent::StaticRepository store(dir / "served", client.gun(), {clock_now});
  REQUIRE(store.publish(client.new_repository(store)) == agent::PublishResult::kStored);
  REQUIRE(client.publish(store, StoreClient::set_target("targets", "1.0")) == agent::PublishResult::kStored);
  const WebServer web(dir);
  const auto list = [&](const std::string& trust_dir) {
    return test::run_or_throw(
        {"notary", "-s", web.url(), "-d", dir / trust_dir, "list", client.gun().text()});
  };
  CHECK(list("trust").find("1.0") != std::string::npos);

  const auto tuf_folder = dir / "served/v2/registry.example.com/team/app/_trust/tuf";
  bool switched = false;
  agent::StaticRepository stopped(
      dir / "served", client.gun(),
      {clock_now, std::chrono::seconds(1), [&](const std::filesystem::path& path) {
         if (switched) throw std::runtime_error("stopped");
         switched = path == tuf_folder / "timestamp.json";
       }});
  const agent::RoleFile root = client.next_root(store, [](tuf::Root& body) { body.expires += tuf::Days{1}; });
  CHECK_THROWS_WITH(stopped.publish({root}), "stopped");
  REQUIRE(test::read_file(tuf_folder / "root.json") != root.bytes);
  for (const char* trust_dir : {"trust", "fresh"}) {
    CAPTURE(trust_dir);
    CHECK(list(trust_dir).find("1.0") != std::string::npos);
    CHECK(test::read_file(dir / trust_dir / "tuf/registry.example.com/team/app/metadata/root.json") ==
          root.bytes);
  }
}
