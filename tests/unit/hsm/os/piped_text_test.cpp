#include "hsm/os/piped_text.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "hsm/os/file_descriptor.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/test_data.h"

namespace {

using hsm::FileDescriptor;
using hsm::TimeBudget;
using tuf::ErrorCode;
using namespace std::chrono_literals;

std::string read(const std::string& name, std::chrono::milliseconds time = 10s) {
  return hsm::read_piped_text(name, "the list", 10, hsm::TimeBudget(time));
}

/// A pipe whose reading end is named as a shell names it.
struct Pipe {
  Pipe() {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    reading = hsm::FileDescriptor(ends[0]);
    writing = hsm::FileDescriptor(ends[1]);
  }
  void write(std::string_view text) const {
    // Not by REQUIRE: it may be another thread that writes.
    if (::write(writing.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::abort();
  }
  std::string name() const { return "/dev/fd/" + std::to_string(reading.get()); }

  hsm::FileDescriptor reading, writing;
};

}  // namespace

TEST_CASE("What comes through a pipe is read to its end, as a file is") {
  Pipe pipe;
  SECTION("at once") {
    pipe.write(
        "\xEF\xBB\xBF"
        "app:1");
    pipe.writing = hsm::FileDescriptor();
    CHECK(read(pipe.name()) == "app:1");
  }
  SECTION("nothing at all") {
    pipe.writing = hsm::FileDescriptor();
    CHECK(read(pipe.name()).empty());
  }
  SECTION("in pieces") {
    std::thread writer([&] {
      for (const char* piece : {"app", ":", "2"}) {
        pipe.write(piece);
        std::this_thread::sleep_for(20ms);
      }
      pipe.writing = hsm::FileDescriptor();
    });
    CHECK(read(pipe.name()) == "app:2");
    writer.join();
  }
  SECTION("a file in its place") {
    const test::TempDir dir;
    test::write_file(dir / "list", "app:3");
    CHECK(read(dir / "list") == "app:3");
  }
}

TEST_CASE("What comes through a pipe is bounded, and waited for as long as the command may take") {
  const test::TempDir dir;
  Pipe pipe;
  pipe.write("app:1");
  CHECK_ERROR(read(pipe.name(), 50ms), ErrorCode::kTimeout, "the end of the list /dev/fd/");
  pipe.write("app:1.0.0.0");
  CHECK_ERROR(read(pipe.name()), ErrorCode::kFileUnreadable, "longer than 10 bytes");
  const std::string fifo = dir / "fifo";
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  CHECK_ERROR(read(fifo, 50ms), ErrorCode::kTimeout, "in the 50 ms");
  CHECK_ERROR(read("/dev/zero"), ErrorCode::kFileUnreadable, "not a regular file");
}
