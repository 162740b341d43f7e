#include "tests/support/child_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <thread>

extern char** environ;

namespace test {
namespace {

using namespace std::chrono_literals;

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                           const std::filesystem::path& log,
                           const std::map<std::string, std::string>& variables) {
  // Everything that allocates happens before the fork: another thread may hold the allocator's lock.
  std::vector<std::string> environment_texts;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (variables.count(text.substr(0, text.find('='))) == 0) environment_texts.push_back(text);
  }
  for (const auto& [name, value] : variables) environment_texts.push_back(name + "=" + value);
  std::vector<char*> environment;
  for (std::string& text : environment_texts) environment.push_back(text.data());
  environment.push_back(nullptr);
  std::vector<std::string> argument_texts = arguments;
  std::vector<char*> argument_pointers;
  for (std::string& text : argument_texts) argument_pointers.push_back(text.data());
  argument_pointers.push_back(nullptr);
  const pid_t parent = getpid();

  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    const int input = open("/dev/null", O_RDONLY);
    if (getppid() != parent || output < 0 || input < 0 || chdir(folder.c_str()) != 0) _exit(126);
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execvpe(argument_pointers[0], argument_pointers.data(), environment.data());
    _exit(127);
  }
}

bool ChildProcess::reap(int options) {
  int status = 0;
  if (pid_ <= 0 || waitpid(pid_, &status, options) != pid_) return false;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  pid_ = -1;
  return true;
}

bool ChildProcess::is_running() {
  reap(WNOHANG);
  return pid_ > 0;
}

int ChildProcess::wait() {
  reap(0);
  return exit_code_;
}

void ChildProcess::stop() {
  if (!is_running()) return;
  kill(pid_, SIGTERM);
  for (int i = 0; i < 300 && is_running(); ++i) std::this_thread::sleep_for(10ms);
  if (!is_running()) return;
  kill(pid_, SIGKILL);
  reap(0);
}

int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  const bool bound = fd >= 0 && bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                     getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  close(fd);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

bool wait_for_port(int port, ChildProcess& process) {
  for (int i = 0; i < 1000 && process.is_running(); ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(port);
    const bool connected = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    if (connected) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

}  // namespace test
