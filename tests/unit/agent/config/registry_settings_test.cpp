// What settings say of registries: certificates, those without TLS, token services elsewhere.
#include "agent/config/settings.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/test_data.h"

namespace {

using agent::Environment;
using agent::Options;
using agent::Settings;
using agent::TlsFiles;
using tuf::ErrorCode;
namespace fs = std::filesystem;

/// A machine with these files in ~/.docker and /etc/docker.
class Machine {
 public:
  Machine() {
    environment.home = dir_ / "home";
    environment.engine_dir = dir_ / "etc";
  }
  fs::path add(const std::string& name) {
    const fs::path path = dir_.path() / name;
    fs::create_directories(path.parent_path());
    test::write_file(path, "x");
    return path;
  }
  TlsFiles registry(const std::string& host) {
    return Settings::load(options, environment).tls_for_registry(host);
  }

  Environment environment;
  Options options;

 private:
  test::TempDir dir_;
};

}  // namespace

TEST_CASE("A registry's certificates are those of docker's user and of its engine") {
  Machine machine;
  const fs::path own = machine.add("home/.docker/certs.d/r.example.com:5000/ca.crt");
  const fs::path engine = machine.add("etc/certs.d/r.example.com:5000/ca.crt");
  const fs::path notary = machine.add("home/.docker/tls/r.example.com:5000/ca.crt");
  machine.add("etc/certs.d/r.example.com:5000/engine.cert");
  machine.add("etc/certs.d/r.example.com:5000/engine.key");
  machine.add("etc/certs.d/other.example.com/ca.crt");
  TlsFiles files = machine.registry("r.example.com:5000");
  CHECK(files.authorities == std::vector<fs::path>{own, engine, notary});
  CHECK_FALSE(files.only_these);
  REQUIRE(files.client);
  CHECK(files.client->certificate.filename() == "engine.cert");
  CHECK(machine.registry("r.example.com").authorities.empty());

  // The user's own client certificate comes first.
  machine.add("home/.docker/certs.d/r.example.com:5000/own.cert");
  machine.add("home/.docker/certs.d/r.example.com:5000/own.key");
  CHECK(machine.registry("r.example.com:5000").client->certificate.filename() == "own.cert");
}

TEST_CASE(
    "The trust server's CA is one authority more for a registry, its client certificate is not the "
    "registry's") {
  Machine machine;
  const fs::path ca = machine.add("ca.pem");
  machine.options.tls_ca = ca.string();
  machine.options.tls_cert = machine.add("c.pem").string();
  machine.options.tls_key = machine.add("k.pem").string();
  const TlsFiles files = machine.registry("r.example.com");
  CHECK(files.authorities == std::vector<fs::path>{ca});
  CHECK_FALSE(files.only_these);
  CHECK_FALSE(files.client);
}

TEST_CASE("The trust server's certificates may also stand where the engine's users keep them") {
  Machine machine;
  const fs::path authority = machine.add("home/.docker/certs.d/n.example.com:4443/ca.crt");
  const Settings settings = Settings::load(machine.options, machine.environment);
  CHECK(settings.tls_for(agent::ServerUrl::parse("https://n.example.com:4443", {})).authorities ==
        std::vector<fs::path>{authority});
}

TEST_CASE("Insecure registries and token services are hosts, from options and from the file") {
  Machine machine;
  const fs::path config = machine.add("config.json");
  test::write_file(
      config,
      R"({"countersign":{"insecure_registries":["b.example.com"],"token_services":["login.example.org"]}})");
  machine.options.config = config.string();
  machine.options.insecure_registries = {"LOCALHOST:5000", "a.example.com:80"};
  machine.options.token_services = {"auth.example.net:443"};
  const Settings settings = Settings::load(machine.options, machine.environment);
  CHECK(settings.insecure_registries() ==
        std::vector<std::string>{"localhost:5000", "a.example.com", "b.example.com"});
  CHECK(settings.token_services() == std::vector<std::string>{"auth.example.net", "login.example.org"});
  for (const char* host :
       {"", "http://a.example.com", "a.example.com/", "a b", "u@a.example.com", "a.example.com:port"}) {
    CAPTURE(host);
    machine.options.insecure_registries = {host};
    CHECK_ERROR(Settings::load(machine.options, machine.environment), ErrorCode::kUsage,
                "--insecure-registry");
  }
}
