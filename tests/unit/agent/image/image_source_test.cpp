#include "agent/image/image_source.h"

#include "agent/image/listed/child_tags.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/fake_http.h"
#include "tests/support/test_data.h"

namespace {

using agent::Digest;
using agent::parse_image;
using agent::ResolvedImage;
using agent::SourceOptions;
using tuf::ErrorCode;

constexpr const char* kIndexType = "application/vnd.oci.image.index.v1+json";
const std::string kZeros = "sha256:" + std::string(64, '0');

std::string image_of(const std::string& mark) {
  return R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[],"config":{},"mark":")" +
         mark + "\"}";
}

std::string child(const std::string& content, const std::string& platform) {
  return R"({"digest":")" + Digest::of(content).text() + R"(","size":)" + std::to_string(content.size()) +
         R"(,"platform":)" + platform + "}";
}

const std::string kAmd64 = image_of("amd64");
const std::string kArm64 = image_of("arm64");
const std::string kIndex =
    R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)" +
    child(kAmd64, R"({"os":"linux","architecture":"amd64"})") + "," +
    child(kArm64, R"({"os":"linux","architecture":"arm64","variant":"v8"})") + "," +
    child("provenance", R"({"os":"unknown","architecture":"unknown"})") + "]}";

/// A registry that holds these manifests under these names.
struct Lab {
  std::map<std::string, std::string> held;
  int asked = 0;
  std::shared_ptr<test::FakeHttp> http =
      std::make_shared<test::FakeHttp>([this](const agent::HttpRequest& request) {
        ++asked;
        const auto found = held.find(request.url.substr(request.url.rfind('/') + 1));
        if (found == held.end()) return test::response(404);
        const bool head = request.method == agent::HttpMethod::kHead;
        return test::response(200, head ? std::string() : found->second,
                              {{"docker-content-digest", Digest::of(found->second).text()}});
      });

  void hold(const std::string& tag, const std::string& content) {
    held[tag] = content;
    held[Digest::of(content).text()] = content;
  }
  agent::OpenRegistry open() {
    return [this](const tuf::Gun& gun) {
      return agent::Registry(http, agent::Url::of_server("https://reg.example.com"), gun);
    };
  }
  ResolvedImage resolve(const std::string& image, const SourceOptions& options = {}) {
    return resolve_image(parse_image(image), options, open());
  }
};

class Files {
 public:
  std::string write(const std::string& name, const std::string& content) {
    test::write_file(dir_ / name, content);
    return (dir_ / name).string();
  }

 private:
  test::TempDir dir_;
};

SourceOptions with_size(std::int64_t size) {
  SourceOptions options;
  options.size = size;
  return options;
}

}  // namespace

TEST_CASE("A digest in the reference with --size is taken at the user's word, and nobody is asked") {
  Lab lab;
  const std::string digest = "sha256:" + std::string(64, 'a');
  const ResolvedImage image = lab.resolve("alpine:3@" + digest, with_size(1573));
  CHECK(image.digest.text() == digest);
  CHECK(image.length == 1573);
  CHECK(image.reference.gun.text() == "docker.io/library/alpine");
  CHECK(image.source == "the reference, --size");
  CHECK(lab.asked == 0);
}

TEST_CASE("the value of --size is a whole number from 1 to 2^53") {
  CHECK(agent::parse_size("1") == 1);
  CHECK(agent::parse_size("5242880") == 5242880);
  CHECK(agent::parse_size("9007199254740992") == std::int64_t{1} << 53);
  for (const char* text : {"", "0", "-1", "+5", " 5", "5 ", "1.5", "1e3", "0x10", "9007199254740993",
                           "99999999999999999999", "12\n", "many"}) {
    INFO(text);
    CHECK_ERROR(agent::parse_size(text), ErrorCode::kUsage);
  }
}

TEST_CASE("Without any source the registry is asked, for the whole image and not for one platform") {
  Lab lab;
  lab.hold("1.0", kIndex);
  const ResolvedImage image = lab.resolve("reg.example.com/app:1.0");
  CHECK(image.digest == Digest::of(kIndex));
  CHECK(image.length == static_cast<std::int64_t>(kIndex.size()));
  CHECK(image.source == "the registry");
  CHECK(image.children.size() == 2);
  CHECK(lab.asked == 1);
  CHECK_ERROR(lab.resolve("reg.example.com/app:2.0"), ErrorCode::kImageNotFound, "reg.example.com/app:2.0");
}

TEST_CASE("A size that is given beside must be the registry's") {
  Lab lab;
  lab.hold("1.0", kIndex);
  const auto right = static_cast<std::int64_t>(kIndex.size());
  CHECK(lab.resolve("reg.example.com/app:1.0", with_size(right)).length == right);
  CHECK_ERROR(
      lab.resolve("reg.example.com/app:1.0", with_size(right + 1)), ErrorCode::kSourcesDisagree,
      std::to_string(right + 1) + " bytes (--size), " + std::to_string(right) + " bytes (the registry)");
}

TEST_CASE("A digest without a size gets it from the registry, by the digest") {
  Lab lab;
  lab.hold("1.0", kIndex);
  const std::string digest = Digest::of(kIndex).text();
  CHECK(lab.resolve("reg.example.com/app:1.0@" + digest).length == static_cast<std::int64_t>(kIndex.size()));
  CHECK(lab.http->requests.at(0).url.ends_with(digest));
  CHECK_ERROR(lab.resolve("reg.example.com/app:1.0@" + kZeros), ErrorCode::kImageNotFound, kZeros);

  Files files;
  SourceOptions options;
  options.digest_file = files.write("digest", digest);
  const ResolvedImage image = lab.resolve("reg.example.com/app:1.0", options);
  CHECK(image.digest.text() == digest);
  CHECK(image.source == "--digest-file " + *options.digest_file + ", the registry");
}

TEST_CASE("A digest is signed before its tag is pushed, or has another") {
  Lab lab;
  lab.hold("other", kIndex);
  const std::string image = "reg.example.com/app:1.0@" + Digest::of(kIndex).text();
  CHECK(lab.resolve(image).digest == Digest::of(kIndex));
  lab.hold("1.0", image_of("another"));
  CHECK(lab.resolve(image).digest == Digest::of(kIndex));
}

TEST_CASE("The digest of one platform is not signed under the tag of the whole") {
  Lab lab;
  lab.hold("1.0", kIndex);
  lab.hold("1.0-arm64", kArm64);
  const std::string digest = Digest::of(kArm64).text();
  CHECK_ERROR(lab.resolve("reg.example.com/app:1.0@" + digest), ErrorCode::kRegistryMismatch,
              "only the linux/arm64/v8 part of reg.example.com/app:1.0");
  SourceOptions checked = with_size(static_cast<std::int64_t>(kArm64.size()));
  checked.check_registry = true;
  CHECK_ERROR(lab.resolve("reg.example.com/app:1.0@" + digest, checked), ErrorCode::kRegistryMismatch,
              "only the linux/arm64/v8 part");
  CHECK(lab.resolve("reg.example.com/app:1.0-arm64@" + digest).digest.text() == digest);
}

TEST_CASE("All sources that are given must say the same, and each is named with its value") {
  Lab lab;
  Files files;
  SourceOptions options;
  options.manifest_file = files.write("manifest.json", kIndex);
  options.digest_file = files.write("digest", "reg.example.com/app@" + Digest::of(kIndex).text());
  options.metadata_file =
      files.write("metadata.json", R"({"containerimage.descriptor":{"digest":")" + Digest::of(kIndex).text() +
                                       R"(","size":)" + std::to_string(kIndex.size()) +
                                       R"(},"image.name":"reg.example.com/app:1.0"})");
  const std::string image = "reg.example.com/app:1.0";
  CHECK(lab.resolve(image, options).digest == Digest::of(kIndex));
  CHECK(lab.asked == 0);

  SourceOptions wrong = options;
  wrong.digest_file = files.write("other-digest", kZeros);
  CHECK_ERROR(lab.resolve(image, wrong), ErrorCode::kSourcesDisagree,
              kZeros + " (--digest-file " + *wrong.digest_file + ")");
  CHECK_ERROR(lab.resolve(image, wrong), ErrorCode::kSourcesDisagree,
              Digest::of(kIndex).text() + " (--manifest " + *options.manifest_file + ")");

  wrong = options;
  wrong.metadata_file = files.write("wrong-size.json", R"({"containerimage.descriptor":{"digest":")" +
                                                           Digest::of(kIndex).text() + R"(","size":7}})");
  CHECK_ERROR(lab.resolve(image, wrong), ErrorCode::kSourcesDisagree,
              "7 bytes (--metadata-file " + *wrong.metadata_file + ")");
  CHECK_ERROR(lab.resolve(image + "@" + kZeros, options), ErrorCode::kSourcesDisagree,
              kZeros + " (the reference)");
}

TEST_CASE("A manifest in a file is measured as it is, whether or not it says its type") {
  Lab lab;
  Files files;
  SourceOptions options;
  for (const char* content :
       {R"({"manifests":[]})", R"({"layers":[],"config":{}})", R"({"layers":[],"config":{}} )"}) {
    options.manifest_file = files.write("m.json", content);
    const ResolvedImage image = lab.resolve("app:1", options);
    CHECK(image.digest == Digest::of(content));
    CHECK(image.length == static_cast<std::int64_t>(std::string(content).size()));
  }
  std::string large = image_of(std::string(5 << 20, 'x'));
  options.manifest_file = files.write("m.json", large);
  CHECK(lab.resolve("app:1", options).length == static_cast<std::int64_t>(large.size()));
  for (const std::string& content : {std::string(), std::string("{}"), std::string("[]"),
                                     std::string(R"({"mediaType":"application/vnd.in-toto+json"})"),
                                     image_of(std::string(9 << 20, 'x'))}) {
    options.manifest_file = files.write("m.json", content);
    CHECK_ERROR(lab.resolve("app:1", options), ErrorCode::kFileUnreadable, "m.json");
  }
}

TEST_CASE("Checking the registry proves that the tag in the registry is this image, now and later") {
  Lab lab;
  SourceOptions options = with_size(static_cast<std::int64_t>(kIndex.size()));
  options.check_registry = true;
  const std::string image = "reg.example.com/app:1.0@" + Digest::of(kIndex).text();
  CHECK_ERROR(lab.resolve(image, options), ErrorCode::kRegistryMismatch, "is absent now");
  lab.hold("1.0", image_of("pushed over"));
  CHECK_ERROR(lab.resolve(image, options), ErrorCode::kRegistryMismatch,
              "is " + Digest::of(image_of("pushed over")).text() + " now, not " + Digest::of(kIndex).text());
  lab.hold("1.0", kIndex);
  const ResolvedImage resolved = lab.resolve(image, options);
  agent::Registry registry = lab.open()(resolved.reference.gun);
  check_registry(registry, resolved, "after it was signed");
  lab.hold("1.0", image_of("moved"));
  CHECK_ERROR(check_registry(registry, resolved, "after it was signed"), ErrorCode::kRegistryMismatch,
              "after it was signed");
  lab.held.clear();
  CHECK_ERROR(check_registry(registry, resolved, "after it was signed"), ErrorCode::kRegistryMismatch,
              "absent after it was signed");
}

TEST_CASE("The images of an index get tags of their own") {
  Lab lab;
  lab.hold("1.0", kIndex);
  const auto children = agent::child_images(lab.resolve("reg.example.com/app:1.0"));
  REQUIRE(children.size() == 2);
  CHECK(*children[0].reference.tag == "1.0-linux-amd64");
  CHECK(children[0].digest == Digest::of(kAmd64));
  CHECK(children[0].length == static_cast<std::int64_t>(kAmd64.size()));
  CHECK(*children[1].reference.tag == "1.0-linux-arm64-v8");
  CHECK(children[1].digest == Digest::of(kArm64));

  // The user's word does not hold the bytes: they are fetched.
  SourceOptions options = with_size(static_cast<std::int64_t>(kIndex.size()));
  options.with_children = true;
  CHECK(lab.resolve("reg.example.com/app:1.0@" + Digest::of(kIndex).text(), options).children.size() == 2);
  lab.hold("single", kAmd64);
  CHECK(agent::child_images(lab.resolve("reg.example.com/app:single")).empty());
}

TEST_CASE("Children that cannot be told apart, measured or named are not signed") {
  Lab lab;
  const auto index = [](const std::string& children) { return R"({"manifests":[)" + children + "]}"; };
  const std::string amd64 = R"({"os":"linux","architecture":"amd64"})";
  const auto children_of = [&](const std::string& children, const std::string& tag = "t") {
    lab.held[tag] = R"({"mediaType":")" + std::string(kIndexType) + "\"," + index(children).substr(1);
    return agent::child_images(lab.resolve("reg.example.com/app:" + tag));
  };
  CHECK_ERROR(children_of(child("a", amd64) + "," + child("b", amd64)), ErrorCode::kUsage, "several");
  CHECK_ERROR(children_of(R"({"digest":")" + kZeros + R"(","platform":)" + amd64 + "}"),
              ErrorCode::kSizeMismatch, "linux/amd64");
  CHECK_ERROR(children_of(R"({"digest":"sha512:)" + std::string(128, 'a') + R"(","size":7,"platform":)" +
                          amd64 + "}"),
              ErrorCode::kInvalidDigest, "sha512");
  CHECK_ERROR(children_of(child("a", R"({"os":"linux","architecture":"a b"})")), ErrorCode::kInvalidTag);
  CHECK_ERROR(children_of(child("a", amd64), std::string(120, 't')), ErrorCode::kInvalidTag);
}
