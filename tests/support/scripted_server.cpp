#include "tests/support/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

#include "tuf/base/words.h"

namespace test {
namespace {

std::size_t content_length(const std::string& head) {
  const std::string name = "\r\ncontent-length:";
  const std::size_t found = tuf::in_lower_case(head).find(name);
  return found == std::string::npos ? 0 : std::stoul(head.substr(found + name.size()));
}

}  // namespace

std::string ScriptedServer::Connection::read_request() {
  std::size_t wanted = std::string::npos;
  while (wanted == std::string::npos || buffer_.size() < wanted) {
    const std::size_t head_end = buffer_.find("\r\n\r\n");
    if (head_end != std::string::npos) {
      wanted = head_end + 4 + content_length(buffer_.substr(0, head_end));
      if (buffer_.size() >= wanted) break;
    }
    if (!read_more()) return {};
  }
  std::string request = buffer_.substr(0, wanted);
  buffer_.erase(0, wanted);
  const std::lock_guard lock(server_.mutex_);
  server_.requests_.push_back(request);
  return request;
}

void ScriptedServer::Connection::read_head() {
  while (buffer_.find("\r\n\r\n") == std::string::npos && read_more()) {
  }
}

bool ScriptedServer::Connection::read_more() {
  char chunk[65536];
  const ssize_t count = recv(fd_, chunk, sizeof chunk, 0);
  if (count <= 0) return false;
  buffer_.append(chunk, static_cast<std::size_t>(count));
  return true;
}

void ScriptedServer::Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void ScriptedServer::Connection::respond(const std::string& status, const std::string& body,
                                         const std::string& headers) {
  send("HTTP/1.1 " + status + "\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
       "\r\n\r\n" + body);
}

void ScriptedServer::Connection::reset() {
  const linger at_once{1, 0};  // the close that follows sends a reset
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void ScriptedServer::Connection::wait_for_hang_up() {
  char byte = 0;
  while (recv(fd_, &byte, 1, 0) > 0) {
  }
}

ScriptedServer::ScriptedServer(std::function<void(Connection&)> script) : script_(std::move(script)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const bool listening = listener_ >= 0 &&
                         bind(listener_, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                         listen(listener_, 64) == 0 &&
                         getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  if (!listening) throw std::runtime_error("the scripted server cannot listen");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_connections(); });
}

ScriptedServer::~ScriptedServer() {
  stopping_ = true;
  shutdown(listener_, SHUT_RDWR);  // wakes the acceptor
  acceptor_.join();
  close(listener_);
  {
    const std::lock_guard lock(mutex_);
    for (const int fd : open_) shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& worker : workers_) worker.join();
}

std::vector<std::string> ScriptedServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void ScriptedServer::accept_connections() {
  int number = 0;
  while (!stopping_) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const std::lock_guard lock(mutex_);
    open_.push_back(fd);
    workers_.emplace_back([this, fd, current = ++number] { serve(fd, current); });
  }
}

void ScriptedServer::serve(int fd, int number) {
  Connection connection(*this, fd, number);
  script_(connection);
  const std::lock_guard lock(mutex_);
  open_.remove(fd);
  close(fd);
}

}  // namespace test
