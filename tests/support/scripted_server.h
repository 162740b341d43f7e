// A server on loopback, without TLS, that misbehaves exactly as a test tells it to.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace test {

class ScriptedServer {
 public:
  class Connection {
   public:
    Connection(ScriptedServer& server, int fd, int number) : server_(server), fd_(fd), number_(number) {}

    /// 1 for the first connection that the server got.
    int number() const { return number_; }
    /// The next request with its body (by Content-Length); empty when the client hung up.
    std::string read_request();
    /// Reads until the head of the next request is there, and perhaps some of its body.
    void read_head();
    void send(std::string_view bytes);
    /// A whole response with Content-Length. `status` is such as "200 OK", `headers` ends each line in \r\n.
    void respond(const std::string& status, const std::string& body, const std::string& headers = {});
    /// Hangs up rudely: the client gets a reset.
    void reset();
    void wait_for_hang_up();

   private:
    bool read_more();

    ScriptedServer& server_;
    int fd_;
    int number_;
    std::string buffer_;
  };

  /// `script` runs in a thread of its own for each connection, which is closed when it returns.
  explicit ScriptedServer(std::function<void(Connection&)> script);
  ScriptedServer(const ScriptedServer&) = delete;  // threads keep its address
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer();

  std::string authority() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string url() const { return "http://" + authority(); }
  /// All requests that were read, in order.
  std::vector<std::string> requests() const;

 private:
  void accept_connections();
  void serve(int fd, int number);

  std::function<void(Connection&)> script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::list<int> open_;  // connections
  std::list<std::thread> workers_;
  std::thread acceptor_;
};

}  // namespace test
