#include "agent/names/image_reference.h"

#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tuf/base/error.h"

namespace {

using agent::parse_image;
using agent::parse_repository;
using tuf::ErrorCode;

const std::string kHex = "e6ffe1ed1e9bbc8ef1a7f8d1c3f9b0a54f7b8c2d3e4f5a6b7c8d9e0f1a2b3c4d";
const std::string kDigest = "sha256:" + kHex;
const std::string kNone;

struct Good {
  std::string text;
  std::string gun;
  std::string registry;
  std::string tag;     // empty: none
  std::string digest;  // empty: none
};

struct Bad {
  std::string text;
  ErrorCode code;
};

std::string repeated(const std::string& part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += part;
  return out;
}

/// The code of what `action` throws.
template <class Action>
ErrorCode code_of(Action action) {
  try {
    action();
  } catch (const tuf::Error& error) {
    INFO(error.what());
    for (char c : std::string(error.what())) CHECK((c >= 0x20 || c < 0));  // printable, whatever was given
    return error.code();
  }
  FAIL("no error");
  return ErrorCode::kInternal;
}

}  // namespace

TEST_CASE("An image reference is normalised the way Docker does it") {
  const std::vector<Good> table = {
      // Docker Hub and its short forms.
      {"alpine", "docker.io/library/alpine", "docker.io", "", ""},
      {"alpine:3", "docker.io/library/alpine", "docker.io", "3", ""},
      {"library/alpine:3", "docker.io/library/alpine", "docker.io", "3", ""},
      {"docker.io/alpine", "docker.io/library/alpine", "docker.io", "", ""},
      {"docker.io/library/alpine", "docker.io/library/alpine", "docker.io", "", ""},
      {"index.docker.io/alpine:3", "docker.io/library/alpine", "docker.io", "3", ""},
      {"index.docker.io/team/app", "docker.io/team/app", "docker.io", "", ""},
      {"team/app", "docker.io/team/app", "docker.io", "", ""},
      {"team/sub/app:1", "docker.io/team/sub/app", "docker.io", "1", ""},
      {"library/foo/bar", "docker.io/library/foo/bar", "docker.io", "", ""},
      {"index.docker.io", "docker.io/library/index.docker.io", "docker.io", "", ""},
      {"registry-1.docker.io/team/app", "registry-1.docker.io/team/app", "registry-1.docker.io", "", ""},
      {"docker.io:443/alpine", "docker.io:443/alpine", "docker.io:443", "", ""},
      // What looks like a host, but stands alone, is a repository.
      {"localhost", "docker.io/library/localhost", "docker.io", "", ""},
      {"localhost:5000", "docker.io/library/localhost", "docker.io", "5000", ""},
      {"test.com:tag", "docker.io/library/test.com", "docker.io", "tag", ""},
      {"192.168.0.1:80", "docker.io/library/192.168.0.1", "docker.io", "80", ""},
      {"foo_bar.com:8080", "docker.io/library/foo_bar.com", "docker.io", "8080", ""},
      // Registries.
      {"localhost/app", "localhost/app", "localhost", "", ""},
      {"localhost:5000/app:1.0", "localhost:5000/app", "localhost:5000", "1.0", ""},
      {"reg.example.com/app", "reg.example.com/app", "reg.example.com", "", ""},
      {"reg.example.com:443/team/app:v1", "reg.example.com:443/team/app", "reg.example.com:443", "v1", ""},
      {"127.0.0.1:5000/docker/docker", "127.0.0.1:5000/docker/docker", "127.0.0.1:5000", "", ""},
      {"192.168.0.1:8/debian", "192.168.0.1:8/debian", "192.168.0.1:8", "", ""},
      {"test:5000/repo:5050", "test:5000/repo", "test:5000", "5050", ""},
      {"alpine:3/app", "alpine:3/app", "alpine:3", "", ""},
      {"xn--n3h.com/myimage:xn--n3h.com", "xn--n3h.com/myimage", "xn--n3h.com", "xn--n3h.com", ""},
      {"b.gcr.io/test.example.com/my-app:test.example.com", "b.gcr.io/test.example.com/my-app", "b.gcr.io",
       "test.example.com", ""},
      {"a--b.example.com/x", "a--b.example.com/x", "a--b.example.com", "", ""},
      {"Docker.io/alpine", "Docker.io/alpine", "Docker.io", "", ""},
      {"Foo/bar", "Foo/bar", "Foo", "", ""},
      {"LOCALDOMAIN/library/debian", "LOCALDOMAIN/library/debian", "LOCALDOMAIN", "", ""},
      {"REG.Example.com/app:Latest", "REG.Example.com/app", "REG.Example.com", "Latest", ""},
      {"[::1]/repo", "[::1]/repo", "[::1]", "", ""},
      {"[::1]:5000/repo:tag", "[::1]:5000/repo", "[::1]:5000", "tag", ""},
      {"[2001:db8:1:2:3:4:5:6]/repo:tag", "[2001:db8:1:2:3:4:5:6]/repo", "[2001:db8:1:2:3:4:5:6]", "tag", ""},
      {"[2001:DB8::1]:5000/repo@" + kDigest, "[2001:DB8::1]:5000/repo", "[2001:DB8::1]:5000", "", kDigest},
      // Digests.
      {"alpine@" + kDigest, "docker.io/library/alpine", "docker.io", "", kDigest},
      {"alpine:3@" + kDigest, "docker.io/library/alpine", "docker.io", "3", kDigest},
      {"docker.io/alpine@" + kDigest, "docker.io/library/alpine", "docker.io", "", kDigest},
      {"reg:5000/app:1.0@" + kDigest, "reg:5000/app", "reg:5000", "1.0", kDigest},
      // Repository names.
      {"docker---rules/docker", "docker.io/docker---rules/docker", "docker.io", "", ""},
      {"dock__er/docker", "docker.io/dock__er/docker", "docker.io", "", ""},
      {"d/docker", "docker.io/d/docker", "docker.io", "", ""},
      {"docker.io/" + kHex, "docker.io/library/" + kHex, "docker.io", "", ""},
      {kHex + ":1", "docker.io/library/" + kHex, "docker.io", "1", ""},
      {"localhost/" + repeated("a", 245), "localhost/" + repeated("a", 245), "localhost", "", ""},
      // Tags.
      {"app:_x", "docker.io/library/app", "docker.io", "_x", ""},
      {"app:A.b-C_9", "docker.io/library/app", "docker.io", "A.b-C_9", ""},
      {"app:" + repeated("t", 128), "docker.io/library/app", "docker.io", repeated("t", 128), ""},
      {"app:sha256", "docker.io/library/app", "docker.io", "sha256", ""},
  };
  for (const Good& row : table) {
    DYNAMIC_SECTION(row.text.substr(0, 80)) {
      const agent::ImageReference reference = parse_image(row.text);
      CHECK(reference.gun.text() == row.gun);
      CHECK(reference.registry == row.registry);
      CHECK(reference.tag.value_or(kNone) == row.tag);
      CHECK((reference.digest ? reference.digest->text() : kNone) == row.digest);
      CHECK(agent::registry_of(reference.gun) == row.registry);
    }
  }
}

TEST_CASE("What Docker would refuse as an image is refused with the right error") {
  const std::vector<Bad> table = {
      {"", ErrorCode::kInvalidReference},
      {":tag", ErrorCode::kInvalidReference},
      {"@" + kDigest, ErrorCode::kInvalidReference},
      {kHex, ErrorCode::kInvalidReference},
      {"https://github.com/docker/docker", ErrorCode::kInvalidReference},
      {"docker://alpine:3", ErrorCode::kInvalidReference},
      {"docker/Docker", ErrorCode::kInvalidReference},
      {"Alpine", ErrorCode::kInvalidReference},
      {"Uppercase:tag", ErrorCode::kInvalidReference},
      {"test:5000/Uppercase/lowercase:tag", ErrorCode::kInvalidReference},
      {"docker.io/docker/Docker", ErrorCode::kInvalidReference},
      {"-docker", ErrorCode::kInvalidReference},
      {"docker-", ErrorCode::kInvalidReference},
      {"-docker/docker", ErrorCode::kInvalidReference},
      {"-docker.io/docker/docker", ErrorCode::kInvalidReference},
      {"docker-.io/docker", ErrorCode::kInvalidReference},
      {"docker///docker", ErrorCode::kInvalidReference},
      {"docker/", ErrorCode::kInvalidReference},
      {"/docker", ErrorCode::kInvalidReference},
      {"reg.example.com/", ErrorCode::kInvalidReference},
      {"reg.example.com/app/", ErrorCode::kInvalidReference},
      {"reg.example.com//app", ErrorCode::kInvalidReference},
      {"reg.example.com/../app", ErrorCode::kInvalidReference},
      {"./app", ErrorCode::kInvalidReference},
      {"../app", ErrorCode::kInvalidReference},
      {"reg..example.com/app", ErrorCode::kInvalidReference},
      {"reg.example.com./app", ErrorCode::kInvalidReference},
      {"reg:/app", ErrorCode::kInvalidReference},
      {"reg:port/app", ErrorCode::kInvalidReference},
      {"reg:50:00/app", ErrorCode::kInvalidReference},
      {"user@reg.example.com/app", ErrorCode::kInvalidReference},
      // Docker takes this as a repository without a registry, with which it then cannot do anything.
      {"a_b.c-d/e.f_g", ErrorCode::kInvalidReference},
      {"[::1]", ErrorCode::kInvalidReference},
      {"[::1]:5000", ErrorCode::kInvalidReference},
      {"[]/app", ErrorCode::kInvalidReference},
      {"[::1/app", ErrorCode::kInvalidReference},
      {"[::1]5000/app", ErrorCode::kInvalidReference},
      {"[::1]:/app", ErrorCode::kInvalidReference},
      {"fc00::1:5000/debian", ErrorCode::kInvalidReference},
      {"[fe80::1%eth0]:5000/debian", ErrorCode::kInvalidReference},
      {"[2001:db8:3:4::192.0.2.33]:5000/debian", ErrorCode::kInvalidReference},
      {"____/____", ErrorCode::kInvalidReference},
      {"_docker/_docker", ErrorCode::kInvalidReference},
      {"dock..er/docker", ErrorCode::kInvalidReference},
      {"team/dock..er", ErrorCode::kInvalidReference},
      {"team/dock_.er", ErrorCode::kInvalidReference},
      {"team/dock-.er", ErrorCode::kInvalidReference},
      {"team/dock___er", ErrorCode::kInvalidReference},
      {"aa/asdf$$^/aa", ErrorCode::kInvalidReference},
      {" alpine", ErrorCode::kInvalidReference},
      {"alp\nine", ErrorCode::kInvalidReference},
      {"alp\x1b[31mine", ErrorCode::kInvalidReference},
      {"alpin\xc3\xa9", ErrorCode::kInvalidReference},
      {"domain/" + repeated("a", 256) + ":tag", ErrorCode::kInvalidReference},
      // 255 characters of path, but a trust server cannot store the whole name.
      {"reg.example.com/" + repeated("a", 255), ErrorCode::kInvalidReference},
      {"alpine:", ErrorCode::kInvalidTag},
      {"alpine:@" + kDigest, ErrorCode::kInvalidTag},
      {"alpine:.3", ErrorCode::kInvalidTag},
      {"alpine:-3", ErrorCode::kInvalidTag},
      {"alpine:3 ", ErrorCode::kInvalidReference},
      {"alpine:3:4", ErrorCode::kInvalidTag},
      {"alpine:a+b", ErrorCode::kInvalidTag},
      {"reg:5000/app:a/b", ErrorCode::kInvalidTag},
      {"alpine:x\ny", ErrorCode::kInvalidReference},
      {"alpine:\xc3\xa9", ErrorCode::kInvalidTag},
      {"alpine:" + repeated("t", 129), ErrorCode::kInvalidTag},
      {"alpine@", ErrorCode::kInvalidDigest},
      {"alpine@" + kHex, ErrorCode::kInvalidDigest},
      {"alpine@sha256:" + kHex.substr(1), ErrorCode::kInvalidDigest},
      {"alpine@sha256:" + kHex + "0", ErrorCode::kInvalidDigest},
      {"alpine@sha256:" + repeated("F", 64), ErrorCode::kInvalidDigest},
      {"alpine@SHA256:" + kHex, ErrorCode::kInvalidDigest},
      {"alpine@sha512:" + kHex + kHex, ErrorCode::kInvalidDigest},
      {"alpine@md5:d41d8cd98f00b204e9800998ecf8427e", ErrorCode::kInvalidDigest},
      {"alpine@" + kDigest + "@" + kDigest, ErrorCode::kInvalidDigest},
      {"alpine@" + kDigest + ":tag", ErrorCode::kInvalidDigest},
  };
  for (const Bad& row : table) {
    DYNAMIC_SECTION(row.text.substr(0, 80)) {
      CHECK(code_of([&] { parse_image(row.text); }) == row.code);
    }
  }
}

TEST_CASE("A message about a reference quotes it so that it cannot forge a line, and not at full length") {
  try {
    parse_image("app\nerror[OK]: \x1b[2Jdone" + repeated("x", 5000));
    FAIL("no error");
  } catch (const tuf::Error& error) {
    const std::string message = error.what();
    CHECK(message.find("app\\nerror[OK]: \\x1b[2Jdone") != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
    CHECK(message.size() < 500);
  }
}

TEST_CASE("What stands behind @ and is like no digest is not repeated, nor is a token of a URL") {
  for (const std::string text :
       {"r.example/app@S3cret", "r.example/app:1@S3cret:word", "r.example/a:1?token=S3cret",
        "https://ci:S3cret", "https://r.example/a?access_token=S3cret"}) {
    const auto error = test::error_of([&] { parse_image(text); });
    REQUIRE(error);
    CHECK_THAT(std::string(error->what()) + error->hint(), !Catch::Contains("S3cret"));
  }
  CHECK(test::mentions(test::error_of([&] { parse_image("app@" + kHex); }), kHex));
  CHECK(test::mentions(test::error_of([&] { parse_image("app@sha256:12"); }), "sha256:12"));
}

TEST_CASE("A password in front of a registry is refused and never repeated, whatever is in it") {
  const std::vector<std::string> names = {"ci:86420975@r.example/app:1",
                                          "ci:86420975@r.example:5000/app",
                                          "ci:86420975@r.example",
                                          "ci:a/86420975@r.example/app:1",
                                          "https://ci:86420975@r.example/app:1",
                                          "https://ci:a/86420975@r.example/app",
                                          "ci:a@86420975@r.example/app",
                                          "ci:86420975@sha.example/app@sha256:" + kHex,
                                          "ci:86420 975@r.example/a b",
                                          "docker://ci:86420975/@r.example/a"};
  for (const std::string& text : names) {
    for (const bool is_image : {true, false}) {
      CAPTURE(text);
      const auto error =
          test::error_of([&] { is_image ? void(parse_image(text)) : void(parse_repository(text)); });
      REQUIRE(error);
      CHECK(error->code() == ErrorCode::kInvalidReference);
      CHECK_THAT(error->what(), !Catch::Contains("86420"));
      CHECK_THAT(error->hint(), !Catch::Contains("86420") && Catch::Contains("docker login "));
    }
  }
}

TEST_CASE("A repository operand gives the same name as an image of it") {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"alpine", "docker.io/library/alpine"},
      {"docker.io/alpine", "docker.io/library/alpine"},
      {"index.docker.io/alpine", "docker.io/library/alpine"},
      {"team/app", "docker.io/team/app"},
      {"localhost", "docker.io/library/localhost"},
      {"example.com", "docker.io/library/example.com"},
      {"localhost/app", "localhost/app"},
      {"localhost:5000/team/app", "localhost:5000/team/app"},
      {"reg.example.com/app", "reg.example.com/app"},
      {"[::1]:5000/app", "[::1]:5000/app"},
      {"Foo/bar", "Foo/bar"},
  };
  for (const auto& [text, gun] : table) {
    INFO(text);
    CHECK(parse_repository(text).text() == gun);
    CHECK(parse_image(text).gun.text() == gun);
  }
}

TEST_CASE("A GUN of notary's that Docker would refuse is taken as it is if it begins with a host") {
  CHECK(parse_repository("reg.example.com/Team/App").text() == "reg.example.com/Team/App");
  CHECK(parse_repository("localhost/a__.b").text() == "localhost/a__.b");
  CHECK(parse_repository("reg:5000/-x").text() == "reg:5000/-x");
  CHECK(code_of([] { parse_repository("Team"); }) == ErrorCode::kInvalidReference);
  CHECK(code_of([] { parse_repository("team/App"); }) == ErrorCode::kInvalidReference);
  CHECK(code_of([] { parse_repository("docker.io/team/App"); }) == ErrorCode::kInvalidReference);
}

TEST_CASE("A repository operand with a tag or digest, or that leads elsewhere, is refused") {
  for (const std::string& text :
       {std::string("alpine:3"), "alpine@" + kDigest, std::string("reg.example.com/app:1.0"),
        std::string("reg.example.com/Team/App:1.0"), "reg.example.com/app@" + kDigest,
        std::string("localhost:5000"), std::string("reg.example.com/../app"),
        std::string("reg.example.com/a/./b"), std::string("reg.example.com//a"),
        std::string("reg.example.com/a\nb"), std::string("https://reg.example.com/app"), kHex,
        std::string()}) {
    INFO(text);
    CHECK(code_of([&] { parse_repository(text); }) == ErrorCode::kInvalidReference);
  }
}

TEST_CASE("A digest is sha256 and 64 lower-case hex digits, and survives parsing and formatting") {
  const agent::Digest digest = agent::Digest::parse(kDigest);
  CHECK(digest.text() == kDigest);
  CHECK(digest.hex() == kHex);
  CHECK(digest.bytes().size() == 32);
  CHECK(agent::Digest::of("abc").text() ==
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(agent::Digest::of("abc") != digest);
}

TEST_CASE("A sha512 digest is recognised, and the message says why it is of no use") {
  try {
    agent::Digest::parse("sha512:" + kHex + kHex);
    FAIL("no error");
  } catch (const tuf::Error& error) {
    CHECK(error.code() == ErrorCode::kInvalidDigest);
    CHECK(std::string(error.what()).find("Docker Content Trust signs the SHA-256") != std::string::npos);
  }
}

TEST_CASE("A template that nobody has rendered is refused with what renders it") {
  struct Row {
    const char* text;
    const char* placeholder;
    const char* hint;
  };
  const std::vector<Row> rows = {
      {"{{ .Values.image }}", "{{ .Values.image }}", "helm template"},
      {"registry.example.com/app:{{ .Values.tag | default \"1\" }}", "{{ .Values.tag", "helm template"},
      {"{{ registry }}/app:1.0", "{{ registry }}", "helm template"},
      {"${REGISTRY:-registry.example.com}/team/app:1.0", "${REGISTRY:-registry.example.com}",
       "docker compose config"},
      {"registry.example.com/app:${TAG}", "${TAG}", "docker compose config"},
      {"app@${DIGEST}", "${DIGEST}", "docker compose config"},
      {"registry.example.com/app:$TAG", "$TAG", "shell"},
      {"$IMAGE", "$IMAGE", "shell"},
      {"app:$(TAG)", "$(TAG)", "pipeline"},
      {"app:${{ github.sha }}", "${{ github.sha }}", "workflow"},
      {"app:$[[ inputs.tag ]]", "$[[ inputs.tag ]]", "GitLab"},
      {"app:<%= tag %>", "<%= tag %>", "erb"},
      {"registry.example.com/<team>/app", "<team>", "your own name"},
      {"app:((tag))", "((tag))", "fly set-pipeline"},
      {"app:%BUILD_NUMBER%", "%BUILD_NUMBER%", "batch"},
      {"app:#{tag}#", "#{tag}", "fills it in"},
      {"app:{version}", "{version}", "fills it in"},
      {"@@IMAGE@@", "@@IMAGE@@", "fills it in"},
      {"[[ image ]]:1.0", "[[ image ]]", "fills it in"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto error = test::error_of([&] { agent::parse_image(row.text); });
    REQUIRE(error);
    CHECK(error->code() == ErrorCode::kInvalidReference);
    CHECK_THAT(error->what(), Catch::Contains("\"" + std::string(row.placeholder)));
    CHECK_THAT(error->hint(), Catch::Contains(row.hint));
  }
  // Marks of none of these are what they were.
  CHECK(test::error_of([] { agent::parse_image("[::1]:5000/App"); })->hint().find("lower case") !=
        std::string::npos);
}
