// A token behind a socket: p11-kit's client gives each caller an instance of its own, which libp11 knows
// nothing of.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "tests/support/catch.h"
#include "tests/support/child_process.h"
#include "tests/support/error_code.h"
#include "tests/support/soft_hsm.h"
#include "tests/unit/hsm/pkcs11/token_fixture.h"

namespace {

using test::SoftHsm;
using test::TokenBench;
using tuf::ErrorCode;

std::string client_module() {
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib")) {
    const auto path = entry.path() / "pkcs11" / "p11-kit-client.so";
    if (std::filesystem::exists(path)) return path.string();
  }
  throw std::runtime_error("p11-kit-client.so is not installed (package p11-kit-modules)");
}

/// The socket's file is there before anybody listens behind it.
bool is_listening(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const int connection = ::socket(AF_UNIX, SOCK_STREAM, 0);
  const bool connected =
      ::connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(connection);
  return connected;
}

/// A p11-kit server in front of the token 'ci', ready.
class Server {
 public:
  explicit Server(const SoftHsm& hsm)
      : socket_(hsm.dir() / "socket"),
        process_({"p11-kit", "server", "-f", "-n", socket_.string(), "--provider", SoftHsm::module(),
                  "pkcs11:token=ci"},
                 hsm.dir().path(), hsm.dir() / "server.log", hsm.environment()) {
    while (!is_listening(socket_) && process_.is_running()) ::usleep(10'000);
    ::setenv("P11_KIT_SERVER_ADDRESS", ("unix:path=" + socket_.string()).c_str(), 1);
  }
  ~Server() { ::unsetenv("P11_KIT_SERVER_ADDRESS"); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void stop() { process_.stop(); }
  static std::string uri(const std::string& attributes) {
    return "pkcs11:" + attributes + "?module-path=" + client_module();
  }

 private:
  std::filesystem::path socket_;
  test::ChildProcess process_;
};

}  // namespace

TEST_CASE("a token behind p11-kit's socket makes keys and signs") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  const Server server(hsm);
  TokenBench bench(hsm.dir().path());
  const auto key = bench.tokens().generate_key(hsm::TokenUri::parse(Server::uri("token=ci")), "remote",
                                               hsm::KeyAlgorithm::kP256);
  CHECK(test::signs(*key));
  CHECK(bench.open(key->uri())->public_key().id() == key->public_key().id());
  // libp11's own connection is not logged in, and says so instead of finding nothing.
  const auto error = test::error_of([&] { key->openssl_key(); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::kTokenFailed);
  CHECK(error->hint() == "name the module behind it with module-path=");
}

TEST_CASE("a wrong PIN behind a socket is a wrong PIN") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  const Server server(hsm);
  TokenBench bench(hsm.dir().path(), "55512399");
  CHECK(test::code_of([&] { bench.open(Server::uri("token=ci")); }) == ErrorCode::kWrongPin);
}

TEST_CASE("a socket with nobody behind it is an error") {
  const SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "EC:prime256v1", "k", "01");
  Server server(hsm);
  {
    TokenBench bench(hsm.dir().path());
    const auto key = bench.open(Server::uri("token=ci;object=k"));
    REQUIRE(test::signs(*key));
  }
  server.stop();
  TokenBench bench(hsm.dir().path());
  const auto code = test::code_of([&] { bench.open(Server::uri("token=ci;object=k")); });
  CHECK((code == ErrorCode::kTokenNotFound || code == ErrorCode::kModuleFailed ||
         code == ErrorCode::kTokenFailed));
}
