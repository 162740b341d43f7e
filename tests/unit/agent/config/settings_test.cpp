#include "agent/config/settings.h"

#include "tests/support/catch.h"
#include "tests/support/config_home.h"
#include "tests/support/error_code.h"

namespace {

using agent::Options;
using agent::ServerUrl;
using agent::Settings;
using nlohmann::json;
using test::code_of;
using test::ConfigHome;
using test::error_of;
using test::mentions;
using tuf::ErrorCode;
using tuf::Gun;
namespace fs = std::filesystem;

const Gun kGun = Gun::of("reg.example.com/team/app");

}  // namespace

TEST_CASE("The server is that of the option, the environment, the file, the registry, in this order") {
  ConfigHome home;
  CHECK(home.load().server_for(kGun).text() == "https://reg.example.com");
  CHECK(home.load().server_for(Gun::of("localhost:5000/app")).text() == "https://localhost:5000");
  home.configure({{"remote_server", {{"url", "https://from-notary:1"}}}});
  CHECK(home.load().server_for(kGun).text() == "https://from-notary:1");
  home.configure({{"remote_server", {{"url", "https://from-notary:1"}}},
                  {"countersign", {{"server", "https://from-own-section:2"}}}});
  CHECK(home.load().server_for(kGun).text() == "https://from-own-section:2");
  home.environment.content_trust_server = "https://from-environment:3/";
  CHECK(home.load().server_for(kGun).text() == "https://from-environment:3");
  home.environment.server = "https://from-own-variable:5";
  CHECK(home.load().server_for(kGun).text() == "https://from-own-variable:5");
  home.options.server = "https://from-option:4";
  CHECK(home.load().server_for(kGun).text() == "https://from-option:4");
  CHECK(home.load().server_for(Gun::of("docker.io/library/alpine")).text() == "https://from-option:4");
}

TEST_CASE("For Docker Hub a trust server must be named") {
  ConfigHome home;
  const auto error = error_of([&] { home.load().server_for(Gun::of("docker.io/library/alpine")); }).value();
  CHECK(error.code() == ErrorCode::kConfig);
  CHECK(error.hint().find("--server") != std::string::npos);
}

TEST_CASE("A GUN whose first part is no host has no default server") {
  CHECK(code_of([] { ConfigHome().load().server_for(Gun::of("reg:99999/app")); }) == ErrorCode::kConfig);
}

TEST_CASE("A bad server is a usage error in an option and a configuration error elsewhere") {
  ConfigHome home;
  home.configure({{"remote_server", {{"url", "http://plain"}}}});
  const auto in_file = error_of([&] { home.load(); }).value();
  CHECK(in_file.code() == ErrorCode::kConfig);
  CHECK(mentions(in_file, home.config_path().string()));
  home.environment.content_trust_server = "notary.example.com";
  const auto in_environment = error_of([&] { home.load(); }).value();
  CHECK(in_environment.code() == ErrorCode::kConfig);
  CHECK(mentions(in_environment, "DOCKER_CONTENT_TRUST_SERVER"));
  home.options.server = "ftp://x";
  CHECK(code_of([&] { home.load(); }) == ErrorCode::kUsage);
}

TEST_CASE("A static repository in the file is relative to the file, in an option to the working directory") {
  ConfigHome home;
  home.configure({{"countersign", {{"server", "file:trust"}}}});
  CHECK(home.load().server_for(kGun).folder() == home.path(".notary/trust"));
  home.options.server = "file:trust";
  CHECK(home.load().server_for(kGun).folder() == "trust");
}

TEST_CASE(
    "The trust directory is that of the option, the file, DOCKER_CONFIG, the home folder, in this order") {
  ConfigHome home;
  CHECK(home.load().trust_dir() == home.path(".docker/trust"));
  home.environment.docker_dir = "/docker-config";
  CHECK(home.load().trust_dir() == "/docker-config/trust");
  home.configure({{"trust_dir", "~/theirs"}});
  CHECK(home.load().trust_dir() == home.path("theirs"));
  home.configure({{"trust_dir", "~/theirs"}, {"countersign", {{"trust_dir", "../ours"}}}});
  CHECK(home.load().trust_dir() == home.path("ours"));
  home.environment.trust_dir = "~/from-variable";
  CHECK(home.load().trust_dir() == home.path("from-variable"));
  home.options.trust_dir = "given";
  CHECK(home.load().trust_dir() == "given");
  home.options.trust_dir = "~/given";
  CHECK(home.load().trust_dir() == home.path("given"));
  home.options.trust_dir = "";
  CHECK(code_of([&] { home.load(); }) == ErrorCode::kUsage);
}

TEST_CASE("Without a home folder the trust directory must be named") {
  agent::Environment nobody;
  CHECK(code_of([&] { Settings::load({}, nobody); }) == ErrorCode::kConfig);
  nobody.docker_dir = "/docker-config";
  CHECK(Settings::load({}, nobody).trust_dir() == "/docker-config/trust");
  Options options;
  options.trust_dir = "~/x";
  CHECK(code_of([&] { Settings::load(options, nobody); }) == ErrorCode::kConfig);
}

TEST_CASE("No configuration is read from the working directory, and --config names another file") {
  ConfigHome home;
  CHECK(home.load().keys().empty());
  home.configure({{"countersign", {{"keys", {std::string(64, 'a')}}}}});
  CHECK(home.load().keys() == std::vector<std::string>{std::string(64, 'a')});
  home.write("other/config.json", R"({"countersign":{"keys":["key.pem"]},"trust_dir":"t"})");
  home.options.config = home.path("other/config.json").string();
  CHECK(home.load().keys() == std::vector<std::string>{home.path("other/key.pem").string()});
  CHECK(home.load().trust_dir() == home.path("other/t"));
  home.options.config = home.path("missing.json").string();
  CHECK(code_of([&] { home.load(); }) == ErrorCode::kFileUnreadable);

  const test::TempDir work;
  test::write_file(work / "config.json", R"({"countersign":{"keys":["planted"]}})");
  const fs::path before = fs::current_path();
  fs::current_path(work.path());
  const auto keys = ConfigHome().load().keys();
  fs::current_path(before);
  CHECK(keys.empty());
}

TEST_CASE("A default file that is there but cannot be used is an error, not ignored") {
  ConfigHome home;
  fs::create_directory(home.config_path());
  CHECK(code_of([&] { home.load(); }) == ErrorCode::kFileUnreadable);
}

TEST_CASE("A malformed file is named, and so is the member that is wrong") {
  ConfigHome home;
  const auto error_with = [&](const std::string& text) {
    INFO(text);
    test::write_file(home.config_path(), text);
    auto error = error_of([&] { home.load(); }).value();
    CHECK(error.code() == ErrorCode::kConfig);
    CHECK(mentions(error, home.config_path().string()));
    return error;
  };
  error_with("");
  error_with("{");
  error_with("[]");
  error_with(R"({"trust_dir":"a","trust_dir":"b"})");
  error_with("{} trailing");
  CHECK(mentions(error_with(R"({"trust_dir":7})"), "trust_dir must be a string"));
  CHECK(mentions(error_with(R"({"trust_dir":""})"), "trust_dir is empty"));
  CHECK(mentions(error_with(R"({"trust_dir":"a","Trust_Dir":"b"})"), "trust_dir is there twice"));
  CHECK(mentions(error_with(R"({"trust_dir":"a\u0000b"})"), "NUL"));
  CHECK(mentions(error_with(R"({"remote_server":"https://x"})"), "remote_server must be an object"));
  CHECK(mentions(error_with(R"({"remote_server":{"url":[]}})"), "remote_server.url must be a string"));
  CHECK(mentions(error_with(R"({"remote_server":{"tls_client_key":"k"}})"), "remote_server.tls_client_key"));
  CHECK(mentions(error_with(R"({"remote_server":{"skipTLSVerify":"yes"}})"), "must be true or false"));
  CHECK(mentions(error_with(R"({"trust_pinning":{"disable_tofu":1}})"), "trust_pinning.disable_tofu"));
  CHECK(mentions(error_with(R"({"trust_pinning":{"certs":{"g":"x"}}})"),
                 "trust_pinning.certs.g must be a list"));
  CHECK(mentions(error_with(R"({"trust_pinning":{"certs":{"g":[]}}})"), "trust_pinning.certs.g is empty"));
  CHECK(mentions(error_with(R"({"trust_pinning":{"certs":{"g":["abc"]}}})"), "is not a key ID"));
  CHECK(mentions(error_with(R"({"trust_pinning":{"ca":{"g*":"ca.pem"}}})"), "trust_pinning.ca.g*"));
  CHECK(mentions(error_with(R"({"countersign":{"sever":"https://x"}})"), "countersign.sever is not known"));
  CHECK(mentions(error_with(R"({"countersign":{"Server":"https://x"}})"), "countersign.Server is not known"));
  CHECK(mentions(error_with(R"({"countersign":{"keys":"k"}})"), "countersign.keys must be a list"));
  CHECK(mentions(error_with(R"({"countersign":{"keys":[1]}})"), "countersign.keys must be a string"));
}

TEST_CASE("A trust root of the file that is empty is refused: it pins nothing, and looks as if it did") {
  ConfigHome home;
  const auto error_with = [&](const std::string& value) {
    test::write_file(home.config_path(), R"({"countersign":{"trust_root":)" + value + "}}");
    auto error = error_of([&] { home.load(); }).value();
    CHECK(error.code() == ErrorCode::kConfig);
    return error;
  };
  for (const std::string value : {"[]", "{}", R"("")", R"([""])", "null"})
    CHECK(mentions(error_with(value), "countersign.trust_root is empty"));
  for (const std::string value : {R"({"r.example.com/app":[]})", R"({"r.example.com/app":""})"})
    CHECK(mentions(error_with(value), "countersign.trust_root.r.example.com/app is empty"));
  CHECK(mentions(error_with(R"({"r.example.com/app":null})"), "must be a string"));
  CHECK(mentions(error_with(R"({"":"x"})"), "names no repository"));
}

TEST_CASE("Pins of notary's that are null are refused: they pin nothing, and look as if they did") {
  ConfigHome home;
  for (const auto& [text, name] :
       {std::pair{R"({"trust_pinning":null})", "trust_pinning is empty"},
        {R"({"trust_pinning":{"certs":null}})", "trust_pinning.certs is empty"},
        {R"({"Trust_Pinning":{"CA":null,"certs":{}}})", "trust_pinning.ca is empty"}}) {
    test::write_file(home.config_path(), text);
    const auto error = error_of([&] { home.load(); }).value();
    CHECK(error.code() == ErrorCode::kConfig);
    CHECK(mentions(error, name));
  }
  home.configure({{"trust_pinning", {{"certs", tuf::Json::object()}, {"disable_tofu", nullptr}}}});
  CHECK_NOTHROW(home.load());
}

TEST_CASE("skipTLSVerify is refused with a way out, in any spelling; false is harmless") {
  ConfigHome home;
  home.configure({{"remote_server", {{"skiptlsverify", true}}}});
  const auto error = error_of([&] { home.load(); }).value();
  CHECK(error.code() == ErrorCode::kConfig);
  CHECK(error.hint().find("root_ca") != std::string::npos);
  home.configure({{"remote_server", {{"skipTLSVerify", false}}}});
  CHECK_NOTHROW(home.load());
}

TEST_CASE("Notary's members are found in any case, and other programs' are left alone") {
  ConfigHome home;
  home.configure({{"Trust_Dir", "/t"}, {"REMOTE_SERVER", {{"URL", "https://x"}}}, {"reporting", {{"a", 1}}}});
  CHECK(home.load().trust_dir() == "/t");
  CHECK(home.load().server_for(kGun).text() == "https://x");
}

TEST_CASE("Keys of an option replace those of the file; only files among these are made absolute") {
  ConfigHome home;
  home.configure(
      {{"countersign",
        {{"keys",
          {"PKCS11:token=ci;object=k", "9deed25", "9DEED25", "keys/ci.pem", "~/ci.pem", "/k.pem"}}}}});
  CHECK(home.load().keys() == std::vector<std::string>{"PKCS11:token=ci;object=k", "9deed25", "9DEED25",
                                                       home.path(".notary/keys/ci.pem").string(),
                                                       home.path("ci.pem").string(), "/k.pem"});
  home.environment.keys = {"theirs.pem"};
  CHECK(home.load().keys() == std::vector<std::string>{"theirs.pem"});
  home.options.keys = {"mine.pem"};
  CHECK(home.load().keys() == std::vector<std::string>{"mine.pem"});
}

TEST_CASE("The module comes from the environment, else from the file, and is absolute") {
  ConfigHome home;
  CHECK_FALSE(home.load().module());
  home.configure({{"countersign", {{"module", "lib/p11.so"}}}});
  CHECK(home.load().module() == home.path(".notary/lib/p11.so"));
  home.environment.pkcs11_module = "/usr/lib/softhsm/libsofthsm2.so";
  CHECK(home.load().module() == fs::path("/usr/lib/softhsm/libsofthsm2.so"));
  home.environment.pkcs11_module = "libsofthsm2.so";
  CHECK(code_of([&] { home.load(); }) == ErrorCode::kConfig);
}

TEST_CASE("The audit log comes from the option, else the environment, else the file") {
  ConfigHome home;
  CHECK_FALSE(home.load().audit_log());
  CHECK_FALSE(home.load().audit_checkpoint());
  home.configure({{"countersign", {{"audit_log", "audit.log"}, {"audit_checkpoint", true}}}});
  CHECK(home.load().audit_log() == home.path(".notary/audit.log"));
  CHECK(home.load().audit_checkpoint());
  home.environment.audit_log = "~/audit.log";
  CHECK(home.load().audit_log() == home.path("audit.log"));
  home.options.audit_log = "elsewhere.log";
  CHECK(home.load().audit_log() == fs::path("elsewhere.log"));
  home.options.audit_log = "";
  CHECK(code_of([&] { home.load(); }) == ErrorCode::kUsage);
}

TEST_CASE("The policy comes from the environment, else from the file") {
  ConfigHome home;
  CHECK_FALSE(home.load().policy());
  home.configure({{"countersign", {{"policy", "policy.json"}}}});
  CHECK(home.load().policy() == home.path(".notary/policy.json"));
  home.environment.policy = "elsewhere.json";
  CHECK(home.load().policy() == fs::path("elsewhere.json"));
}

TEST_CASE("A setting of the environment that cannot be used is named by its variable") {
  ConfigHome home;
  home.environment.trust_roots = {"reg.example.com/app=abc"};
  const auto pin = error_of([&] { home.load(); }).value();
  CHECK(pin.code() == ErrorCode::kConfig);
  CHECK(mentions(pin, "COUNTERSIGN_TRUST_ROOT"));
  home.environment.trust_roots = {""};  // of nothing but blanks
  const auto blank = error_of([&] { home.load(); }).value();
  CHECK(blank.code() == ErrorCode::kConfig);
  CHECK(mentions(blank, "COUNTERSIGN_TRUST_ROOT: trust root \"\" is neither a key ID"));
  home.environment.trust_roots.clear();
  home.environment.tls_ca = home.path("gone").string();
  CHECK(mentions(error_of([&] { home.load(); }), "COUNTERSIGN_CA_CERT " + home.path("gone").string()));
}

TEST_CASE("The time of a command comes from the option, else the environment, else the file") {
  ConfigHome home;
  CHECK_FALSE(home.load().timeout());
  home.configure({{"countersign", {{"timeout", "90s"}}}});
  CHECK(home.load().timeout() == std::chrono::seconds(90));
  home.environment.timeout = "2m";
  CHECK(home.load().timeout() == std::chrono::minutes(2));
  home.options.timeout = "5";
  CHECK(home.load().timeout() == std::chrono::seconds(5));
  home.options.timeout = "soon";
  CHECK(code_of([&] { home.load(); }) == ErrorCode::kUsage);
  home.options.timeout.reset();
  home.environment.timeout = "0";
  CHECK(code_of([&] { home.load(); }) == ErrorCode::kConfig);
}

TEST_CASE("Certificates come from the options, else from the file, else from Docker's folder of the server") {
  ConfigHome home;
  const ServerUrl server = ServerUrl::parse("https://notary:4443", {});
  CHECK(home.load().tls_for(server).authorities.empty());
  CHECK_FALSE(home.load().tls_for(server).only_these);

  const std::string docker = ".docker/tls/notary:4443/";
  home.write(docker + "b.crt");
  home.write(docker + "a.crt");
  home.write(docker + "me.cert");
  home.write(docker + "me.key");
  home.write(docker + "README");
  agent::TlsFiles files = home.load().tls_for(server);
  CHECK(files.authorities == std::vector<fs::path>{home.path(docker + "a.crt"), home.path(docker + "b.crt")});
  CHECK_FALSE(files.only_these);
  REQUIRE(files.client);
  CHECK(files.client->certificate == home.path(docker + "me.cert"));
  CHECK(files.client->key == home.path(docker + "me.key"));
  CHECK(home.load().tls_for(ServerUrl::parse("https://notary:4444", {})).authorities.empty());
  CHECK(home.load().tls_for(ServerUrl::parse("file:x", {})).authorities.empty());

  home.write(".notary/root-ca.crt");
  home.write(".notary/me.pem");
  home.write(".notary/me-key.pem");
  home.configure({{"remote_server", {{"root_ca", "root-ca.crt"}}}});
  files = home.load().tls_for(server);
  CHECK(files.authorities == std::vector<fs::path>{home.path(".notary/root-ca.crt")});
  CHECK(files.only_these);
  CHECK(files.client->key == home.path(docker + "me.key"));
  home.configure({{"remote_server",
                   {{"root_ca", "root-ca.crt"},
                    {"tls_client_cert", "me.pem"},
                    {"tls_client_key", "~/.notary/me-key.pem"}}}});
  CHECK(home.load().tls_for(server).client->key == home.path(".notary/me-key.pem"));

  home.write("o.crt");
  home.write("o.cert");
  home.write("o.key");
  home.options.tls_ca = home.path("o.crt").string();
  home.options.tls_cert = home.path("o.cert").string();
  home.options.tls_key = home.path("o.key").string();
  files = home.load().tls_for(server);
  CHECK(files.authorities == std::vector<fs::path>{home.path("o.crt")});
  CHECK(files.only_these);
  CHECK(files.client->certificate == home.path("o.cert"));
}

TEST_CASE("Docker's folder of certificates moves with DOCKER_CONFIG") {
  ConfigHome home;
  home.write("elsewhere/tls/notary/ca.crt");
  home.environment.docker_dir = home.path("elsewhere");
  const auto files = home.load().tls_for(ServerUrl::parse("https://notary", {}));
  CHECK(files.authorities == std::vector<fs::path>{home.path("elsewhere/tls/notary/ca.crt")});
}

TEST_CASE("A client certificate without its key, or the other way round, is an error") {
  ConfigHome home;
  const ServerUrl server = ServerUrl::parse("https://notary", {});
  SECTION("option") {
    home.write("c");
    home.options.tls_cert = home.path("c").string();
    CHECK(code_of([&] { home.load(); }) == ErrorCode::kUsage);
  }
  SECTION("certificate in Docker's folder") {
    home.write(".docker/tls/notary/me.cert");
    CHECK(code_of([&] { home.load().tls_for(server); }) == ErrorCode::kConfig);
  }
  SECTION("key in Docker's folder") {
    home.write(".docker/tls/notary/me.key");
    CHECK(code_of([&] { home.load().tls_for(server); }) == ErrorCode::kConfig);
  }
  SECTION("two of them in Docker's folder") {
    for (const char* name : {"a.cert", "a.key", "b.cert", "b.key"})
      home.write(std::string(".docker/tls/notary/") + name);
    CHECK(code_of([&] { home.load().tls_for(server); }) == ErrorCode::kConfig);
  }
}

TEST_CASE("A certificate file that is not there is named with the option or member that names it") {
  ConfigHome home;
  home.configure({{"remote_server", {{"root_ca", "none.crt"}}}});
  const auto in_file = error_of([&] { home.load(); }).value();
  CHECK(in_file.code() == ErrorCode::kFileUnreadable);
  CHECK(mentions(in_file, "remote_server.root_ca " + home.path(".notary/none.crt").string()));
  home.options.tls_ca = home.path("gone").string();
  CHECK(mentions(error_of([&] { home.load(); }), "--tlscacert " + home.path("gone").string()));
}
