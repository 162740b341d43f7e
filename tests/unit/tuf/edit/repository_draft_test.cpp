#include "tuf/edit/repository_draft.h"

#include "tests/support/catch.h"
#include "tests/support/drafting.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"
#include "tuf/base/printable.h"

using test::make_target;
using test::only;
using test::published;
using test::RepositoryMaker;
using test::roles_of;
using test::signer_of;
using test::TestSigner;
using test::with_jenkins;
using tuf::Days;
using tuf::ErrorCode;
using tuf::RepositoryDraft;
using tuf::RoleName;
using tuf::TargetChange;

namespace {

const RoleName kTargets = RoleName::of("targets");
const RoleName kJenkins = RoleName::of("targets/jenkins");
const RoleName kReleases = RoleName::of("targets/releases");

using Roles = std::vector<std::string>;

}  // namespace

TEST_CASE("a new tag becomes the next version of its role and of nothing else") {
  const RepositoryMaker repository = with_jenkins();
  const tuf::TrustedRepository base = test::load(repository);
  RepositoryDraft draft(base);
  CHECK(draft.empty());
  CHECK(draft.set_target(kJenkins, "1.1", make_target("two")) == TargetChange::kAdded);
  CHECK_FALSE(draft.empty());
  const auto pending = draft.pending();
  REQUIRE(pending.size() == 1);
  CHECK(pending[0].role == kJenkins);
  CHECK(pending[0].version == 2);
  CHECK(pending[0].expires == test::kNow + Days{1095});
  CHECK(pending[0].authorities[0].threshold() == 1);
  REQUIRE(pending[0].authorities[0].keys().size() == 1);
  CHECK(pending[0].authorities[0].keys()[0].id() ==
        signer_of(repository, "targets/jenkins")->public_key().id());

  const auto transaction = draft.sign(only({signer_of(repository, "targets/jenkins")}));
  CHECK(transaction.gun() == repository.gun);
  CHECK(roles_of(transaction) == Roles{"targets/jenkins"});
  test::LoadOptions options;
  options.seen = test::seen_in(base);
  const tuf::TrustedRepository after = published(repository, transaction, options);
  CHECK(*after.find_target(kJenkins, "1.1")->sha256() == *make_target("two").sha256());
  CHECK(*after.find_target(kJenkins, "1.0")->sha256() == *make_target("one").sha256());
  CHECK(after.targets().body.version == base.targets().body.version);
}

TEST_CASE("a tag that stands as it should leaves the draft empty") {
  const RepositoryMaker repository = with_jenkins();
  const tuf::TrustedRepository base = test::load(repository);
  RepositoryDraft draft(base);
  CHECK(draft.set_target(kJenkins, "1.0", make_target("one")) == TargetChange::kUnchanged);
  CHECK_FALSE(draft.remove_target(kJenkins, "9.9"));
  CHECK(draft.empty());
  CHECK(draft.pending().empty());
  CHECK(draft.sign(repository.signer_for()).files().empty());
}

TEST_CASE("another digest under a known name is a move, other custom data is not") {
  const RepositoryMaker repository = with_jenkins();
  const tuf::TrustedRepository base = test::load(repository);
  CHECK(RepositoryDraft(base).set_target(kJenkins, "1.0", make_target("two")) == TargetChange::kMoved);
  tuf::Target annotated = make_target("one");
  annotated.custom = tuf::Json{{"built", "here"}};
  RepositoryDraft draft(base);
  CHECK(draft.set_target(kJenkins, "1.0", annotated) == TargetChange::kAdded);
  CHECK_FALSE(draft.empty());
  CHECK(draft.set_target(kJenkins, "1.0", annotated) == TargetChange::kUnchanged);
  CHECK(draft.set_target(kJenkins, "1.0", make_target("two")) == TargetChange::kMoved);
}

TEST_CASE("several changes of one role are one version") {
  const RepositoryMaker repository = with_jenkins();
  const tuf::TrustedRepository base = test::load(repository);
  RepositoryDraft draft(base);
  draft.set_target(kJenkins, "2.0", make_target("two"));
  draft.set_target(kJenkins, "3.0", make_target("three"));
  CHECK(draft.remove_target(kJenkins, "1.0"));
  CHECK_FALSE(draft.remove_target(kJenkins, "1.0"));
  draft.set_target(kTargets, "4.0", make_target("four"));
  const auto transaction =
      draft.sign(only({signer_of(repository, "targets/jenkins"), signer_of(repository, "targets")}));
  CHECK(roles_of(transaction) == Roles{"targets", "targets/jenkins"});
  CHECK(transaction.files()[1].version == 2);
  const auto after = published(repository, transaction);
  CHECK_FALSE(after.find_target(kJenkins, "1.0"));
  CHECK(after.find_target(kJenkins, "2.0"));
  CHECK(after.find_target(kTargets, "4.0"));
}

TEST_CASE("what readers would not see is not signed") {
  RepositoryMaker repository;
  repository.add_delegation("targets/a", TestSigner::generate(), {"v/"});
  repository.add_delegation("targets/a/b", TestSigner::generate(), {"v/b", "z"});
  repository.add_delegation("targets/none", TestSigner::generate(), {});
  repository.touch("targets/a");
  repository.publish();
  const tuf::TrustedRepository base = test::load(repository);
  RepositoryDraft draft(base);
  const auto set = [&](const char* role, const std::string& name) {
    return draft.set_target(RoleName::of(role), name, make_target("one"));
  };
  CHECK_ERROR(set("targets/a", "w/1"), ErrorCode::kPathNotCovered, "w/1");
  CHECK_ERROR(set("targets/a", "v"), ErrorCode::kPathNotCovered);
  CHECK_ERROR(set("targets/a/b", "v/c"), ErrorCode::kPathNotCovered);
  CHECK_ERROR(set("targets/a/b", "z"), ErrorCode::kPathNotCovered);
  CHECK_ERROR(set("targets/none", "v/b"), ErrorCode::kPathNotCovered);
  CHECK(draft.empty());
  CHECK(set("targets/a", "v/1") == TargetChange::kAdded);
  CHECK(set("targets/a/b", "v/b1") == TargetChange::kAdded);
}

TEST_CASE("roles that do not exist or hold no targets are refused") {
  const RepositoryMaker repository = with_jenkins();
  const tuf::TrustedRepository base = test::load(repository);
  RepositoryDraft draft(base);
  const auto set = [&](const char* role) { draft.set_target(RoleName::of(role), "1.0", make_target("one")); };
  CHECK_ERROR(set("targets/nobody"), ErrorCode::kRoleNotFound, "targets/nobody");
  CHECK_ERROR(set("targets/nobody/else"), ErrorCode::kRoleNotFound);
  CHECK_ERROR(set("targets/jenkins/child"), ErrorCode::kRoleNotFound);
  CHECK_ERROR(set("snapshot"), ErrorCode::kInvalidRole);
  CHECK_ERROR(set("root"), ErrorCode::kInvalidRole);
  CHECK_ERROR(draft.remove_target(RoleName::of("targets/nobody"), "1.0"), ErrorCode::kRoleNotFound);
  CHECK(draft.empty());
}

TEST_CASE("a role whose stored file does not verify is not written over") {
  RepositoryMaker repository = with_jenkins();
  SECTION("its key was replaced") {
    repository.remove_delegation("targets/jenkins");
    repository.add_delegation("targets/jenkins", TestSigner::generate());
    repository.publish();
  }
  SECTION("the file is another's") {
    repository.add_delegation("targets/other", TestSigner::generate());
    repository.touch("targets/other");
    repository.publish();
    repository.store("targets/jenkins", repository.newest("targets/other").value());
    repository.publish_snapshot();
  }
  const tuf::TrustedRepository base = test::load(repository);
  RepositoryDraft draft(base);
  CHECK_ERROR(draft.set_target(kJenkins, "2.0", make_target("two")), ErrorCode::kBadSignature,
              "targets/jenkins");
  CHECK_ERROR(draft.remove_target(kJenkins, "1.0"), ErrorCode::kBadSignature);
}

TEST_CASE("a delegation that comes back does not start over behind its stored file") {
  RepositoryMaker repository = with_jenkins();
  const auto jenkins = signer_of(repository, "targets/jenkins");
  repository.remove_delegation("targets/jenkins");
  repository.publish();
  const tuf::TrustedRepository base = test::load(repository);
  RepositoryDraft draft(base);
  CHECK(draft.add_delegation(kJenkins, {jenkins->public_key()}, {""}));
  // Version 1 would be refused for ever, and nobody has looked at what is stored.
  CHECK_ERROR(draft.set_target(kJenkins, "2.0", make_target("two")), ErrorCode::kBadSignature,
              "not verified");
  const auto after = published(repository, draft.sign(only({signer_of(repository, "targets")})));
  RepositoryDraft next(after);
  CHECK(next.set_target(kJenkins, "2.0", make_target("two")) == TargetChange::kAdded);
  CHECK(next.pending()[0].version == 2);
}

TEST_CASE("below an expired role nothing is signed blindly") {
  RepositoryMaker repository;
  repository.add_delegation("targets/a", TestSigner::generate());
  repository.add_delegation("targets/a/b", TestSigner::generate());
  repository.set_target("targets/a", "1.0", make_target("one"));
  repository.set_target("targets/a/b", "1.0", make_target("one"));
  repository.targets.at("targets/a").expires = repository.now + Days{1};
  repository.publish();
  test::LoadOptions options;
  options.now = repository.now + Days{2};
  const tuf::TrustedRepository base = test::load(repository, options);
  RepositoryDraft draft(base);
  CHECK_ERROR(draft.set_target(RoleName::of("targets/a/b"), "2.0", make_target("two")),
              ErrorCode::kBadSignature, "not verified");
}

TEST_CASE("an expired role is renewed even if nothing else changes") {
  RepositoryMaker repository = with_jenkins();
  repository.targets.at("targets/jenkins").expires = repository.now + Days{1};
  repository.touch("targets/jenkins");
  repository.publish();
  test::LoadOptions options;
  options.now = repository.now + Days{2};
  const tuf::TrustedRepository base = test::load(repository, options);
  CHECK_FALSE(base.find_target(kJenkins, "1.0"));
  RepositoryDraft draft(base);
  CHECK(draft.set_target(kJenkins, "1.0", make_target("one")) != TargetChange::kUnchanged);
  CHECK(draft.pending()[0].version == 3);
  CHECK(draft.pending()[0].expires == *options.now + Days{1095});
  const auto after =
      published(repository, draft.sign(only({signer_of(repository, "targets/jenkins")})), options);
  CHECK(after.find_target(kJenkins, "1.0"));
}

TEST_CASE("what a role of no use delegates to is signed after that role") {
  const RoleName below = RoleName::of("targets/jenkins/night");
  RepositoryMaker repository = with_jenkins();
  repository.add_delegation(below.text(), TestSigner::generate());
  repository.set_target(below.text(), "1.0", make_target("one"));
  repository.publish();
  repository.targets.at("targets/jenkins").expires = repository.now + Days{1};
  repository.touch("targets/jenkins");
  repository.publish();
  test::LoadOptions options;
  options.now = repository.now + Days{2};
  const tuf::TrustedRepository base = test::load(repository, options);
  RepositoryDraft draft(base);
  const auto error = test::error_of([&] { draft.renew(below); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kBadSignature);
  CHECK(error->hint() == "first whoever holds the key of the role above signs that: countersign witness " +
                             base.gun().text() + " targets/jenkins");
}

TEST_CASE("no draft goes beyond the last version") {
  RepositoryMaker repository = with_jenkins();
  repository.targets.at("targets/jenkins").version = tuf::kVersionLimit - 2;
  repository.touch("targets/jenkins");
  repository.publish();
  const tuf::TrustedRepository base = test::load(repository);
  RepositoryDraft draft(base);
  CHECK_ERROR(draft.set_target(kJenkins, "2.0", make_target("two")), ErrorCode::kRollback,
              "the last that readers accept");
  CHECK(draft.empty());
}

TEST_CASE("a new repository has a root and targets that the first reader accepts") {
  const auto root = TestSigner::generate();
  const auto targets = TestSigner::generate(TestSigner::Kind::kP384);
  const auto snapshot = TestSigner::generate(TestSigner::Kind::kEd25519);
  const auto timestamp = TestSigner::generate(TestSigner::Kind::kEd25519);
  RepositoryMaker server;  // lends its GUN, its clock and its store
  const tuf::PublicKey root_key = RepositoryMaker::certified(*root, server.root_certificate());
  RepositoryDraft draft = RepositoryDraft::for_new_repository(
      server.gun, server.now,
      {root_key, targets->public_key(), snapshot->public_key().object(), timestamp->public_key().object()});
  CHECK_FALSE(draft.empty());

  SECTION("with the first delegation and its first tag in the same breath") {
    const auto carol = TestSigner::generate();
    for (const RoleName& role : {RoleName::of("targets/carol"), kReleases}) {
      CHECK(draft.add_delegation(role, {carol->public_key()}, {""}));
      CHECK(draft.set_target(role, "1.0", make_target("one")) == TargetChange::kAdded);
    }
    const auto transaction = draft.sign(only({root, targets, carol}));
    CHECK(roles_of(transaction) == Roles{"root", "targets", "targets/carol", "targets/releases"});
    for (const auto& file : transaction.files()) CHECK(file.version == 1);
  }
  SECTION("with the snapshot's key at hand") {
    const auto transaction = draft.sign(only({root, targets, snapshot}));
    CHECK(roles_of(transaction) == Roles{"root", "targets", "snapshot"});
    const auto made = tuf::decode<tuf::Snapshot>(transaction.files()[2].bytes, "snapshot");
    CHECK(made.body.version == 1);
    CHECK(made.body.meta.size() == 2);
  }
  SECTION("read back") {
    const auto transaction = draft.sign(only({root, targets}));
    CHECK(roles_of(transaction) == Roles{"root", "targets"});
    tuf::Snapshot frame;
    frame.version = 1;
    frame.expires = server.now + Days{1};
    for (const auto& file : transaction.files())
      frame.meta[file.role.text()] = tuf::describe_file(file.bytes);
    const std::string frame_text = tuf::encode_signed(frame);
    const std::string snapshot_file = tuf::encode_file(
        frame_text,
        {{snapshot->public_key().id().hex(), "eddsa", snapshot->sign(tuf::as_bytes(frame_text))}});
    const tuf::Timestamp stamp{1, server.now + Days{1}, tuf::describe_file(snapshot_file)};
    const std::string stamp_text = tuf::encode_signed(stamp);
    tuf::TrustedRepository reader(server.gun, server.now);
    const tuf::TrustPin pin{{root_key.id()}, {}};
    reader.accept_first_root(transaction.files()[0].bytes, &pin);
    reader.accept_timestamp(tuf::encode_file(stamp_text, {{timestamp->public_key().id().hex(), "eddsa",
                                                           timestamp->sign(tuf::as_bytes(stamp_text))}}));
    reader.accept_snapshot(snapshot_file);
    reader.accept_targets(transaction.files()[1].bytes);
    CHECK(reader.root().body.expires == server.now + Days{3650});
    CHECK(reader.targets().body.expires == server.now + Days{1095});
    CHECK(reader.targets().body.targets.empty());
  }
}

TEST_CASE("a root key that readers would refuse makes no repository") {
  const RepositoryMaker lender;
  const auto key = TestSigner::generate();
  const auto make = [&](const tuf::PublicKey& root) {
    RepositoryDraft::for_new_repository(
        lender.gun, lender.now,
        {root, key->public_key(), key->public_key().object(), key->public_key().object()});
  };
  test::CertificateSpec spec = lender.root_certificate();
  make(RepositoryMaker::certified(*key, spec));
  CHECK_ERROR(make(key->public_key()), ErrorCode::kBadRootCertificate, "bare");
  spec.common_name = "registry.example.com/other";
  CHECK_ERROR(make(RepositoryMaker::certified(*key, spec)), ErrorCode::kBadRootCertificate,
              "registry.example.com/other");
  spec = lender.root_certificate();
  spec.not_after = lender.now - Days{1};
  CHECK_ERROR(make(RepositoryMaker::certified(*key, spec)), ErrorCode::kBadRootCertificate, "expired");
}

TEST_CASE("adding a delegation twice changes nothing the second time") {
  RepositoryMaker repository;
  const auto a = TestSigner::generate();
  const auto b = TestSigner::generate();
  const tuf::TrustedRepository base = test::load(repository);
  RepositoryDraft draft(base);
  CHECK(draft.add_delegation(kJenkins, {a->public_key()}, {"v/"}));
  CHECK_FALSE(draft.add_delegation(kJenkins, {a->public_key()}, {"v/"}));
  CHECK(draft.add_delegation(kReleases, {a->public_key()}, {""}));
  const auto after = published(repository, draft.sign(only({signer_of(repository, "targets")})));
  REQUIRE(after.delegations().size() == 2);
  CHECK(after.delegations()[0].role.name == kJenkins);  // appended in the order of making
  CHECK(after.delegations()[1].role.name == kReleases);

  RepositoryDraft next(after);
  CHECK_FALSE(next.add_delegation(kJenkins, {a->public_key()}, {"v/"}));
  CHECK_FALSE(next.add_delegation(kJenkins, {}, {}));
  CHECK_FALSE(next.add_delegation(kJenkins, {a->public_key()}, {}, 1));
  CHECK(next.empty());
  CHECK(next.add_delegation(kJenkins, {b->public_key()}, {"w/"}, 2));
  const auto last = published(repository, next.sign(only({signer_of(repository, "targets")})));
  const tuf::DelegationRole& role = last.find_delegation(kJenkins)->role;
  CHECK(role.key_ids == std::vector{a->public_key().id(), b->public_key().id()});
  CHECK(role.paths == std::vector<std::string>{"v/", "w/"});
  CHECK(role.threshold == 2);
  CHECK(last.targets().body.version == 3);
}

TEST_CASE("a path added in the draft admits tags of the draft") {
  RepositoryMaker repository;
  repository.add_delegation("targets/jenkins", TestSigner::generate(), {"v/"});
  repository.publish();
  const tuf::TrustedRepository base = test::load(repository);
  RepositoryDraft draft(base);
  CHECK_ERROR(draft.set_target(kJenkins, "w/1", make_target("one")), ErrorCode::kPathNotCovered);
  CHECK(draft.add_delegation(kJenkins, {}, {"w/"}));
  CHECK(draft.set_target(kJenkins, "w/1", make_target("one")) == TargetChange::kAdded);
  const auto after = published(repository, draft.sign(repository.signer_for()));
  CHECK(after.find_target(kJenkins, "w/1"));
}

TEST_CASE("a child signs only below paths of its own that begin with a path of its parent") {
  RepositoryMaker repository;
  repository.add_delegation("targets/a", TestSigner::generate(), {"v/"});
  repository.add_delegation("targets/a/all", TestSigner::generate(), {""});
  repository.add_delegation("targets/a/part", TestSigner::generate(), {"v/b", "w"});
  repository.add_delegation("targets/a/part/all", TestSigner::generate(), {"v/", "v/b1"});
  for (const char* role : {"targets/a", "targets/a/all", "targets/a/part"}) repository.touch(role);
  repository.publish();
  const tuf::TrustedRepository base = test::load(repository);
  RepositoryDraft draft(base);
  for (const auto& [role, name, admitted] : std::vector<std::tuple<std::string, std::string, bool>>{
           {"targets/a", "v/1", true},
           {"targets/a/all", "v/1", false},  // readers do not narrow "" to "v/": they drop it
           {"targets/a/part", "v/b1", true},
           {"targets/a/part", "v/c1", false},
           {"targets/a/part", "w1", false},
           {"targets/a/part/all", "v/b1", true},
           {"targets/a/part/all", "v/b2", false}}) {
    CAPTURE(role, name);
    if (admitted) {
      CHECK(draft.set_target(RoleName::of(role), name, make_target("one")) == TargetChange::kAdded);
    } else {
      CHECK_ERROR(draft.set_target(RoleName::of(role), name, make_target("one")), ErrorCode::kPathNotCovered);
    }
  }
}

TEST_CASE("a delegation that could never be used is not made") {
  const RepositoryMaker repository = with_jenkins();
  const tuf::TrustedRepository base = test::load(repository);
  RepositoryDraft draft(base);
  const auto a = TestSigner::generate();
  test::CertificateSpec spec = repository.root_certificate();
  spec.common_name = "a";
  const tuf::PublicKey certificate = RepositoryMaker::certified(*a, spec);
  const RoleName role = RoleName::of("targets/new");
  const auto add = [&](const std::vector<tuf::PublicKey>& keys, int threshold) {
    return draft.add_delegation(role, keys, {""}, threshold);
  };
  CHECK_ERROR(add({}, 1), ErrorCode::kInvalidRole);
  CHECK_ERROR(add({a->public_key()}, 0), ErrorCode::kInvalidRole);
  CHECK_ERROR(add({a->public_key()}, -1), ErrorCode::kInvalidRole);
  CHECK_ERROR(add({a->public_key()}, 2), ErrorCode::kInvalidRole, "2 signatures with 1");
  CHECK_ERROR(add({a->public_key(), certificate}, 2), ErrorCode::kInvalidRole, "2 signatures with 1");
  CHECK_ERROR(draft.add_delegation(kTargets, {a->public_key()}, {""}), ErrorCode::kInvalidRole);
  CHECK_ERROR(draft.add_delegation(RoleName::of("targets/none/new"), {a->public_key()}, {""}),
              ErrorCode::kRoleNotFound);
  spec.not_after = repository.now - Days{1};
  CHECK_ERROR(add({RepositoryMaker::certified(*a, spec)}, 1), ErrorCode::kKeyUnsupported, "expired");
  spec.not_after = repository.now + Days{1};
  spec.digest = "SHA1";
  CHECK_ERROR(add({RepositoryMaker::certified(*a, spec)}, 1), ErrorCode::kKeyUnsupported, "SHA1");
  for (const std::string path : {"a\nb", "\x7f", "\xff", "v/\xc3"}) {
    CHECK_ERROR(draft.add_delegation(role, {a->public_key()}, {path}), ErrorCode::kInvalidTag,
                "the path \"" + tuf::printable(path) + "\" of targets/new");
  }
  CHECK(draft.empty());
  CHECK(add({certificate}, 1));
}
