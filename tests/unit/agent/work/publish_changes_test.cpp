#include "agent/work/publish_changes.h"

#include <stdexcept>

#include "agent/work/publish_queue.h"
#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"
#include "tests/support/open_gate.h"
#include "tests/support/store_client.h"
#include "tests/unit/agent/work/served_repository.h"

namespace {

using agent::PublishOptions;
using test::MemoryStore;
using tuf::ErrorCode;
using tuf::RoleName;
using Outcome = MemoryStore::Outcome;

const RoleName kReleases = RoleName::of("targets/releases");

agent::ChangeRepository add_tag(const std::string& name) {
  return [name](const tuf::TrustedRepository&, tuf::RepositoryDraft& draft) {
    draft.set_target(kReleases, name, test::make_target(name));
  };
}

/// A repository with an empty targets/releases, whose administrator publishes through the workflow.
struct Publishing {
  explicit Publishing(bool own_snapshot = false) {
    store.publish(client.new_repository(store, own_snapshot));
    client.publish(store, client.add_delegation("targets/releases"));
    machine.request.policy.trust_on_first_use = true;
    forget_counts();
  }
  void forget_counts() { store.publishes = store.fetches = 0; }

  agent::PublishedChanges publish(const agent::ChangeRepository& change, PublishOptions options = {}) {
    return publish(change, client.signer_for(), std::move(options));
  }
  agent::PublishedChanges publish(const agent::ChangeRepository& change, const tuf::SignerFor& signer_for,
                                  PublishOptions options = {}) {
    options.sleep = [this](int milliseconds) { slept.push_back(milliseconds); };
    return agent::publish_changes({store, machine.seen, machine.request},
                                  {change, test::open_gate, signer_for, options}, machine.warnings);
  }
  bool has(const std::string& tag) { return client.load(store).find_target(kReleases, tag).has_value(); }

  test::StoreClient client{tuf::Gun::of("registry.example.com/team/app"), test::kNow};
  MemoryStore store = test::make_store(client.gun());
  test::Machine machine{client.gun()};
  std::vector<int> slept;
};

tuf::SignerFor no_key_may_be_used() {
  return [](const tuf::KeyId&) -> std::shared_ptr<tuf::Signer> { throw std::logic_error("a key was used"); };
}

/// A store whose keys cannot be asked for, in front of another.
class KeylessStore final : public agent::TrustStore {
 public:
  explicit KeylessStore(agent::TrustStore& store) : store_(store) {}
  const std::string& name() const override { return store_.name(); }
  std::vector<std::optional<std::string>> fetch(const std::vector<agent::FileRequest>& requests) override {
    return store_.fetch(requests);
  }
  tuf::KeyObject server_key(const RoleName&) override {
    throw tuf::Error(ErrorCode::kForbidden, "not for you");
  }
  tuf::KeyObject make_server_key(const RoleName& role) override { return server_key(role); }
  void require_publishing() override { server_key(RoleName::of("timestamp")); }
  void remove() override { store_.remove(); }
  agent::PublishResult publish(const std::vector<agent::RoleFile>& files) override {
    return store_.publish(files);
  }

 private:
  agent::TrustStore& store_;
};

}  // namespace

TEST_CASE("A change is published with one POST and proven by reading it back") {
  Publishing p;

  const auto changes = p.publish(add_tag("1.0"));

  CHECK(changes.published);
  CHECK(changes.attempts == 1);
  CHECK(p.store.publishes == 1);
  REQUIRE(changes.files.size() == 1);
  CHECK(changes.files[0].role == kReleases);
  CHECK(changes.repository.find_target(kReleases, "1.0"));
  CHECK(p.machine.remembered("targets/releases") == changes.files[0].bytes);
  CHECK(p.slept.empty());
}

TEST_CASE("Where nothing is to be done nothing is sent and no key is used") {
  Publishing p;
  p.publish(add_tag("1.0"));
  p.forget_counts();

  const auto changes = p.publish(add_tag("1.0"), no_key_may_be_used());

  CHECK_FALSE(changes.published);
  CHECK(changes.attempts == 0);
  CHECK(changes.files.empty());
  CHECK(p.store.publishes == 0);
}

TEST_CASE("What no reader would take is not published") {
  Publishing p;
  const auto error = test::error_of([&] {
    p.publish([](const tuf::TrustedRepository&, tuf::RepositoryDraft& draft) {
      for (const char* tag : {"1.0", "2.0"}) {
        tuf::Target target = test::make_target(tag);
        target.custom = std::vector<int>(tuf::kMaxJsonValues * 2 / 3);
        draft.set_target(kReleases, tag, target);
      }
    });
  });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kInvalidRole);
  CHECK(error->hint().find("--no-provenance") != std::string::npos);
  CHECK(p.store.publishes == 0);
}

TEST_CASE("No key is used before the repository has been verified and the change allowed") {
  Publishing p;

  SECTION("an untrusted root") {
    p.machine.request.policy.trust_on_first_use = false;
    CHECK_ERROR(p.publish(add_tag("1.0"), no_key_may_be_used()), ErrorCode::kUnpinnedRoot);
  }
  SECTION("a change that refuses") {
    const auto refuse = [](const tuf::TrustedRepository&, tuf::RepositoryDraft& draft) {
      draft.set_target(kReleases, "1.0", test::make_target("1.0"));
      throw tuf::Error(ErrorCode::kTagMoved, "no");
    };
    CHECK_ERROR(p.publish(refuse, no_key_may_be_used()), ErrorCode::kTagMoved);
  }
  CHECK(p.store.publishes == 0);
}

TEST_CASE("A dry run signs but sends nothing") {
  Publishing p;
  PublishOptions options;
  options.until = agent::Until::kSigned;

  const auto changes = p.publish(add_tag("1.0"), options);

  CHECK_FALSE(changes.published);
  CHECK(changes.attempts == 0);
  REQUIRE(changes.files.size() == 1);
  CHECK(changes.files[0].version == 1);
  CHECK(p.store.publishes == 0);
  CHECK_FALSE(p.has("1.0"));
}

TEST_CASE("After a lost race the change is made again in what the others published") {
  Publishing p;
  p.store.before_publish = [&](int n) {
    if (n == 1) p.client.publish(p.store, test::StoreClient::set_target("targets/releases", "other"));
  };

  const auto changes = p.publish(add_tag("1.0"));

  CHECK(changes.published);
  CHECK(changes.attempts == 2);
  CHECK(p.has("1.0"));
  CHECK(p.has("other"));
  CHECK(p.slept.size() == 1);
}

TEST_CASE("What others published in our place is not reported as published by us") {
  Publishing p;
  p.store.before_publish = [&](int n) {
    if (n == 1) p.client.publish(p.store, test::StoreClient::set_target("targets/releases", "1.0", "1.0"));
  };

  const auto changes = p.publish(add_tag("1.0"));

  CHECK_FALSE(changes.published);
  CHECK(changes.attempts == 1);
  CHECK(changes.files.empty());
}

TEST_CASE("Races are lost only so often") {
  Publishing p;
  for (int n = 1; n <= 5; ++n) p.store.outcomes[n] = Outcome::kConflict;
  PublishOptions options;
  options.attempts = 3;

  CHECK_ERROR(p.publish(add_tag("1.0"), options), ErrorCode::kConflict, "3 attempts");
  CHECK(p.store.publishes == 3);
  CHECK_FALSE(p.has("1.0"));
}

TEST_CASE("A lost answer to a publish that was stored is success without another POST") {
  Publishing p;
  p.store.outcomes[1] = Outcome::kUnknownStored;

  const auto changes = p.publish(add_tag("1.0"));

  CHECK(changes.published);
  CHECK(p.store.publishes == 1);
}

TEST_CASE("What arrives late, and makes the next attempt lose its race, is reported as published by us") {
  Publishing p;
  p.store.outcomes[1] = Outcome::kUnknownLost;
  PublishOptions options;
  options.before_sending = [&] {
    if (p.store.publishes != 1) return;
    REQUIRE(p.client.publish(p.store, test::StoreClient::set_target("targets/releases", "1.0", "1.0")) ==
            agent::PublishResult::kStored);
  };
  const auto changes = p.publish(add_tag("1.0"), options);
  CHECK(changes.published);
  CHECK(changes.attempts == 2);
  CHECK_FALSE(changes.files.empty());
}

TEST_CASE("A publish that never arrived is repeated, three times at most") {
  Publishing p;
  const int lost = GENERATE(1, 2, 3);
  for (int n = 1; n <= lost; ++n) p.store.outcomes[n] = Outcome::kUnknownLost;

  if (lost < 3) {
    CHECK(p.publish(add_tag("1.0")).attempts == lost + 1);
    CHECK(p.has("1.0"));
  } else {
    CHECK_ERROR(p.publish(add_tag("1.0")), ErrorCode::kServerError, "did not store");
    CHECK(p.store.publishes == 3);
    CHECK_FALSE(p.has("1.0"));
  }
}

TEST_CASE("A store that claims to have stored what it does not have is not believed") {
  Publishing p;
  p.store.outcomes[1] = Outcome::kForgotten;

  CHECK_ERROR(p.publish(add_tag("1.0")), ErrorCode::kServerError, "does not have it");
  CHECK(p.store.publishes == 1);
}

TEST_CASE("The outcome is unknown if what may be stored cannot be read back") {
  Publishing p;
  int unreachable_after = 1;
  SECTION("after an unknown outcome") {
    p.store.outcomes[1] = Outcome::kUnknownLost;
  }
  SECTION("after success") {}
  SECTION("after a conflict with what may be our own late publish") {
    p.store.outcomes[1] = Outcome::kUnknownLost;
    p.store.outcomes[2] = Outcome::kConflict;
    unreachable_after = 2;
  }
  p.store.before_fetch = [&](const auto&) {
    if (p.store.publishes >= unreachable_after) throw tuf::Error(ErrorCode::kServerUnreachable, "gone");
  };

  CHECK_ERROR(p.publish(add_tag("1.0")), ErrorCode::kOutcomeUnknown, "gone");
}

TEST_CASE("A conflict leaves nothing of ours, so an error behind it stays what it is") {
  Publishing p;
  p.store.outcomes[1] = Outcome::kConflict;
  p.store.before_fetch = [&](const auto&) {
    if (p.store.publishes == 1) throw tuf::Error(ErrorCode::kServerUnreachable, "gone");
  };

  CHECK_ERROR(p.publish(add_tag("1.0")), ErrorCode::kServerUnreachable);
}

namespace {

/// Time that passes only while somebody waits for another attempt, or where the test says so.
struct Timed : Publishing {
  explicit Timed(std::chrono::milliseconds total) {
    machine.request.budget = std::make_shared<hsm::TimeBudget>(total, [this] { return now; });
  }
  agent::PublishedChanges run() {
    PublishOptions options;
    options.attempts = 1'000'000;
    options.sleep = [this](int milliseconds) { now += std::chrono::milliseconds(milliseconds); };
    return agent::publish_changes({store, machine.seen, machine.request},
                                  {add_tag("1.0"), test::open_gate, client.signer_for(), options},
                                  machine.warnings);
  }
  std::chrono::milliseconds passed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  }
  hsm::TimeBudget::Clock::time_point now{};
};

}  // namespace

TEST_CASE(
    "What a run has seen is remembered in the end, also of one that fails, and the root before anything is "
    "sent") {
  Publishing p;
  p.store.before_publish = [&](int) {
    CHECK(p.machine.remembered("root"));
    CHECK_FALSE(p.machine.remembered("timestamp"));
  };
  SECTION("published") {
    p.publish(add_tag("1.0"));
    CHECK(p.machine.remembered("timestamp") == p.store.newest.at(RoleName::timestamp()));
  }
  SECTION("failed") {
    p.store.outcomes[1] = Outcome::kForgotten;
    CHECK_ERROR(p.publish(add_tag("1.0")), ErrorCode::kServerError);
  }
  SECTION("refused") {
    const auto refuse = [](const tuf::TrustedRepository&, tuf::RepositoryDraft&) {
      throw tuf::Error(ErrorCode::kTagImmutable, "no");
    };
    CHECK_ERROR(p.publish(refuse), ErrorCode::kTagImmutable);
  }
  SECTION("nothing to do") {
    p.publish([](const tuf::TrustedRepository&, tuf::RepositoryDraft&) {});
  }
  CHECK(p.machine.remembered("timestamp"));
}

TEST_CASE(
    "A job that comes while another of this user publishes the repository waits for it, and loses no race") {
  Publishing p;
  const test::TempDir folder;
  const std::vector<std::filesystem::path> folders = {folder.path() / "locks"};
  agent::PublishQueue other(folders, p.store, p.client.gun());
  REQUIRE_FALSE(other.is_busy());
  PublishOptions options;
  options.queue_folders = folders;
  int ready = 0;
  const tuf::SignerFor theirs = p.client.signer_for();
  const tuf::SignerFor signer_for = [&](const tuf::KeyId& id) {
    if (++ready == 1) {  // this job has verified everything, and opens its keys
      p.client.publish(p.store, test::StoreClient::set_target("targets/releases", "0.9", "0.9"));
      other.leave();
    }
    return theirs(id);
  };
  const auto changes = p.publish(add_tag("1.0"), signer_for, options);
  CHECK(changes.published);
  CHECK(changes.attempts == 1);
  CHECK(p.has("0.9"));
  CHECK(p.has("1.0"));
  // Its own turn ends with its answer.
  CHECK_FALSE(agent::PublishQueue(folders, p.store, p.client.gun()).is_busy());
}

TEST_CASE("A job that holds up the others is waited for with a part of the time, and no longer in all") {
  Publishing p;
  const test::TempDir folder;
  const std::vector<std::filesystem::path> folders = {folder.path() / "locks"};
  const agent::PublishQueue hanging(folders, p.store, p.client.gun());
  PublishOptions options;
  options.queue_folders = folders;
  p.machine.request.budget = std::make_shared<hsm::TimeBudget>(std::chrono::seconds(2));
  CHECK(p.publish(add_tag("1.0"), options).published);
  CHECK(p.machine.request.budget->left() > std::chrono::milliseconds(500));

  std::chrono::milliseconds patience(60);
  options.queue_patience = &patience;
  p.machine.request.budget = hsm::TimeBudget::without_end();
  CHECK(p.publish(add_tag("2.0"), options).published);
  CHECK(patience.count() == 0);  // a run waits once, however many repositories it has
}

TEST_CASE("A store that answers conflict for ever is left when the time of the command is up") {
  Timed t(std::chrono::seconds(10));
  for (int n = 1; n < 10'000; ++n) t.store.outcomes[n] = Outcome::kConflict;

  CHECK_ERROR(t.run(), ErrorCode::kConflict, "in the 10 s that this command has");
  CHECK(t.passed() < std::chrono::seconds(10));
  CHECK(t.passed() > std::chrono::seconds(5));  // it waits at most four seconds at a time
  CHECK(t.store.publishes > 1);
}

TEST_CASE(
    "When time is up after a lost answer, what may be stored is looked for once more and not repeated") {
  Timed t(std::chrono::milliseconds(1));  // less than any pause
  SECTION("it is there") {
    t.store.outcomes[1] = Outcome::kUnknownStored;
    CHECK(t.run().published);
  }
  SECTION("it is not there") {
    t.store.outcomes[1] = Outcome::kUnknownLost;
    CHECK_ERROR(t.run(), ErrorCode::kTimeout, "did not store the update of");
  }
  SECTION("it cannot be seen") {
    t.store.outcomes[1] = Outcome::kUnknownStored;
    t.store.before_fetch = [&](const auto&) {
      if (t.store.publishes > 0) throw tuf::Error(ErrorCode::kTimeout, "no time");
    };
    CHECK_ERROR(t.run(), ErrorCode::kOutcomeUnknown, "no time");
  }
  CHECK(t.store.publishes == 1);
}

TEST_CASE("Nothing is sent when reading and signing have used up the time") {
  Timed t(std::chrono::seconds(10));
  t.store.before_fetch = [&](const auto&) { t.now += std::chrono::seconds(4); };
  const tuf::SignerFor slow = [&](const tuf::KeyId& id) {
    t.now += std::chrono::seconds(10);
    return t.client.signer_for()(id);
  };
  CHECK_ERROR(agent::publish_changes({t.store, t.machine.seen, t.machine.request},
                                     {add_tag("1.0"), test::open_gate, slow, {}}, t.machine.warnings),
              ErrorCode::kTimeout, "nothing was published");
  CHECK(t.store.publishes == 0);
}

TEST_CASE("A publish that the store rejects is not repeated") {
  Publishing p;
  p.store.before_publish = [](int) { throw tuf::Error(ErrorCode::kServerRejected, "no room"); };

  CHECK_ERROR(p.publish(add_tag("1.0")), ErrorCode::kServerRejected, "no room");
  CHECK(p.store.publishes == 1);
}

TEST_CASE("Where clients sign the snapshot its missing key is what an error names") {
  Publishing p(true);
  const auto delegate = p.client.delegate();
  const tuf::SignerFor only_delegate = [&](const tuf::KeyId& id) -> std::shared_ptr<tuf::Signer> {
    return delegate->public_key().canonical_id() == id ? delegate : nullptr;
  };

  CHECK_ERROR(p.publish(add_tag("1.0"), only_delegate), ErrorCode::kKeyNotFound, "snapshot");
  CHECK(p.publish(add_tag("1.0")).files.size() == 2);

  // A reason that cannot be found out does not hide the store's own.
  KeylessStore keyless(p.store);
  CHECK_ERROR(
      agent::publish_changes({keyless, p.machine.seen, p.machine.request},
                             {add_tag("2.0"), test::open_gate, only_delegate, {}}, p.machine.warnings),
      ErrorCode::kServerRejected);
}

TEST_CASE("What no reader would take any more is not published") {
  Publishing p;
  const auto add_values = [](int entries, int values) {
    return [=](const tuf::TrustedRepository&, tuf::RepositoryDraft& draft) {
      for (int i = 0; i < entries; ++i) {
        tuf::Target target = test::make_target("x");
        target.custom = tuf::Json(std::vector<std::string>(static_cast<std::size_t>(values), "\",{["));
        draft.set_target(kReleases, "tag-" + std::to_string(i), target);
      }
    };
  };
  // The file holds 7 values of its own and 5 for each tag, beside those in the list.
  const int room = (static_cast<int>(tuf::kMaxJsonValues) - 7 - 5 * 5 - 4) / 5;
  CHECK_ERROR(p.publish(add_values(5, room + 100)), ErrorCode::kInvalidRole, "targets/releases");
  CHECK(p.store.publishes == 0);
  PublishOptions dry_run;
  dry_run.until = agent::Until::kSigned;
  CHECK(p.publish(add_values(5, room - 100), dry_run).files.size() == 1);
}
