#include "agent/http/credential_helper.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "hsm/os/file_descriptor.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"
#include "tuf/json/json.h"

extern char** environ;

namespace agent {
namespace {

using std::chrono::milliseconds;
using tuf::Error;
using tuf::ErrorCode;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxAnswer = 64 << 10;
const char kIdentityTokenUser[] = "<token>";
const char kTakeOut[] = "take it out of credsStore and credHelpers in docker's config.json";

std::string hint_to_try(const std::string& program, const std::string& server) {
  return "try it by hand: echo " + tuf::shell_word(server) + " | " + program + " get";
}

/// What a helper said. Wiped on the way out, since it holds a password.
struct Answer {
  Answer() { text.reserve(kMaxAnswer); }
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  ~Answer() { OPENSSL_cleanse(text.data(), text.size()); }

  std::string text;
  int exit_code = -1;
};

/// One run of a helper. The child is gone, one way or the other, when the object is.
class HelperProcess {
 public:
  HelperProcess(const std::string& program, const std::string& server) : program_(program), server_(server) {
    int in[2];
    int out[2];
    // A socket, not a pipe: writing to a helper that does not read must not raise SIGPIPE.
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0) fail(errno);
    const hsm::FileDescriptor ours(in[0]);
    const hsm::FileDescriptor child_in(in[1]);
    if (pipe2(out, O_CLOEXEC) != 0) fail(errno);
    output_ = hsm::FileDescriptor(out[0]);
    const hsm::FileDescriptor child_out(out[1]);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, child_in.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, child_out.get(), STDOUT_FILENO);
    // Our standard error is a log that others parse.
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    // Whatever a library has opened without O_CLOEXEC: sockets to servers, files of a token.
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    // We ignore these; a helper may count on them.
    sigset_t as_usual;
    sigemptyset(&as_usual);
    sigaddset(&as_usual, SIGPIPE);
    sigaddset(&as_usual, SIGXFSZ);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &as_usual);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    std::string program_copy = program;
    char get[] = "get";
    char* arguments[] = {program_copy.data(), get, nullptr};
    const int error = posix_spawnp(&pid_, program.c_str(), &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
      pid_ = -1;
      fail(error);
    }
    // A server name is far below what a socket buffers: this cannot block, and a helper that is gone already
    // shows in its answer.
    static_cast<void>(::send(ours.get(), server.data(), server.size(), MSG_NOSIGNAL));
  }
  HelperProcess(const HelperProcess&) = delete;
  HelperProcess& operator=(const HelperProcess&) = delete;
  ~HelperProcess() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  void read_answer(Answer& answer, milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    while (true) {
      const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
      pollfd waiting{output_.get(), POLLIN, 0};
      const int ready = left <= 0 ? 0 : poll(&waiting, 1, static_cast<int>(left));
      if (ready < 0 && errno == EINTR) continue;
      if (ready <= 0) give_up("does not answer");
      char buffer[4096];
      const ssize_t count = read(output_.get(), buffer, sizeof buffer);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      const auto length = static_cast<std::size_t>(count);
      const bool fits = answer.text.size() + length <= kMaxAnswer;
      if (fits) answer.text.append(buffer, length);
      OPENSSL_cleanse(buffer, length);
      if (!fits)
        throw Error(ErrorCode::kUnauthorized, program_ + " answers too much", hint_to_try(program_, server_));
    }
    answer.exit_code = wait_for_end(deadline);
  }

 private:
  [[noreturn]] void fail(int error) const {
    throw Error(ErrorCode::kConfig, "cannot run " + program_ + ": " + std::strerror(error),
                std::string("install it, or ") + kTakeOut);
  }

  /// A store of passwords that is out of reach may be back later: nothing was sent to anybody.
  [[noreturn]] void give_up(const std::string& what) const {
    throw Error(ErrorCode::kServerUnreachable, "the credential helper " + program_ + " " + what,
                hint_to_try(program_, server_));
  }

  /// The exit status, or -1 for a helper that died of a signal.
  int wait_for_end(Clock::time_point deadline) {
    while (Clock::now() < deadline) {
      int status = 0;
      const pid_t ended = waitpid(pid_, &status, WNOHANG);
      if (ended == pid_) {
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
      }
      poll(nullptr, 0, 1);  // it closed its output, so it is about to end
    }
    give_up("does not end");
  }

  std::string program_;
  std::string server_;
  hsm::FileDescriptor output_;
  pid_t pid_ = -1;
};

bool is_helper_name(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
}

std::optional<Credential> read_credential(const std::string& text, const std::string& program) {
  tuf::Json document = tuf::parse_json(text, program + "'s answer");
  if (!document.is_object()) return std::nullopt;
  const auto username = document.find("Username");
  const auto secret = document.find("Secret");
  if (username == document.end() || !username->is_string() || secret == document.end() ||
      !secret->is_string()) {
    throw Error(ErrorCode::kUnauthorized, program + " does not answer as a credential helper");
  }
  auto& value = secret->get_ref<std::string&>();
  if (value.empty()) return std::nullopt;
  const auto user = username->get<std::string>();
  const bool is_token = user == kIdentityTokenUser;
  Credential credential{program, is_token ? Credential::Kind::kIdentityToken : Credential::Kind::kPassword,
                        is_token ? std::string() : user, hsm::Secret(value)};
  OPENSSL_cleanse(value.data(), value.size());
  return credential;
}

}  // namespace

std::optional<Credential> ask_credential_helper(const std::string& name, const std::string& server,
                                                milliseconds timeout) {
  if (!is_helper_name(name)) {
    throw Error(ErrorCode::kConfig,
                "not the name of a credential helper: \"" + tuf::printable(name, 80) + "\"", kTakeOut);
  }
  const std::string program = "docker-credential-" + name;
  Answer answer;
  HelperProcess(program, server).read_answer(answer, timeout);
  if (answer.exit_code != 0) {
    // Every helper says it with this sentence, and on its standard output.
    if (answer.text.find("credentials not found") != std::string::npos) return std::nullopt;
    throw Error(ErrorCode::kUnauthorized,
                program + " failed with exit code " + std::to_string(answer.exit_code),
                hint_to_try(program, server));
  }
  try {
    return read_credential(answer.text, program);
  } catch (const Error& error) {
    // The parser's message may quote what it read.
    throw Error(ErrorCode::kUnauthorized, program + " does not answer as a credential helper",
                hint_to_try(program, server));
  }
}

}  // namespace agent
