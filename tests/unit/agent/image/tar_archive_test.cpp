#include "agent/image/tar_archive.h"

#include "agent/image/oci_layout.h"
#include "tests/support/catch.h"
#include "tests/support/test_data.h"
#include "tuf/base/error.h"

namespace {

using agent::TarArchive;
using tuf::ErrorCode;

/// One entry as tar writes it: header, content, padding.
std::string entry(const std::string& name, const std::string& content, char type = '0',
                  const std::string& size = {}, const std::string& prefix = {}) {
  std::string header(512, '\0');
  const auto put = [&](std::size_t offset, const std::string& text) {
    header.replace(offset, text.size(), text);
  };
  const auto octal = [](std::uint64_t value, int digits) {
    std::string out;
    for (int i = digits - 1; i >= 0; --i) out += static_cast<char>('0' + ((value >> (3 * i)) & 7));
    return out;
  };
  put(0, name);
  put(100, "0000644");
  put(124, size.empty() ? octal(content.size(), 11) : size);
  put(136, "00000000000");
  put(148, "        ");
  header[156] = type;
  put(257, std::string("ustar\0", 6) + "00");
  put(345, prefix);
  unsigned sum = 0;
  for (char c : header) sum += static_cast<unsigned char>(c);
  put(148, octal(sum, 6) + std::string("\0 ", 2));
  std::string padded = content;
  padded.resize((content.size() + 511) / 512 * 512, '\0');
  return header + padded;
}

std::string pax(const std::string& key, const std::string& value) {
  const std::size_t rest = 1 + key.size() + 1 + value.size() + 1;
  std::size_t length = rest + 1;
  while (std::to_string(length).size() + rest != length) ++length;
  return entry("PaxHeaders/x", std::to_string(length) + " " + key + "=" + value + "\n", 'x');
}

const std::string kEnd(1024, '\0');

class Archive {
 public:
  explicit Archive(const std::string& bytes) { test::write_file(path(), bytes); }
  std::filesystem::path path() const { return dir_ / "a.tar"; }
  std::optional<std::string> read(const std::string& name, std::size_t limit = 1000) const {
    return TarArchive(path()).read(name, limit);
  }
  ErrorCode code() const {
    try {
      TarArchive archive(path());
    } catch (const tuf::Error& error) {
      return error.code();
    }
    FAIL("no error");
    return ErrorCode::kInternal;
  }

 private:
  test::TempDir dir_;
};

}  // namespace

TEST_CASE("Files are found in a tar archive by their names") {
  const Archive archive(entry("blobs/", "", '5') + entry("./index.json", "{}") +
                        entry("blobs/x", std::string(700, 'b')) + entry("last", "end") + kEnd);
  CHECK(archive.read("index.json") == "{}");
  CHECK(archive.read("blobs/x") == std::string(700, 'b'));
  CHECK(archive.read("last") == "end");
  CHECK_FALSE(archive.read("blobs/"));
  CHECK_FALSE(archive.read("other"));
}

TEST_CASE("Long names and lengths are read in each of tar's three ways") {
  const std::string name = std::string(90, 'd') + "/" + std::string(90, 'n');
  const Archive archive(entry("n", "ustar", '0', {}, "p") + entry("././@LongLink", name + '\0', 'L') +
                        entry(name.substr(0, 100), "gnu") + pax("path", "by-pax") + entry("short", "pax") +
                        pax("size", "3") + entry("sized", "abc", '0', "00000000000") +
                        entry("big", "base256", '0', std::string("\x80\0\0\0\0\0\0\0\0\0\0\x07", 12)) + kEnd);
  CHECK(archive.read("p/n") == "ustar");
  CHECK(archive.read(name) == "gnu");
  CHECK(archive.read("by-pax") == "pax");
  CHECK(archive.read("sized") == "abc");
  CHECK(archive.read("big") == "base256");
  CHECK_FALSE(archive.read("short"));
}

TEST_CASE("Links in an archive are not files") {
  const Archive archive(entry("soft", "", '2') + entry("hard", "", '1') + kEnd);
  CHECK_FALSE(archive.read("soft"));
  CHECK_FALSE(archive.read("hard"));
}

TEST_CASE("A file over the limit is refused, not cut") {
  const Archive archive(entry("x", std::string(11, 'x')) + kEnd);
  CHECK(archive.read("x", 11)->size() == 11);
  CHECK_THROWS_AS(archive.read("x", 10), tuf::Error);
}

TEST_CASE("Damaged, cut and compressed archives are refused") {
  CHECK(Archive(std::string("\x1f\x8b\x08", 3) + std::string(600, 'z')).code() == ErrorCode::kFileUnreadable);
  CHECK(Archive(std::string(2000, 'x')).code() == ErrorCode::kFileUnreadable);
  CHECK(Archive(entry("x", std::string(600, 'x')).substr(0, 900)).code() == ErrorCode::kFileUnreadable);
  CHECK(Archive(entry("x", "a") + std::string(512, 'g')).code() == ErrorCode::kFileUnreadable);
  CHECK(Archive(entry("x", "", '0', "77777777777") + kEnd).code() == ErrorCode::kFileUnreadable);
  CHECK(Archive(entry("x", "", '0', "7x") + kEnd).code() == ErrorCode::kFileUnreadable);
  CHECK(Archive(entry("x", "", '0', std::string(1, '\x80') + std::string(11, '\xff')) + kEnd).code() ==
        ErrorCode::kFileUnreadable);
  CHECK(Archive(entry("p", "99 path=x\n", 'x') + kEnd).code() == ErrorCode::kFileUnreadable);
  CHECK(Archive(entry("p", "0 =\n", 'x') + kEnd).code() == ErrorCode::kFileUnreadable);
  CHECK(Archive(pax("size", "-1") + entry("x", "") + kEnd).code() == ErrorCode::kFileUnreadable);
}

TEST_CASE("A file that stands in the archive twice is refused, since readers would disagree about it") {
  CHECK(Archive(entry("index.json", "{}") + entry("./index.json", "[]") + kEnd).code() ==
        ErrorCode::kFileUnreadable);
}

TEST_CASE("An OCI layout is read out of its archive") {
  const std::string manifest = R"({"schemaVersion":2,"layers":[],"config":{}})";
  const agent::Digest digest = agent::Digest::of(manifest);
  const std::string index =
      R"({"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":)" +
      std::to_string(manifest.size()) + R"(,"digest":")" + digest.text() +
      R"(","annotations":{"org.opencontainers.image.ref.name":"1.0"}}]})";
  const Archive archive(entry("blobs/sha256/" + digest.hex(), manifest) + entry("index.json", index) + kEnd);
  CHECK(agent::read_layout({archive.path(), std::nullopt}).digest == digest);
  CHECK(agent::read_layout({archive.path(), "1.0"}).digest == digest);
}
