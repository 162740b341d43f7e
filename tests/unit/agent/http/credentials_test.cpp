#include "agent/http/credentials.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <csignal>

#include "agent/http/credential_helper.h"
#include "hsm/os/file_descriptor.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/test_data.h"
#include "tuf/base/base64.h"

using agent::Credential;
using agent::Credentials;
using agent::DockerConfig;
using agent::Url;
using tuf::ErrorCode;
using tuf::Gun;

namespace {

std::string basic(const std::string& pair) {
  return tuf::to_base64(tuf::as_bytes(pair));
}

/// A folder with docker's config.json and, on PATH, helpers.
class DockerHome {
 public:
  explicit DockerHome(const std::string& config) {
    test::write_file(folder_ / "config.json", config);
    old_path_ = getenv("PATH");
    setenv("PATH", (folder_.path().string() + ":" + old_path_).c_str(), 1);
  }
  DockerHome(const DockerHome&) = delete;
  DockerHome& operator=(const DockerHome&) = delete;
  ~DockerHome() { setenv("PATH", old_path_.c_str(), 1); }

  /// `script` reads the server's name as $server; its calls are kept in the file "calls".
  void add_helper(const std::string& name, const std::string& script) {
    const auto path = folder_ / ("docker-credential-" + name);
    test::write_file(path,
                     "#!/bin/sh\nread -r server\necho \"$1 $server\" >>\"" + calls_file() + "\"\n" + script);
    chmod(path.c_str(), 0700);
  }
  std::string calls() const { return test::read_file(calls_file()); }
  const std::filesystem::path& path() const { return folder_.path(); }
  std::optional<Credential> find(const std::string& host) const { return DockerConfig(path()).find(host); }

 private:
  std::string calls_file() const { return (folder_ / "calls").string(); }

  test::TempDir folder_;
  std::string old_path_;
};

}  // namespace

TEST_CASE("docker's login of a registry is found under every form of its name") {
  const auto* key = GENERATE("r.example:5000", "https://r.example:5000", "https://r.example:5000/v1/",
                             "http://r.example:5000/v2/");
  CAPTURE(key);
  DockerHome home(R"({"auths":{"other.example":{"auth":"eDp5"},")" + std::string(key) + R"(":{"auth":")" +
                  basic("alice:se:cret") + R"("}}})");
  const auto found = home.find("r.example:5000");
  REQUIRE(found);
  CHECK(found->kind == Credential::Kind::kPassword);
  CHECK(found->username == "alice");
  CHECK(found->secret.reveal().view() == "se:cret");
  CHECK(found->source == "auths in " + (home.path() / "config.json").string());
  CHECK_FALSE(home.find("r.example"));
}

TEST_CASE("an entry under the exact name wins over one that means the same host") {
  DockerHome home(R"({"auths":{"https://r.example/v1/":{"auth":")" + basic("old:x") +
                  R"("},"r.example":{"auth":")" + basic("new:x") + R"("}}})");
  CHECK(home.find("r.example")->username == "new");
}

TEST_CASE("Docker Hub is known by its old index URL") {
  DockerHome home(R"({"auths":{"https://index.docker.io/v1/":{"username":"hub","password":"pw"}}})");
  REQUIRE(home.find("docker.io"));
  CHECK(home.find("docker.io")->username == "hub");
  CHECK(home.find("docker.io")->secret.reveal().view() == "pw");
}

TEST_CASE("an identity token takes the place of the password") {
  DockerHome home(R"({"auths":{"r.example":{"auth":"Y2k6","identitytoken":"refresh-me"}}})");
  const auto found = home.find("r.example");
  REQUIRE(found);
  CHECK(found->kind == Credential::Kind::kIdentityToken);
  CHECK(found->secret.reveal().view() == "refresh-me");
}

TEST_CASE("a registry's own helper is asked, or else the common one, and never both") {
  DockerHome home(R"({"auths":{"r.example":{}},"credHelpers":{"r.example":"one"},"credsStore":"two"})");
  home.add_helper("one", R"(echo '{"ServerURL":"","Username":"u1","Secret":"s1"}')");
  home.add_helper("two", R"(echo '{"ServerURL":"","Username":"<token>","Secret":"s2"}')");
  const auto own = home.find("r.example");
  REQUIRE(own);
  CHECK(own->username == "u1");
  CHECK(own->secret.reveal().view() == "s1");
  CHECK(own->source == "docker-credential-one");
  const auto common = home.find("docker.io");
  REQUIRE(common);
  CHECK(common->kind == Credential::Kind::kIdentityToken);
  CHECK(common->username.empty());
  CHECK(home.calls() == "get r.example\nget https://index.docker.io/v1/\n");
}

TEST_CASE("a helper's word counts, and what was left in the file only where the helper knows nothing") {
  const std::string old_login = R"("auths":{"r.example":{"auth":")" + basic("old:old-password") + R"("}})";
  const auto* helper = GENERATE(R"("credHelpers":{"r.example":"test"})", R"("credsStore":"test")",
                                R"("credHelpers":{"r.example":"test"},"credsStore":"absent")");
  CAPTURE(helper);
  DockerHome home("{" + old_login + "," + helper + "}");
  home.add_helper("test", R"(echo '{"ServerURL":"","Username":"ci","Secret":"new"}')");
  REQUIRE(home.find("r.example"));
  CHECK(home.find("r.example")->username == "ci");
  CHECK(home.find("r.example")->source == "docker-credential-test");

  home.add_helper("test", "echo 'credentials not found in native keychain'; exit 1");
  CHECK(home.find("r.example")->username == "old");
  home.add_helper("test", "exit 1");
  CHECK_ERROR(home.find("r.example"), ErrorCode::kUnauthorized, "docker-credential-test failed");
}

TEST_CASE("an empty helper means the file, whatever the common store is") {
  DockerHome home(R"({"auths":{"r.example":{"auth":")" + basic("file:x") +
                  R"("}},"credHelpers":{"r.example":""},"credsStore":"absent"})");
  CHECK(home.find("r.example")->username == "file");
}

TEST_CASE("the store of Docker Desktop on WSL is asked, whose name has a dot") {
  const std::string name = GENERATE("desktop.exe", "wincred.exe", "Desktop.EXE", "ecr-login_1.exe");
  const std::string member = GENERATE(R"("credsStore":")", R"("credHelpers":{"r.example":")");
  DockerHome home("{" + member + name + (member.find('{') == std::string::npos ? "\"}" : "\"}}"));
  home.add_helper(name, R"(printf '{"ServerURL":"%s","Username":"ci","Secret":"secret"}\r\n' "$server")");
  REQUIRE(home.find("r.example"));
  CHECK(home.find("r.example")->secret.reveal().view() == "secret");
  CHECK(home.calls().starts_with("get r.example\n"));
}

TEST_CASE("a config.json that Windows has edited is read, and one of UTF-16 refused") {
  const std::string text = "{\r\n\"auths\":{\"r.example\":{\"auth\":\"" + basic("ci:x") + "\"}}}\r\n";
  CHECK(DockerHome("\xef\xbb\xbf" + text).find("r.example")->username == "ci");
  std::string wide = "\xff\xfe";
  for (const char c : text) wide += std::string{c, '\0'};
  CHECK_ERROR(DockerHome(wide).find("r.example"), ErrorCode::kFileUnreadable, "UTF-16");
}

TEST_CASE("what docker keeps for a host is at home there, wherever it is kept") {
  DockerHome home(R"({"auths":{"r.example:5000":{"auth":"dTpw"},"t.example":{"identitytoken":"x"}},)"
                  R"("credHelpers":{"h.example":"test"}})");
  home.add_helper("test", R"(echo '{"ServerURL":"https://other.example","Username":"u","Secret":"s"}')");
  for (const char* host : {"r.example:5000", "t.example", "h.example"}) {
    CAPTURE(host);
    REQUIRE(home.find(host));
    CHECK(home.find(host)->home == host);
  }
}

TEST_CASE("a helper that knows nothing is not an error") {
  DockerHome home(R"({"credHelpers":{"a.example":"none","b.example":"empty"}})");
  home.add_helper("none", "echo 'credentials not found in native keychain'; exit 1");
  home.add_helper("empty", R"(echo '{"ServerURL":"","Username":"","Secret":""}')");
  CHECK_FALSE(home.find("a.example"));
  CHECK_FALSE(home.find("b.example"));
}

TEST_CASE("a helper that does not do its work is named, and what it said is not") {
  DockerHome home("{}");
  home.add_helper("fails", "echo marker; exit 3");
  home.add_helper("talks", "echo marker");
  home.add_helper("wrong", R"(echo '{"Username":["marker"],"Secret":"x"}')");
  home.add_helper("floods", "yes marker");
  home.add_helper("hangs", "echo marker; exec sleep 600");
  const std::vector<std::pair<std::string, ErrorCode>> rows = {
      {"fails", ErrorCode::kUnauthorized},      {"talks", ErrorCode::kUnauthorized},
      {"wrong", ErrorCode::kUnauthorized},      {"floods", ErrorCode::kUnauthorized},
      {"hangs", ErrorCode::kServerUnreachable}, {"missing", ErrorCode::kConfig}};
  for (const auto& [name, code] : rows) {
    CAPTURE(name);
    try {
      agent::ask_credential_helper(name, "r.example", std::chrono::seconds(1));
      FAIL("no error");
    } catch (const tuf::Error& error) {
      CHECK(error.code() == code);
      CHECK(std::string(error.what()).find("docker-credential-" + name) != std::string::npos);
      CHECK(std::string(error.what()).find("marker") == std::string::npos);
    }
  }
}

TEST_CASE("a helper's name cannot be a path or a command") {
  for (const char* name : {"", "../x", "a b", "x;y", "$(x)", "a/b", "/x", "a\\b", "x\n"}) {
    CAPTURE(name);
    CHECK_ERROR(agent::ask_credential_helper(name, "r.example"), ErrorCode::kConfig, "not the name");
  }
}

TEST_CASE("a helper gets its three streams and nothing else that this process has open") {
  DockerHome home(R"({"credsStore":"looks"})");
  home.add_helper("looks", "ls -l /proc/$$/fd >\"" + (home.path() / "open").string() +
                               "\"\necho '{\"Username\":\"u\",\"Secret\":\"s\"}'\n");
  // As libraries open them: without O_CLOEXEC.
  const hsm::FileDescriptor file(::open((home.path() / "config.json").c_str(), O_RDONLY));
  const hsm::FileDescriptor socket(::socket(AF_INET, SOCK_STREAM, 0));
  REQUIRE((file && socket));

  REQUIRE(home.find("r.example"));

  const std::string seen = test::read_file(home.path() / "open");
  CHECK_THAT(seen, !Catch::Contains("config.json"));
  struct stat status {};
  REQUIRE(fstat(socket.get(), &status) == 0);
  CHECK_THAT(seen, !Catch::Contains("socket:[" + std::to_string(status.st_ino) + "]"));
  CHECK_THAT(seen, Catch::Contains(" 0 -> socket:"));
}

TEST_CASE("a helper meets the signals of writing as any program does, though we ignore them") {
  DockerHome home(R"({"credsStore":"looks"})");
  home.add_helper("looks", "grep SigIgn /proc/self/status >\"" + (home.path() / "ignored").string() +
                               "\"\necho '{\"Username\":\"u\",\"Secret\":\"s\"}'\n");
  const auto before_pipe = std::signal(SIGPIPE, SIG_IGN);
  const auto before_size = std::signal(SIGXFSZ, SIG_IGN);
  const auto found = home.find("r.example");
  std::signal(SIGPIPE, before_pipe);
  std::signal(SIGXFSZ, before_size);
  REQUIRE(found);
  const std::string line = test::read_file(home.path() / "ignored");
  const unsigned long ignored = std::stoul(line.substr(line.find(':') + 1), nullptr, 16);
  CHECK((ignored >> (SIGPIPE - 1) & 1) == 0);
  CHECK((ignored >> (SIGXFSZ - 1) & 1) == 0);
}

TEST_CASE("no config.json means no credentials, a broken one is an error that quotes nothing") {
  test::TempDir empty;
  CHECK_FALSE(DockerConfig(empty.path()).find("r.example"));
  CHECK_FALSE(DockerConfig(empty / "absent").find("r.example"));
  for (const char* text : {"", "[]", R"({"auths":{"r.example":{"auth":"c2VjcmV0)"}) {
    DockerHome home(text);
    CAPTURE(text);
    CHECK_ERROR(home.find("r.example"), ErrorCode::kConfig, "config.json");
  }
  DockerHome home(R"({"auths":{"r.example":{"auth":"no base64!"}}})");
  CHECK_ERROR(home.find("r.example"), ErrorCode::kConfig, "base64");
}

TEST_CASE("NOTARY_AUTH comes before everything that docker knows") {
  DockerHome home(R"({"auths":{"r.example":{"auth":"dTpw"}}})");
  hsm::SecretSource secrets({{"NOTARY_AUTH", basic("alice:secret")}});
  Credentials credentials(secrets, home.path());
  const auto found =
      credentials.for_trust_server(Gun::of("r.example/app"), Url::of_server("https://n.example"), true);
  REQUIRE(found);
  CHECK(found->source == "NOTARY_AUTH");
  CHECK(found->username == "alice");
  CHECK(found->secret.reveal().view() == "secret");
  CHECK(found->basic_header() == "Basic " + basic("alice:secret"));
}

TEST_CASE("NOTARY_AUTH may be broken into lines, but it must be base64 of a pair") {
  DockerHome home("{}");
  const Url server = Url::of_server("https://n.example");
  const std::string text = basic("alice:" + std::string(80, 'p'));
  hsm::SecretSource broken({{"NOTARY_AUTH", text.substr(0, 76) + "\n" + text.substr(76) + "\n"}});
  CHECK(Credentials(broken, home.path()).for_trust_server(Gun::of("a/b"), server, true)->username == "alice");
  for (const std::string& value : {std::string("alice:secret"), basic("alice")}) {
    hsm::SecretSource wrong({{"NOTARY_AUTH", value}});
    CHECK_ERROR(Credentials(wrong, home.path()).for_trust_server(Gun::of("a/b"), server, true),
                ErrorCode::kConfig, "NOTARY_AUTH is not the base64 of user:password");
  }
}

TEST_CASE("NOTARY_AUTH is for one server, and no other is told of it") {
  DockerHome home(R"({"auths":{"n.example":{"auth":")" + basic("docker:x") + R"("}}})");
  hsm::SecretSource secrets({{"NOTARY_AUTH", basic("alice:secret")}});
  Credentials credentials(secrets, home.path());
  const Url server = Url::of_server("https://n.example");
  CHECK(credentials.for_trust_server(Gun::of("a/b"), server, false)->username == "docker");
  CHECK(credentials.for_registry("n.example", false)->username == "docker");
  CHECK(credentials.for_registry("n.example", true)->username == "alice");
  CHECK_FALSE(credentials.for_registry("r.example", false));
}

TEST_CASE("a trust server's own account comes first, then that of the image's registry, each with its home") {
  DockerHome home(R"({"auths":{"r.example":{"auth":")" + basic("registry:x") +
                  R"("},"n.example:4443":{"auth":")" + basic("server:x") + R"("}}})");
  hsm::SecretSource none(std::map<std::string, std::string>{});
  Credentials credentials(none, home.path());
  const Url server = Url::of_server("https://n.example:4443");
  const Url other = Url::of_server("https://other.example");
  CHECK(credentials.for_trust_server(Gun::of("r.example/app"), server, true)->username == "server");
  CHECK(credentials.for_trust_server(Gun::of("team/app"), server, true)->home == "n.example:4443");
  CHECK(credentials.for_trust_server(Gun::of("r.example/app"), other, true)->home == "r.example");
  CHECK_FALSE(credentials.for_trust_server(Gun::of("other.example/app"), other, true));
  CHECK_FALSE(credentials.for_trust_server(Gun::of("team/app"), other, true));
}
