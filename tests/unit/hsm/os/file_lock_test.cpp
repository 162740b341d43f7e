#include "hsm/os/file_lock.h"

#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>

#include "tests/support/catch.h"
#include "tests/support/test_data.h"
#include "tuf/base/error.h"

using namespace std::chrono_literals;

namespace {

std::optional<tuf::Error> failure_to_lock(const std::filesystem::path& path) {
  try {
    const hsm::FileLock lock(path, 50ms);
    return std::nullopt;
  } catch (const tuf::Error& error) {
    return error;
  }
}

/// A child process that holds the lock until it is told to end.
class Holder {
 public:
  explicit Holder(const std::filesystem::path& path) {
    int ready[2];
    REQUIRE(pipe(ready) == 0);
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      try {
        const hsm::FileLock lock(path, 5s);
        static_cast<void>(!write(ready[1], "x", 1));
        while (true) pause();
      } catch (...) {
      }
      _exit(1);
    }
    close(ready[1]);
    char byte = 0;
    REQUIRE(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  ~Holder() { end(); }

  pid_t pid() const { return pid_; }
  void end() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  pid_t pid_ = -1;
};

}  // namespace

TEST_CASE("a lock keeps others out until it goes") {
  const test::TempDir dir;
  auto first = std::make_unique<hsm::FileLock>(dir / ".lock", 0ms);
  CHECK(failure_to_lock(dir / ".lock"));
  first.reset();
  CHECK_FALSE(failure_to_lock(dir / ".lock"));
}

TEST_CASE("a lock that is held elsewhere names the file and the process, and ends with it") {
  const test::TempDir dir;
  Holder holder(dir / ".lock");
  const auto error = failure_to_lock(dir / ".lock");
  REQUIRE(error);
  CHECK(error->code() == tuf::ErrorCode::kLocked);
  CHECK(std::string(error->what()) ==
        (dir / ".lock").string() + " is locked by process " + std::to_string(holder.pid()));
  holder.end();
  CHECK_FALSE(failure_to_lock(dir / ".lock"));
}

TEST_CASE("garbage in the lock file harms nobody") {
  const test::TempDir dir;
  test::write_file(dir / ".lock", "not a number, and longer than one would be");
  const hsm::FileLock lock(dir / ".lock", 0ms);
  CHECK(test::read_file(dir / ".lock") == std::to_string(getpid()) + "\n");
  test::write_file(dir / ".lock", "?");
  const auto error = failure_to_lock(dir / ".lock");
  REQUIRE(error);
  CHECK(std::string(error->what()).find("another process") != std::string::npos);
}

TEST_CASE("whoever waited for a lock file that was removed locks the new one") {
  const test::TempDir dir;
  const hsm::FileLock removed(dir / ".lock", 0ms);
  std::filesystem::remove(dir / ".lock");
  const hsm::FileLock present(dir / ".lock", 0ms);
  CHECK(failure_to_lock(dir / ".lock"));
}

TEST_CASE("a lock in a folder that is not there, or through a link, is a local error") {
  const test::TempDir dir;
  const auto missing = failure_to_lock(dir / "no/.lock");
  REQUIRE(missing);
  CHECK(missing->code() == tuf::ErrorCode::kLocal);
  std::filesystem::create_symlink("elsewhere", dir / ".lock");
  const auto link = failure_to_lock(dir / ".lock");
  REQUIRE(link);
  CHECK(link->code() == tuf::ErrorCode::kLocal);
  CHECK_FALSE(std::filesystem::exists(dir / "elsewhere"));
}
