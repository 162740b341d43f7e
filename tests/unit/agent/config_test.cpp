#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "agent/config/settings.h"
#include "agent/config/trust_root.h"
#include "tests/support/test_data.h"
#include "tuf/base/base64.h"
#include "tuf/base/error.h"

namespace {

using agent::Environment;
using agent::Options;
using agent::ServerUrl;
using agent::Settings;
using nlohmann::json;
using tuf::ErrorCode;
using tuf::Gun;
namespace fs = std::filesystem;

const Gun kGun = Gun::of("reg.example.com/team/app");
const std::string kIdA(64, 'a');
const std::string kIdB(64, 'b');
const std::string kIdC(64, 'c');

std::set<tuf::KeyId> ids(const std::vector<std::string>& texts) {
  std::set<tuf::KeyId> ids;
  for (const std::string& text : texts) ids.insert(*tuf::KeyId::parse(text));
  return ids;
}

/// The certificate of a vector as PEM, its TUF ID and its canonical ID.
struct Certificate {
  std::string pem;
  std::string id;
  std::string canonical_id;
};

Certificate vector_certificate(const std::string& name) {
  for (const json& vector : json::parse(test::read_data("vectors/keys/vectors.json"))) {
    if (vector["name"] != name) continue;
    const auto pem = tuf::from_base64(vector["public"].get<std::string>());
    return {std::string(tuf::as_text(*pem)), vector["key_id"], vector["canonical_key_id"]};
  }
  throw std::runtime_error("no vector " + name);
}

std::string authority_pem() {
  return test::read_data("certificates/authority.crt");
}

/// A home folder with what a test puts into it, and the settings that come out.
class Home {
 public:
  Home() {
    environment.home = dir_.path();
    fs::create_directories(dir_ / ".notary");
  }

  fs::path path(const std::string& name) const { return dir_.path() / name; }
  fs::path config_path() const { return path(".notary/config.json"); }
  void write(const std::string& name, const std::string& content = "x") const {
    fs::create_directories(path(name).parent_path());
    test::write_file(path(name), content);
  }
  void configure(const json& config) const { test::write_file(config_path(), config.dump()); }

  Settings load() const { return Settings::load(options, environment); }

  Environment environment;
  Options options;

 private:
  test::TempDir dir_;
};

template <class Action>
tuf::Error error_of(Action action) {
  try {
    action();
  } catch (const tuf::Error& error) {
    return error;
  }
  FAIL("no error");
  throw std::logic_error("unreachable");
}

template <class Action>
ErrorCode code_of(Action action) {
  return error_of(action).code();
}

bool mentions(const tuf::Error& error, const std::string& text) {
  INFO(error.what());
  return std::string(error.what()).find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("A trust server is https with host and port, or a folder") {
  const auto parse = [](const std::string& text) { return ServerUrl::parse(text, {}); };
  CHECK(parse("https://notary.example.com").authority() == "notary.example.com");
  CHECK(parse("https://notary.example.com/").text() == "https://notary.example.com");
  CHECK(parse("https://notary_server:4443").authority() == "notary_server:4443");
  CHECK(parse("https://127.0.0.1:4443").text() == "https://127.0.0.1:4443");
  CHECK(parse("https://[::1]:4443/").authority() == "[::1]:4443");
  CHECK_FALSE(parse("https://a").is_folder());
  CHECK(parse("file:/srv/trust").folder() == "/srv/trust");
  CHECK(parse("file:///srv/trust").folder() == "/srv/trust");
  CHECK(parse("file:trust/x").folder() == "trust/x");
  CHECK(parse("file:trust").text() == "file:trust");
  CHECK(parse("file:trust").is_folder());
  CHECK(ServerUrl::parse("file:../trust", {"/etc/notary", false}).folder() == "/etc/trust");
  CHECK(ServerUrl::parse("file:/srv", {"/etc/notary", false}).folder() == "/srv");

  for (const char* text : {"",
                           "notary.example.com",
                           "notary.example.com:4443",
                           "https://",
                           "https:///",
                           "https://:4443",
                           "https://a:",
                           "https://a:0",
                           "https://a:65536",
                           "https://a:4443x",
                           "https://a b",
                           "https://a/v2",
                           "https://a//",
                           "https://a?x=1",
                           "https://a#x",
                           "https://[::1",
                           "https://[]:1",
                           "https://[abc]",
                           "https://-a",
                           "https://127.1",
                           "https://a%2eb",
                           "https://a\nb",
                           "HTTPS://a",
                           "ftp://a",
                           "file:",
                           "file://",
                           "file://host/dir"}) {
    INFO(text);
    CHECK(code_of([&] { parse(text); }) == ErrorCode::kUsage);
  }
}

TEST_CASE("Plain http needs an explicit demand") {
  CHECK(code_of([] { ServerUrl::parse("http://localhost:4443", {}); }) == ErrorCode::kUsage);
  const ServerUrl url = ServerUrl::parse("http://localhost:4443/", {{}, true});
  CHECK(url.text() == "http://localhost:4443");
  CHECK(url.is_plain_http());
  CHECK_FALSE(ServerUrl::parse("https://localhost:4443", {{}, true}).is_plain_http());
}

TEST_CASE("A password in a server URL does not get into the message") {
  for (const char* text : {"https://ci:hunter2@notary.example.com", "ci:hunter2@notary.example.com"}) {
    const auto error = error_of([&] { ServerUrl::parse(text, {}); });
    CHECK(error.code() == ErrorCode::kUsage);
    CHECK_FALSE(mentions(error, "hunter2"));
    CHECK(error.hint().find("hunter2") == std::string::npos);
  }
}

TEST_CASE("The server is that of the option, the environment, the file, the registry, in this order") {
  Home home;
  CHECK(home.load().server_for(kGun).text() == "https://reg.example.com");
  CHECK(home.load().server_for(Gun::of("localhost:5000/app")).text() == "https://localhost:5000");
  home.configure({{"remote_server", {{"url", "https://from-notary:1"}}}});
  CHECK(home.load().server_for(kGun).text() == "https://from-notary:1");
  home.configure({{"remote_server", {{"url", "https://from-notary:1"}}},
                  {"countersign", {{"server", "https://from-own-section:2"}}}});
  CHECK(home.load().server_for(kGun).text() == "https://from-own-section:2");
  home.environment.content_trust_server = "https://from-environment:3/";
  CHECK(home.load().server_for(kGun).text() == "https://from-environment:3");
  home.options.server = "https://from-option:4";
  CHECK(home.load().server_for(kGun).text() == "https://from-option:4");
  CHECK(home.load().server_for(Gun::of("docker.io/library/alpine")).text() == "https://from-option:4");
}

TEST_CASE("For Docker Hub a trust server must be named") {
  Home home;
  const auto error = error_of([&] { home.load().server_for(Gun::of("docker.io/library/alpine")); });
  CHECK(error.code() == ErrorCode::kConfig);
  CHECK(error.hint().find("--server") != std::string::npos);
}

TEST_CASE("A GUN whose first part is no host has no default server") {
  CHECK(code_of([] { Home().load().server_for(Gun::of("reg:99999/app")); }) == ErrorCode::kConfig);
}

TEST_CASE("A bad server is a usage error in an option and a configuration error elsewhere") {
  Home home;
  home.configure({{"remote_server", {{"url", "http://plain"}}}});
  const auto in_file = error_of([&] { home.load(); });
  CHECK(in_file.code() == ErrorCode::kConfig);
  CHECK(mentions(in_file, home.config_path().string()));
  home.environment.content_trust_server = "notary.example.com";
  const auto in_environment = error_of([&] { home.load(); });
  CHECK(in_environment.code() == ErrorCode::kConfig);
  CHECK(mentions(in_environment, "DOCKER_CONTENT_TRUST_SERVER"));
  home.options.server = "ftp://x";
  CHECK(code_of([&] { home.load(); }) == ErrorCode::kUsage);
}

TEST_CASE("A static repository in the file is relative to the file, in an option to the working directory") {
  Home home;
  home.configure({{"countersign", {{"server", "file:trust"}}}});
  CHECK(home.load().server_for(kGun).folder() == home.path(".notary/trust"));
  home.options.server = "file:trust";
  CHECK(home.load().server_for(kGun).folder() == "trust");
}

TEST_CASE(
    "The trust directory is that of the option, the file, DOCKER_CONFIG, the home folder, in this order") {
  Home home;
  CHECK(home.load().trust_dir() == home.path(".docker/trust"));
  home.environment.docker_dir = "/docker-config";
  CHECK(home.load().trust_dir() == "/docker-config/trust");
  home.configure({{"trust_dir", "~/theirs"}});
  CHECK(home.load().trust_dir() == home.path("theirs"));
  home.configure({{"trust_dir", "~/theirs"}, {"countersign", {{"trust_dir", "../ours"}}}});
  CHECK(home.load().trust_dir() == home.path("ours"));
  home.options.trust_dir = "given";
  CHECK(home.load().trust_dir() == "given");
  home.options.trust_dir = "~/given";
  CHECK(home.load().trust_dir() == home.path("given"));
  home.options.trust_dir = "";
  CHECK(code_of([&] { home.load(); }) == ErrorCode::kUsage);
}

TEST_CASE("Without a home folder the trust directory must be named") {
  Environment nobody;
  CHECK(code_of([&] { Settings::load({}, nobody); }) == ErrorCode::kConfig);
  nobody.docker_dir = "/docker-config";
  CHECK(Settings::load({}, nobody).trust_dir() == "/docker-config/trust");
  Options options;
  options.trust_dir = "~/x";
  CHECK(code_of([&] { Settings::load(options, nobody); }) == ErrorCode::kConfig);
}

TEST_CASE("No configuration is read from the working directory, and --config names another file") {
  Home home;
  CHECK(home.load().keys().empty());
  home.configure({{"countersign", {{"keys", {kIdA}}}}});
  CHECK(home.load().keys() == std::vector<std::string>{kIdA});
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
  const auto keys = Home().load().keys();
  fs::current_path(before);
  CHECK(keys.empty());
}

TEST_CASE("A default file that is there but cannot be used is an error, not ignored") {
  Home home;
  fs::create_directory(home.config_path());
  CHECK(code_of([&] { home.load(); }) == ErrorCode::kFileUnreadable);
}

TEST_CASE("A malformed file is named, and so is the member that is wrong") {
  Home home;
  const auto error_with = [&](const std::string& text) {
    INFO(text);
    test::write_file(home.config_path(), text);
    auto error = error_of([&] { home.load(); });
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
  CHECK(mentions(error_with(R"({"trust_pinning":{"certs":{"g":[]}}})"),
                 "trust_pinning.certs.g is an empty list"));
  CHECK(mentions(error_with(R"({"trust_pinning":{"certs":{"g":["abc"]}}})"), "is not a key ID"));
  CHECK(mentions(error_with(R"({"trust_pinning":{"ca":{"g*":"ca.pem"}}})"), "trust_pinning.ca.g*"));
  CHECK(mentions(error_with(R"({"countersign":{"sever":"https://x"}})"), "countersign.sever is not known"));
  CHECK(mentions(error_with(R"({"countersign":{"Server":"https://x"}})"), "countersign.Server is not known"));
  CHECK(mentions(error_with(R"({"countersign":{"keys":"k"}})"), "countersign.keys must be a list"));
  CHECK(mentions(error_with(R"({"countersign":{"keys":[1]}})"), "countersign.keys must be a string"));
}

TEST_CASE("skipTLSVerify is refused with a way out, in any spelling; false is harmless") {
  Home home;
  home.configure({{"remote_server", {{"skiptlsverify", true}}}});
  const auto error = error_of([&] { home.load(); });
  CHECK(error.code() == ErrorCode::kConfig);
  CHECK(error.hint().find("root_ca") != std::string::npos);
  home.configure({{"remote_server", {{"skipTLSVerify", false}}}});
  CHECK_NOTHROW(home.load());
}

TEST_CASE("Notary's members are found in any case, and other programs' are left alone") {
  Home home;
  home.configure({{"Trust_Dir", "/t"}, {"REMOTE_SERVER", {{"URL", "https://x"}}}, {"reporting", {{"a", 1}}}});
  CHECK(home.load().trust_dir() == "/t");
  CHECK(home.load().server_for(kGun).text() == "https://x");
}

TEST_CASE("Keys of an option replace those of the file; only files among these are made absolute") {
  Home home;
  home.configure(
      {{"countersign",
        {{"keys", {"pkcs11:token=ci;object=k", "9deed25", "keys/ci.pem", "~/ci.pem", "/k.pem"}}}}});
  CHECK(home.load().keys() == std::vector<std::string>{"pkcs11:token=ci;object=k", "9deed25",
                                                       home.path(".notary/keys/ci.pem").string(),
                                                       home.path("ci.pem").string(), "/k.pem"});
  home.options.keys = {"mine.pem"};
  CHECK(home.load().keys() == std::vector<std::string>{"mine.pem"});
}

TEST_CASE("The module comes from the environment, else from the file, and is absolute") {
  Home home;
  CHECK_FALSE(home.load().module());
  home.configure({{"countersign", {{"module", "lib/p11.so"}}}});
  CHECK(home.load().module() == home.path(".notary/lib/p11.so"));
  home.environment.pkcs11_module = "/usr/lib/softhsm/libsofthsm2.so";
  CHECK(home.load().module() == fs::path("/usr/lib/softhsm/libsofthsm2.so"));
  home.environment.pkcs11_module = "libsofthsm2.so";
  CHECK(code_of([&] { home.load(); }) == ErrorCode::kConfig);
}

TEST_CASE("The audit log comes from the option, else the environment, else the file") {
  Home home;
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

TEST_CASE("Certificates come from the options, else from the file, else from Docker's folder of the server") {
  Home home;
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
  Home home;
  home.write("elsewhere/tls/notary/ca.crt");
  home.environment.docker_dir = home.path("elsewhere");
  const auto files = home.load().tls_for(ServerUrl::parse("https://notary", {}));
  CHECK(files.authorities == std::vector<fs::path>{home.path("elsewhere/tls/notary/ca.crt")});
}

TEST_CASE("A client certificate without its key, or the other way round, is an error") {
  Home home;
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
  Home home;
  home.configure({{"remote_server", {{"root_ca", "none.crt"}}}});
  const auto in_file = error_of([&] { home.load(); });
  CHECK(in_file.code() == ErrorCode::kFileUnreadable);
  CHECK(mentions(in_file, "remote_server.root_ca " + home.path(".notary/none.crt").string()));
  home.options.tls_ca = home.path("gone").string();
  CHECK(mentions(error_of([&] { home.load(); }), "--tlscacert " + home.path("gone").string()));
}

TEST_CASE("The exact name pins before the longest prefix*, that before the longest prefix of an authority") {
  Home home;
  home.write(".notary/team.crt", authority_pem());
  home.write(".notary/all.crt", "no certificate at all");
  json pinning = {
      {"certs",
       {{kGun.text(), {kIdA, kIdB}}, {"reg.example.com/*", {kIdB}}, {"reg.example.com/team/*", {kIdC}}}},
      {"ca", {{"reg.example.com/team", "team.crt"}, {"reg", "all.crt"}}}};
  const auto pin_of = [&](const std::string& gun) {
    home.configure({{"trust_pinning", pinning}});
    return home.load().root_trust_for(Gun::of(gun));
  };
  CHECK(pin_of(kGun.text()).pin->key_ids == ids({kIdA, kIdB}));
  CHECK(pin_of(kGun.text()).origin ==
        "trust_pinning.certs." + kGun.text() + " of " + home.config_path().string());
  CHECK(pin_of("reg.example.com/team/app2").pin->key_ids == ids({kIdC}));
  CHECK(pin_of("reg.example.com/other").pin->key_ids == ids({kIdB}));
  CHECK_FALSE(pin_of("other.example.com/app").pin);
  pinning.erase("certs");
  const auto authority = pin_of(kGun.text());
  CHECK(authority.pin->key_ids.empty());
  CHECK(authority.pin->ca_pem == authority_pem());
  CHECK(code_of([&] { pin_of("reg.example.com/other"); }) == ErrorCode::kFileUnreadable);
  pinning["ca"]["reg"] = "missing.crt";
  CHECK(code_of([&] { pin_of("reg.example.com/other"); }) == ErrorCode::kFileUnreadable);
}

TEST_CASE("Pins of a GUN with capitals match, and only in that spelling") {
  Home home;
  home.configure({{"trust_pinning", {{"certs", {{"reg.example.com/Team/App", {kIdA}}}}}}});
  CHECK(home.load().root_trust_for(Gun::of("reg.example.com/Team/App")).pin);
  CHECK_FALSE(home.load().root_trust_for(Gun::of("reg.example.com/team/app")).pin);
}

TEST_CASE("the option --trust-root comes before every pin of the file") {
  Home home;
  home.configure({{"trust_pinning", {{"certs", {{kGun.text(), {kIdA}}}}}}});
  home.options.trust_root = kIdB;
  CHECK(home.load().root_trust_for(kGun).pin->key_ids == ids({kIdB}));
  CHECK(home.load().root_trust_for(kGun).origin == "--trust-root");
}

TEST_CASE("Trust on first use is off unless the option or disable_tofu: false turns it on") {
  Home home;
  const auto tofu = [&] { return home.load().root_trust_for(kGun).trust_on_first_use; };
  CHECK_FALSE(tofu());
  home.configure({{"trust_pinning", {{"disable_tofu", false}}}});
  CHECK(tofu());
  home.configure({{"trust_pinning", {{"disable_tofu", true}}}});
  CHECK_FALSE(tofu());
  home.options.trust_on_first_use = true;
  CHECK(tofu());
}

TEST_CASE("A trust root is a key ID, a certificate's or public key's IDs, or an authority") {
  const test::TempDir dir;
  const fs::path file = dir / "root.pem";
  const auto pin = [&](const std::string& content) {
    test::write_file(file, content);
    return agent::parse_trust_root(file.string());
  };
  CHECK(agent::parse_trust_root(kIdA).key_ids == ids({kIdA}));

  const Certificate leaf = vector_certificate("ecdsa-p256-x509");
  CHECK(pin(leaf.pem).key_ids == ids({leaf.id, leaf.canonical_id}));
  CHECK(pin(leaf.pem).ca_pem.empty());
  CHECK(pin("a comment\n" + leaf.pem + authority_pem()).key_ids == ids({leaf.id, leaf.canonical_id}));

  const std::string bare = test::read_data("vectors/docker-repo/alice.pub");
  CHECK(pin(bare).key_ids.size() == 1);

  CHECK(pin(authority_pem()).ca_pem == authority_pem());
  CHECK(pin(authority_pem()).key_ids.empty());
  CHECK(pin("# CA\n" + authority_pem() + test::read_data("vectors/repo/rel.crt")).ca_pem ==
        authority_pem() + test::read_data("vectors/repo/rel.crt"));
}

TEST_CASE("What cannot be a trust root is refused") {
  const test::TempDir dir;
  const fs::path file = dir / "root.pem";
  const auto code_with = [&](const std::string& content) {
    test::write_file(file, content);
    return code_of([&] { agent::parse_trust_root(file.string()); });
  };
  CHECK(code_of([&] { agent::parse_trust_root((dir / "none").string()); }) == ErrorCode::kUsage);
  CHECK(code_of([&] { agent::parse_trust_root(std::string(64, 'A')); }) == ErrorCode::kUsage);
  CHECK(code_of([&] { agent::parse_trust_root(kIdA.substr(1)); }) == ErrorCode::kUsage);
  CHECK(code_of([&] { agent::parse_trust_root(""); }) == ErrorCode::kUsage);
  CHECK(code_of([&] { agent::parse_trust_root(dir.path().string()); }) == ErrorCode::kFileUnreadable);
  CHECK(code_with("") == ErrorCode::kFileUnreadable);
  CHECK(code_with("no pem") == ErrorCode::kFileUnreadable);
  CHECK(code_with("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n") ==
        ErrorCode::kFileUnreadable);
  CHECK(code_with(authority_pem() + vector_certificate("ecdsa-p256-x509").pem) == ErrorCode::kFileUnreadable);
  CHECK(code_with(test::read_data("vectors/keys/ecdsa-p256.key.pem")) == ErrorCode::kFileUnreadable);
}
