#include "tests/support/forked.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <stdexcept>

namespace test {
namespace {

constexpr int kThrew = 99;

struct Child {
  pid_t process;
  std::FILE* errors;
};

Child start(const std::function<int()>& work) {
  std::FILE* errors = std::tmpfile();
  const pid_t process = ::fork();
  if (!errors || process < 0) throw std::runtime_error("cannot start a process");
  if (process != 0) return {process, errors};
  ::dup2(::fileno(errors), STDERR_FILENO);
  int exit_code = kThrew;
  try {
    exit_code = work();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  std::fflush(stderr);
  ::_exit(exit_code);
}

ForkedResult finish(const Child& child) {
  int status = 0;
  while (::waitpid(child.process, &status, 0) < 0 && errno == EINTR) {
  }
  std::rewind(child.errors);
  std::string text;
  for (int c = std::fgetc(child.errors); c != EOF; c = std::fgetc(child.errors)) text += static_cast<char>(c);
  std::fclose(child.errors);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), text};
}

}  // namespace

std::vector<ForkedResult> forked(int count, const std::function<int()>& work) {
  std::vector<Child> children;
  for (int i = 0; i < count; ++i) children.push_back(start(work));
  std::vector<ForkedResult> results;
  for (const Child& child : children) results.push_back(finish(child));
  return results;
}

ForkedResult forked(const std::function<int()>& work) {
  return forked(1, work).front();
}

}  // namespace test
