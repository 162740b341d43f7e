#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>

namespace test {
namespace {

constexpr int kNotStarted = 127;

struct Pipe {
  int read_end;
  int write_end;
};

Pipe make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
  return {ends[0], ends[1]};
}

/// Reads both pipes to their ends, in whatever order the data comes.
void drain(const Pipe& out, std::string& output, const Pipe& err, std::string& errors) {
  std::array<pollfd, 2> waiting = {pollfd{out.read_end, POLLIN, 0}, pollfd{err.read_end, POLLIN, 0}};
  const std::array<std::string*, 2> texts = {&output, &errors};
  while (waiting[0].fd >= 0 || waiting[1].fd >= 0) {
    if (poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) return;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].fd < 0 || waiting[i].revents == 0) continue;
      char part[4096];
      const ssize_t length = read(waiting[i].fd, part, sizeof part);
      if (length > 0) {
        texts[i]->append(part, static_cast<std::size_t>(length));
      } else {
        waiting[i].fd = -1;
      }
    }
  }
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

ProcessResult run(const std::vector<std::string>& arguments,
                  const std::map<std::string, std::string>& environment,
                  const std::filesystem::path& folder) {
  std::vector<std::string> argument_texts = arguments;
  const char* path = getenv("PATH");
  std::vector<std::string> variable_texts = {std::string("PATH=") +
                                             (path == nullptr ? "/usr/bin:/bin" : path)};
  for (const auto& [name, value] : environment) variable_texts.push_back(name + "=" + value);
  // Everything that allocates is done before the fork.
  const std::vector<char*> argv = pointers(argument_texts);
  const std::vector<char*> envp = pointers(variable_texts);
  const Pipe out = make_pipe();
  const Pipe err = make_pipe();
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child == 0) {
    const int nothing = open("/dev/null", O_RDONLY);
    if (dup2(nothing, 0) < 0 || dup2(out.write_end, 1) < 0 || dup2(err.write_end, 2) < 0) _exit(kNotStarted);
    if (!folder.empty() && chdir(folder.c_str()) != 0) _exit(kNotStarted);
    execvpe(argv[0], argv.data(), envp.data());
    _exit(kNotStarted);
  }
  close(out.write_end);
  close(err.write_end);
  ProcessResult result{};
  drain(out, result.output, err, result.errors);
  close(out.read_end);
  close(err.read_end);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (result.exit_code == kNotStarted) throw std::runtime_error("cannot start " + arguments.front());
  return result;
}

std::string run_or_throw(const std::vector<std::string>& arguments,
                         const std::map<std::string, std::string>& environment,
                         const std::filesystem::path& folder) {
  const ProcessResult result = run(arguments, environment, folder);
  if (result.exit_code != 0) {
    throw std::runtime_error(arguments.front() + " failed: " + result.output + result.errors);
  }
  return result.output;
}

}  // namespace test
