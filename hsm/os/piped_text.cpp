#include "hsm/os/piped_text.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "hsm/os/file_descriptor.h"
#include "hsm/os/input_file.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"

namespace hsm {
namespace {

using tuf::Error;
using tuf::ErrorCode;

constexpr std::chrono::hours kLongestPoll{1};  // of what fits into its argument; it is repeated

bool is_fifo(const std::string& name) {
  struct stat status {};
  return stat(name.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
}

/// Waits until there is something to read, or the end.
void await(int descriptor, const std::string& name, const TimeBudget& budget) {
  for (;;) {
    budget.require("the end of " + name + " did not come");
    pollfd waiting{descriptor, POLLIN, 0};
    if (poll(&waiting, 1, static_cast<int>(budget.at_most(kLongestPoll).count())) > 0) return;
  }
}

}  // namespace

bool is_standard_input(const std::string& name) {
  return name == "-" || name == "/dev/stdin";
}

bool is_piped_name(const std::string& name) {
  return name == kStandardInput || name.starts_with("/dev/fd/") || name.starts_with("/proc/self/fd/");
}

std::string read_piped_text(const std::string& name, const std::string& what, std::size_t max_length,
                            const TimeBudget& budget) {
  const bool is_standard = is_standard_input(name);
  if (!is_standard && !is_fifo(name))
    return InputFile(name, what, Links::kWithinFolder).read_text(max_length);
  const std::string shown =
      what + (is_standard ? std::string(" on ") + kStandardInput : " " + tuf::printable(name));
  const auto fail = [&](const std::string& reason) {
    throw Error(ErrorCode::kFileUnreadable, "cannot read " + shown + ": " + reason,
                "pipe in a file, or what a command prints: COMMAND | countersign …");
  };

  // Not opened anew: standard input may be a socket.
  const FileDescriptor pipe = is_standard ? FileDescriptor(dup(STDIN_FILENO))
                                          : InputFile::open_for_reading(name, Links::kWithinFolder);
  struct stat status {};
  if (!pipe || fstat(pipe.get(), &status) != 0) fail(std::strerror(errno));
  if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode))
    fail("it is neither a file nor a pipe");

  std::string text;
  std::array<char, 1 << 16> chunk;
  for (;;) {
    await(pipe.get(), shown, budget);
    const ssize_t got = read(pipe.get(), chunk.data(), chunk.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) fail(std::strerror(errno));
    if (got == 0) break;
    text.append(chunk.data(), static_cast<std::size_t>(got));
    if (text.size() > max_length) fail("it is longer than " + std::to_string(max_length) + " bytes");
  }
  return plain_text(std::move(text), shown, [](const std::string& encoding) {
    return "convert it on its way: … | iconv -f " + encoding + " -t UTF-8 | countersign …";
  });
}

}  // namespace hsm
