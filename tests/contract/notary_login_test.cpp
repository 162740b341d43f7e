// Logging in to a notary-server that demands tokens.
#include "agent/http/authenticated_client.h"
#include "agent/store/notary_server.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/notary_process.h"

using agent::Access;
using agent::Credential;
using agent::NotaryServer;
using agent::PublishResult;
using test::NotaryProcess;
using tuf::ErrorCode;
using tuf::RoleName;

namespace {

class Lab {
 public:
  /// A store for `user`; nullptr for nobody.
  NotaryServer store(Access access, const char* user, const char* password = "secret",
                     Credential::Kind kind = Credential::Kind::kPassword) {
    const agent::Url url = agent::Url::of_server(server.url());
    agent::AuthOptions options = agent::notary_auth(url, gun, access);
    options.find_credential = [=]() -> std::optional<Credential> {
      if (user == nullptr) return std::nullopt;
      return Credential{"NOTARY_AUTH", kind, user, hsm::Secret(password)};
    };
    client = server.client();
    return {std::make_shared<agent::AuthenticatedClient>(client, std::move(options)), url, gun};
  }
  std::string token_log() { return server.token_server()->log(); }

  const tuf::Gun gun = tuf::Gun::of("localhost:5000/team/app");
  NotaryProcess server{NotaryProcess::Options{.tokens = true}};
  std::shared_ptr<agent::CurlClient> client;
};

// The server ignores a posted timestamp and makes its own: the smallest publish that it takes.
const std::vector<agent::RoleFile> kTimestamp = {{RoleName::of("timestamp"), "{}"}};

}  // namespace

TEST_CASE("reading costs one token that allows to read") {
  Lab lab;
  NotaryServer store = lab.store(Access::kRead, "alice");
  const auto files =
      store.fetch({{RoleName::of("root")}, {RoleName::of("timestamp")}, {RoleName::of("snapshot")}});
  for (const auto& file : files) CHECK_FALSE(file);
  CHECK_FALSE(store.fetch({{RoleName::of("targets")}}).front());
  CHECK(lab.token_log() == "GET user=alice scope=repository:localhost:5000/team/app:pull 200\n");
}

TEST_CASE("a publisher gets the server's keys and is heard when it posts") {
  Lab lab;
  NotaryServer store = lab.store(Access::kPublish, "alice");
  CHECK(store.server_key(RoleName::of("timestamp")).keytype == "ed25519");
  // Understood and refused for what it says, not for who says it.
  CHECK_ERROR(store.publish({{RoleName::of("targets"), "{}"}}), ErrorCode::kServerRejected, "INVALID_UPDATE");
  CHECK(lab.token_log() == "GET user=alice scope=repository:localhost:5000/team/app:push,pull 200\n");
}

TEST_CASE("an identity token is exchanged for a token") {
  Lab lab;
  NotaryServer store = lab.store(Access::kPublish, "", "refresh-alice", Credential::Kind::kIdentityToken);
  CHECK_FALSE(store.fetch({{RoleName::of("root")}}).front());
  CHECK(lab.token_log() == "POST user=alice scope=repository:localhost:5000/team/app:push,pull 200\n");
}

TEST_CASE("wrong credentials are refused once, by name") {
  Lab lab;
  NotaryServer store = lab.store(Access::kRead, "alice", "wrong");
  CHECK_ERROR(store.fetch({{RoleName::of("root")}, {RoleName::of("timestamp")}}), ErrorCode::kUnauthorized,
              "refuses the credentials from NOTARY_AUTH: UNAUTHORIZED: bad credentials");
  CHECK(lab.token_log() == "GET user=alice scope=repository:localhost:5000/team/app:pull 401\n");
}

TEST_CASE("without credentials the server says that it wants some") {
  Lab lab;
  NotaryServer store = lab.store(Access::kRead, nullptr);
  CHECK_ERROR(store.fetch({{RoleName::of("root")}}), ErrorCode::kUnauthorized, "and there are none");
}

TEST_CASE("who may only read can read and cannot publish") {
  Lab lab;
  NotaryServer reader = lab.store(Access::kRead, "bob");
  CHECK_FALSE(reader.fetch({{RoleName::of("root")}}).front());
  NotaryServer publisher = lab.store(Access::kPublish, "bob");
  CHECK_ERROR(publisher.require_publishing(), ErrorCode::kForbidden, "bob");
  CHECK_ERROR(publisher.publish(kTimestamp), ErrorCode::kForbidden,
              "bob (credentials from NOTARY_AUTH) may not publish trust data of localhost:5000/team/app");
}

TEST_CASE("an administrator's token allows everything") {
  Lab lab;
  NotaryServer store = lab.store(Access::kAdminister, "alice");
  CHECK_FALSE(store.fetch({{RoleName::of("root")}}).front());
  CHECK(store.server_key(RoleName::of("snapshot")).keytype == "ed25519");
}

TEST_CASE("log-in, batch and publish share the connections that were opened first") {
  Lab lab;
  NotaryServer store = lab.store(Access::kPublish, "alice");
  store.fetch({{RoleName::of("root")}, {RoleName::of("timestamp")}, {RoleName::of("snapshot")}});
  const int opened = lab.client->stats().connections;
  CHECK(opened <= 4);  // three to the server, one to the token service
  store.server_key(RoleName::of("snapshot"));
  CHECK_ERROR(store.publish({{RoleName::of("targets"), "{}"}}), ErrorCode::kServerRejected);
  store.fetch({{RoleName::of("root")}, {RoleName::of("timestamp")}});
  CHECK(lab.client->stats().connections == opened);
  CHECK(lab.client->stats().retries == 0);
}
