#include "agent/image/registry.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/fake_http.h"

namespace {

using agent::Digest;
using agent::HttpMethod;
using agent::HttpRequest;
using agent::HttpResponse;
using agent::Registry;
using agent::Url;
using test::FakeHttp;
using test::response;
using tuf::ErrorCode;

constexpr const char* kIndexType = "application/vnd.oci.image.index.v1+json";
constexpr const char* kImageType = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* kOldType = "application/vnd.docker.distribution.manifest.v1+prettyjws";

const tuf::Gun kGun = *tuf::Gun::parse("reg.example.com:5000/team/app");
const std::string kIndex = R"({"schemaVersion":2,"manifests":[]})";

/// A registry with one answer.
struct Lab {
  explicit Lab(HttpResponse answer)
      : http(std::make_shared<FakeHttp>([answer](const HttpRequest&) { return answer; })),
        registry(http, Url::of_server("https://reg.example.com:5000"), kGun) {}
  std::shared_ptr<FakeHttp> http;
  Registry registry;
};

HttpResponse manifest(const std::string& body, const std::string& type, const std::string& digest = {}) {
  std::multimap<std::string, std::string> headers = {{"content-type", type}};
  if (!digest.empty()) headers.emplace("docker-content-digest", digest);
  return response(200, body, headers);
}

}  // namespace

TEST_CASE("A tag is asked for with every type of manifest, and its bytes are hashed") {
  Lab lab(manifest(kIndex, kIndexType, Digest::of(kIndex).text()));
  const auto found = lab.registry.find("1.0");
  REQUIRE(found);
  CHECK(found->digest == Digest::of(kIndex));
  CHECK(found->length == static_cast<std::int64_t>(kIndex.size()));
  CHECK(found->media_type == kIndexType);
  const HttpRequest& asked = lab.http->requests.at(0);
  CHECK(asked.url == "https://reg.example.com:5000/v2/team/app/manifests/1.0");
  const std::string accept = test::header_of(asked, "Accept");
  for (const char* type : {kIndexType, kImageType, "application/vnd.docker.distribution.manifest.v2+json",
                           "application/vnd.docker.distribution.manifest.list.v2+json"}) {
    CHECK(accept.find(type) != std::string::npos);
  }
  CHECK(accept.find("v1+prettyjws") == std::string::npos);
  CHECK(accept.find("*/*") == std::string::npos);
}

TEST_CASE("A digest is asked for by its name, and the bytes must be those") {
  const Digest right = Digest::of(kIndex);
  Lab lab(manifest(kIndex, kIndexType));
  CHECK(lab.registry.find(right)->digest == right);
  CHECK(lab.http->requests.at(0).url == "https://reg.example.com:5000/v2/team/app/manifests/" + right.text());
  CHECK_ERROR(lab.registry.find(Digest::of("other")), ErrorCode::kHashMismatch, right.text());
}

TEST_CASE("What a registry does not have is no error") {
  Lab lab(response(404, R"({"errors":[{"code":"MANIFEST_UNKNOWN"}]})"));
  CHECK_FALSE(lab.registry.find("1.0"));
  CHECK_FALSE(lab.registry.find(Digest::of("x")));
  CHECK_FALSE(lab.registry.digest_of("1.0"));
}

TEST_CASE("Bytes that are not what the registry calls them are refused") {
  Lab lab(manifest(kIndex, kIndexType, Digest::of("other").text()));
  CHECK_ERROR(lab.registry.find("1.0"), ErrorCode::kHashMismatch, Digest::of(kIndex).text());
}

TEST_CASE("A registry that names manifests by another algorithm cannot be signed for") {
  Lab lab(manifest(kIndex, kIndexType, "sha512:" + std::string(128, 'a')));
  CHECK_ERROR(lab.registry.find("1.0"), ErrorCode::kInvalidDigest, "sha512");
  CHECK_ERROR(lab.registry.digest_of("1.0"), ErrorCode::kInvalidDigest, "sha512");
}

TEST_CASE("What is no manifest of an image is an error of the server, whatever it calls itself") {
  struct Row {
    HttpResponse answer;
    const char* message;
  };
  const auto row = GENERATE(
      Row{manifest("", kIndexType), "not a JSON object"},
      Row{manifest("<html>", "text/html"), "not a JSON object"},
      Row{manifest(R"({"schemaVersion":1})", kOldType), "prettyjws"},
      Row{manifest(R"({"schemaVersion":1})", "application/json"), "is not given"},
      Row{manifest(R"({"mediaType":"application/vnd.oci.image.index.v1+json"})", kImageType), "calls itself"},
      Row{manifest(R"({"manifests":[],"layers":[]})", kIndexType), "at once"},
      Row{response(302, {}, {{"location", "https://evil.example/x"}}), "not followed"},
      Row{response(500), "answers 500"}, Row{response(429, {}, {{"retry-after", "7"}}), "too many requests"});
  Lab lab(row.answer);
  CHECK_ERROR(lab.registry.find("1.0"), ErrorCode::kServerError, row.message);
}

TEST_CASE("A manifest's own type counts where the registry sends a type of anything") {
  const std::string body = std::string(R"({"mediaType":")") + kImageType + R"(","layers":[],"config":{}})";
  Lab lab(manifest(body, GENERATE("application/json", "application/json; charset=utf-8", "text/plain", "")));
  CHECK(lab.registry.find("1.0")->media_type == kImageType);
}

TEST_CASE("A tag is looked at again with HEAD, and with GET where HEAD does not tell") {
  Lab telling(manifest("", kIndexType, Digest::of(kIndex).text()));
  CHECK(telling.registry.digest_of("1.0") == Digest::of(kIndex));
  REQUIRE(telling.http->requests.size() == 1);
  CHECK(telling.http->requests[0].method == HttpMethod::kHead);

  const auto status = GENERATE(200, 405);
  auto http = std::make_shared<FakeHttp>([status](const HttpRequest& request) {
    return request.method == HttpMethod::kHead ? response(status) : manifest(kIndex, kIndexType);
  });
  Registry silent(http, Url::of_server("https://reg.example.com:5000"), kGun);
  CHECK(silent.digest_of("1.0") == Digest::of(kIndex));
  CHECK(http->requests.size() == 2);
}

TEST_CASE("Docker Hub is not where its name says, and only named registries do without TLS") {
  const auto url = [](const char* gun, const std::vector<std::string>& insecure) {
    return agent::registry_url(*tuf::Gun::parse(gun), insecure).text();
  };
  CHECK(url("docker.io/library/alpine", {}) == "https://registry-1.docker.io");
  CHECK(url("reg.example.com:5000/a/b", {}) == "https://reg.example.com:5000");
  CHECK(url("reg.example.com:5000/a/b", {"reg.example.com:5000"}) == "http://reg.example.com:5000");
  CHECK(url("reg.example.com:5000/a/b", {"reg.example.com"}) == "https://reg.example.com:5000");
  CHECK(url("reg.example.com/a/b", {"reg.example.com"}) == "http://reg.example.com");
  CHECK(url("localhost:5000/a", {}) == "https://localhost:5000");
  CHECK(url("127.0.0.1/a", {}) == "https://127.0.0.1");
}

TEST_CASE("A registry is asked for reading and no more, by the name without the host") {
  const Url url = Url::of_server("https://reg.example.com:5000");
  CHECK(agent::registry_auth(url, kGun).scope == "repository:team/app:pull");
  CHECK(agent::registry_auth(url, kGun).http_servers.empty());
  const Url hub = Url::of_server("https://registry-1.docker.io");
  CHECK(agent::registry_auth(hub, *tuf::Gun::parse("docker.io/library/alpine")).scope ==
        "repository:library/alpine:pull");
}
