#include "agent/evidence/audit_log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "agent/evidence/audit_check.h"
#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"
#include "tests/support/repository_maker.h"
#include "tests/support/test_data.h"

namespace {

using agent::AuditExpectation;
using agent::AuditLog;
using agent::AuditSummary;
using test::TestSigner;
using tuf::ErrorCode;
using Signers = std::vector<std::shared_ptr<tuf::Signer>>;

struct Log {
  AuditLog::Place append(const std::string& command, const Signers& signers = {},
                         const std::optional<agent::AuditRecord::Failure>& failure = std::nullopt) const {
    agent::AuditRecord record{.time = test::kNow, .command = command, .ci = {{"ci", "github"}}};
    if (failure) record.exit_code = 5;
    record.failure = failure;
    record.repositories.emplace_back().gun = "registry.example.com/team/app";
    return log().append(record, signers);
  }
  AuditLog log() const { return AuditLog(path()); }
  std::filesystem::path path() const { return folder / "audit.log"; }
  std::string text() const { return test::read_file(path()); }
  void write(const std::string& content) const { test::write_file(path(), content); }
  AuditSummary check(const AuditExpectation& expectation = {}) const {
    return agent::check_audit_log(path(), expectation);
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    std::string rest = text();
    for (std::size_t end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
      lines.push_back(rest.substr(0, end));
      rest.erase(0, end + 1);
    }
    return lines;
  }
  void write(const std::vector<std::string>& lines) const {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    write(text);
  }

  test::TempDir folder;
};

/// Six lines, the third signed.
struct FullLog : Log {
  FullLog() {
    for (int i = 1; i <= 6; ++i) last = append("sign", i == 3 ? Signers{signer} : Signers{});
  }
  std::shared_ptr<TestSigner> signer = TestSigner::generate();
  AuditLog::Place last;
};

}  // namespace

TEST_CASE("Each run leaves one line that names the one before") {
  Log log;
  CHECK(log.append("sign").sequence == 1);
  const auto second = log.append("revoke", {}, agent::AuditRecord::Failure{"TAG_MOVED", "no\nway"});
  CHECK(second.sequence == 2);
  const AuditSummary summary = log.check();
  CHECK(summary.lines == 2);
  CHECK(summary.sha256 == second.sha256);
  CHECK(summary.checkpoint == 0);
  const tuf::Json first = tuf::parse_json(log.lines()[0], "line")["signed"];
  CHECK(first["previous"] == std::string(64, '0'));
  CHECK(first["command"] == "sign");
  CHECK(first["ci"] == tuf::Json{{"ci", "github"}});
  CHECK(first["repositories"][0]["gun"] == "registry.example.com/team/app");
  const tuf::Json failed = tuf::parse_json(log.lines()[1], "line")["signed"];
  CHECK(failed["exit_code"] == 5);
  CHECK(failed["error"] == tuf::Json{{"code", "TAG_MOVED"}, {"message", "no\\nway"}});
  struct stat status {};
  REQUIRE(stat(log.path().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("A log that another user could change is not written to, and stops a run before it publishes") {
  const Log log;
  log.append("sign");
  const std::string before = log.text();
  const auto refused = [&](const std::string& reason) {
    CHECK_ERROR(log.log().require_writable(), ErrorCode::kInsecureFile, reason);
    CHECK_ERROR(log.append("sign"), ErrorCode::kInsecureFile, reason);
    CHECK(log.text() == before);
  };
  chmod(log.path().c_str(), 0606);
  refused("can be written by everybody");
  chmod(log.path().c_str(), 0660);  // a group of one's own choice
  log.log().require_writable();
  if (geteuid() != 0) return;  // only root can give a file away
  REQUIRE(chown(log.path().c_str(), 65534, 65534) == 0);
  refused("belongs to another user");
}

TEST_CASE("A log without a line proves nothing and is refused") {
  const Log log;
  log.write(std::string());
  CHECK_ERROR(log.check(), ErrorCode::kAuditBroken, "holds no line");
}

TEST_CASE("A line that is changed, dropped, doubled or swapped is found and named") {
  const FullLog log;
  const std::vector<std::string> good = log.lines();
  const AuditExpectation expectation{{}, log.last.sha256};
  const auto refused = [&](const std::vector<std::string>& lines) {
    log.write(lines);
    return test::code_of([&] { log.check(expectation); }) == ErrorCode::kAuditBroken;
  };
  log.check(expectation);
  for (std::size_t i = 0; i < good.size(); ++i) {
    CAPTURE(i);
    std::vector<std::string> lines = good;
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK(refused(lines));
    lines = good;
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(i), good[i]);
    CHECK(refused(lines));
    for (std::size_t j = i + 1; j < good.size(); ++j) {
      lines = good;
      std::swap(lines[i], lines[j]);
      CHECK(refused(lines));
    }
    std::size_t taken = 0;
    for (std::size_t byte = 0; byte < good[i].size(); byte += 23) {
      lines = good;
      lines[i][byte] = static_cast<char>(lines[i][byte] ^ 1);
      taken += refused(lines) ? 0 : 1;
    }
    CHECK(taken == 0);
  }
}

TEST_CASE("Every byte of the end that is cut off is missed where the last line is known") {
  const FullLog log;
  const std::string good = log.text();
  std::size_t taken = 0;
  for (std::size_t length = 0; length < good.size(); length += length + 60 < good.size() ? 29 : 1) {
    log.write(good.substr(0, length));
    taken += test::code_of([&] { log.check({{}, log.last.sha256}); }) == ErrorCode::kAuditBroken ? 0 : 1;
  }
  CHECK(taken == 0);
}

TEST_CASE("What is wrong is said of the line that it is wrong with") {
  const FullLog log;
  const std::vector<std::string> good = log.lines();
  const auto said = [&](std::vector<std::string> lines, const std::string& words) {
    log.write(lines);
    CHECK_ERROR(log.check(), ErrorCode::kAuditBroken, words);
  };
  std::vector<std::string> changed = good;
  const std::size_t code = changed[3].find("\"exit_code\":0");
  changed[3].replace(code, 13, "\"exit_code\":5");
  said(changed, "line 4: it is not the line");
  said({good[0], good[1], good[3]}, "line 3: it has the number 4 where 3 is due");
  said({good[1]}, "line 1: it has the number 2");
  said({good[0], "{}", good[1]}, "line 2: ");
  said({good[0], "", good[1]}, "line 2: ");
  std::vector<std::string> signed_line = good;
  signed_line[2].replace(signed_line[2].find("\"exit_code\":0"), 13, "\"exit_code\":5");
  said(signed_line, "line 3: not one of an audit log: the signature of key");
}

TEST_CASE("A log that was written anew is told by its checkpoint and by a hash that was noted") {
  FullLog log;
  CHECK(log.check({{log.signer->public_key()}, {}}).checkpoint == 3);
  CHECK(log.check().checkpoint == 3);
  std::filesystem::remove(log.path());
  for (int i = 0; i < 6; ++i) log.append("sign", {TestSigner::generate()});
  CHECK(log.check().lines == 6);
  CHECK_ERROR(log.check({{log.signer->public_key()}, {}}), ErrorCode::kAuditBroken, "no line is signed");
  CHECK_ERROR(log.check({{}, log.last.sha256}), ErrorCode::kAuditBroken, log.last.sha256);
}

TEST_CASE("What a crash has left of a line is kept, and the next line says so") {
  const FullLog full;
  const std::string good = full.text();
  const std::string sixth = full.lines().back();
  const std::size_t start = good.size() - sixth.size() - 1;
  for (const std::size_t left : {std::size_t{1}, std::size_t{40}, sixth.size() - 1}) {
    CAPTURE(left);
    full.write(good.substr(0, start + left));
    CHECK_ERROR(full.check(), ErrorCode::kAuditBroken, "line 6");
    CHECK(full.append("sign").sequence == 6);
    AuditSummary summary = full.check();
    CHECK(summary.lines == 6);
    REQUIRE(summary.cuts.size() == 1);
    CHECK(summary.cuts[0].find("line 6 was cut short") == 0);
    CHECK(full.append("sign").sequence == 7);

    std::string text = full.text();
    text[start + left / 2] ^= 1;
    full.write(text);
    CHECK_ERROR(full.check(), ErrorCode::kAuditBroken, "line 6");
    text.erase(start, left + 1);
    full.write(text);
    CHECK_ERROR(full.check(), ErrorCode::kAuditBroken, "line 6");
  }
}

TEST_CASE("Several crashes in a row, one right at the start, and one just before a line's end") {
  Log log;
  log.write(std::string("{\"sig"));
  CHECK(log.append("sign").sequence == 1);
  CHECK(log.check().cuts.size() == 1);

  log.write(log.text() + "{\"signed\":\n{\"sig");
  CHECK(log.append("sign").sequence == 2);
  CHECK(log.check().cuts.size() == 2);

  const std::string text = log.text();
  log.write(text.substr(0, text.size() - 1));
  CHECK_ERROR(log.check(), ErrorCode::kAuditBroken, "its end is missing");
  CHECK(log.append("sign").sequence == 3);
  CHECK(log.check().lines == 3);
}

TEST_CASE("Nothing is appended to a log whose end is not that of one") {
  Log log;
  for (const std::string& content : {std::string("\n"), std::string("hello\n"), std::string("{}\n")}) {
    log.write(content);
    CHECK_ERROR(log.log().require_writable(), ErrorCode::kAuditBroken, "last line");
    CHECK_ERROR(log.append("sign"), ErrorCode::kAuditBroken, "last line");
    CHECK(log.text() == content);
  }
}

TEST_CASE("A log that cannot be written is known before anything is published") {
  const test::TempDir folder;
  const auto local = [](const std::filesystem::path& path) {
    CHECK_ERROR(AuditLog(path).require_writable(), ErrorCode::kLocal, path.filename().string());
    CHECK_ERROR(AuditLog(path).require_writable_later(), ErrorCode::kLocal, path.filename().string());
  };
  local(folder / "missing" / "audit.log");
  std::filesystem::create_directory(folder / "folder");
  local(folder / "folder");
  std::filesystem::create_symlink(folder / "elsewhere", folder / "link");
  local(folder / "link");
  REQUIRE(mkfifo((folder / "pipe").c_str(), 0600) == 0);
  local(folder / "pipe");
}

TEST_CASE("That a log could be written is found out without making it, or anything beside it") {
  const Log log;
  log.log().require_writable_later();
  CHECK(std::filesystem::is_empty(log.folder.path()));
  log.append("sign");
  const std::string before = log.text();
  log.log().require_writable_later();
  CHECK(log.text() == before);
  log.write(before + "half a line that is being writ");
  log.log().require_writable_later();
  log.write(before + "no line\n");
  CHECK_ERROR(log.log().require_writable_later(), ErrorCode::kAuditBroken, "audit.log");
}

TEST_CASE("Lines longer than the first look at the end, and many of them, are continued") {
  Log log;
  agent::AuditRecord record{.time = test::kNow, .command = "sign"};
  record.repositories.emplace_back().gun = std::string(100'000, 'g');
  for (int i = 1; i <= 3; ++i) CHECK(log.log().append(record, {}).sequence == i);
  CHECK(log.check().lines == 3);
}

TEST_CASE("Writers at the same time leave one chain") {
  const Log log;
  std::vector<std::thread> writers;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&] {
      for (int n = 0; n < 5; ++n) log.append("sign");
    });
  }
  for (std::thread& writer : writers) writer.join();
  CHECK(log.check().lines == 40);
}
