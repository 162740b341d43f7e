#include "hsm/os/atomic_file.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "tests/support/catch.h"
#include "tests/support/test_data.h"
#include "tuf/base/error.h"

namespace fs = std::filesystem;

namespace {

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

std::size_t count_entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

/// The message of the kLocal error that `action` throws.
template <class Action>
std::string local_error(Action action) {
  try {
    action();
  } catch (const tuf::Error& error) {
    CHECK(error.code() == tuf::ErrorCode::kLocal);
    return error.what();
  }
  FAIL("no error");
  return {};
}

/// No file of this process grows beyond `bytes` while it lives: what a full disk looks like.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_{};
  void (*old_handler_)(int);
};

}  // namespace

TEST_CASE("a file is written whole, with exactly the mode asked for, and nothing is left beside it") {
  const test::TempDir dir;
  const mode_t old_mask = umask(0077);
  hsm::write_atomically(dir / "a.json", "first", 0644);
  umask(old_mask);
  CHECK(test::read_file(dir / "a.json") == "first");
  CHECK(mode_of(dir / "a.json") == 0644);

  hsm::write_atomically(dir / "a.json", "", 0600);
  CHECK(test::read_file(dir / "a.json").empty());
  CHECK(mode_of(dir / "a.json") == 0600);
  CHECK(count_entries(dir.path()) == 1);
}

TEST_CASE("many files are written together, each whole, and none is left half when one cannot be") {
  const test::TempDir dir;
  std::vector<hsm::FileContent> files;
  for (int i = 0; i < 150; ++i) files.push_back({dir / ("file-" + std::to_string(i)), "content"});
  std::filesystem::create_directory(dir / "sub");
  files.push_back({dir / "sub" / "x", ""});
  hsm::write_all_atomically(files, 0640);
  for (const hsm::FileContent& file : files) {
    CHECK(hsm::read_whole_file(file.path, 100) == file.content);
    CHECK(std::filesystem::status(file.path).permissions() == std::filesystem::perms(0640));
  }
  std::filesystem::create_directory(dir / "in the way");
  const std::string message = local_error([&] {
    hsm::write_all_atomically({{dir / "file-0", "new"}, {dir / "in the way", "x"}, {dir / "file-1", "new"}},
                              0600);
  });
  CHECK(message.find("in the way") != std::string::npos);
  CHECK(hsm::read_whole_file(dir / "file-0", 100) == "new");
  CHECK(hsm::read_whole_file(dir / "file-1", 100) == "content");
  for (const auto& entry : std::filesystem::directory_iterator(dir.path()))
    CHECK_FALSE(entry.path().filename().string().starts_with(".tmp-"));
}

TEST_CASE("writing replaces a symbolic link and leaves what it points to alone") {
  const test::TempDir dir;
  test::write_file(dir / "elsewhere", "precious");
  fs::create_symlink("elsewhere", dir / "a.json");
  hsm::write_atomically(dir / "a.json", "new", 0600);
  CHECK(test::read_file(dir / "elsewhere") == "precious");
  CHECK_FALSE(fs::is_symlink(dir / "a.json"));
  CHECK(test::read_file(dir / "a.json") == "new");
}

TEST_CASE("a write that the disk refuses leaves the old file and no other") {
  const test::TempDir dir;
  hsm::write_atomically(dir / "a.json", "old", 0600);
  std::string message;
  {
    const FileSizeLimit limit(1000);
    message = local_error([&] { hsm::write_atomically(dir / "a.json", std::string(5000, 'x'), 0600); });
  }
  CHECK(message.find((dir / "a.json").string() + ": File too large") != std::string::npos);
  CHECK(test::read_file(dir / "a.json") == "old");
  CHECK(count_entries(dir.path()) == 1);
}

TEST_CASE("writing into a folder that is not there names it and the reason") {
  const test::TempDir dir;
  const std::string message = local_error([&] { hsm::write_atomically(dir / "no/a.json", "x", 0600); });
  CHECK(message.find((dir / "no").string() + ": No such file or directory") != std::string::npos);
}

TEST_CASE("a folder cannot be replaced by a file") {
  const test::TempDir dir;
  fs::create_directory(dir / "a.json");
  CHECK_FALSE(local_error([&] { hsm::write_atomically(dir / "a.json", "x", 0600); }).empty());
  CHECK(count_entries(dir.path()) == 1);
}

TEST_CASE("new folders get exactly the mode asked for, existing ones keep theirs") {
  const test::TempDir dir;
  fs::create_directory(dir / "old");
  fs::permissions(dir / "old", fs::perms{0750});
  const mode_t old_mask = umask(0077);
  hsm::make_folders(dir / "old/a/b", 0755);
  umask(old_mask);
  CHECK(mode_of(dir / "old") == 0750);
  CHECK(mode_of(dir / "old/a") == 0755);
  CHECK(mode_of(dir / "old/a/b") == 0755);
  hsm::make_folders(dir / "old/a/b", 0700);
  CHECK(mode_of(dir / "old/a/b") == 0755);
}

TEST_CASE("a file in the place of a folder is an error that names it") {
  const test::TempDir dir;
  test::write_file(dir / "a", "");
  CHECK(local_error([&] { hsm::make_folders(dir / "a", 0700); }).find((dir / "a").string()) !=
        std::string::npos);
  CHECK(local_error([&] { hsm::make_folders(dir / "a/b", 0700); }).find((dir / "a").string()) !=
        std::string::npos);
}

TEST_CASE("whether a folder could be made is found out without making it") {
  const test::TempDir folder;
  hsm::require_folder(folder / "a" / "b");
  hsm::require_folder(folder.path());
  CHECK(count_entries(folder.path()) == 0);
  test::write_file(folder / "file", "");
  for (const fs::path& path : {folder / "file", folder / "file" / "below"})
    CHECK(local_error([&] { hsm::require_folder(path); }).find(path.string()) != std::string::npos);
}

TEST_CASE("a file is read whole up to the limit and not beyond") {
  const test::TempDir dir;
  CHECK_FALSE(hsm::read_whole_file(dir / "a", 10).has_value());
  CHECK_FALSE(hsm::read_whole_file(dir / "no/a", 10).has_value());
  test::write_file(dir / "a", "0123456789");
  CHECK(hsm::read_whole_file(dir / "a", 10) == "0123456789");
  CHECK(local_error([&] { hsm::read_whole_file(dir / "a", 9); }).find("longer than 9 bytes") !=
        std::string::npos);
  const std::string long_text(200'000, 'x');
  test::write_file(dir / "a", long_text);
  CHECK(hsm::read_whole_file(dir / "a", 200'000) == long_text);
}

TEST_CASE("links, pipes and folders are not read") {
  const test::TempDir dir;
  test::write_file(dir / "a", "content");
  fs::create_symlink("a", dir / "link");
  REQUIRE(mkfifo((dir / "pipe").c_str(), 0600) == 0);
  CHECK(local_error([&] { hsm::read_whole_file(dir / "link", 10); }).find("symbolic link") !=
        std::string::npos);
  CHECK(local_error([&] { hsm::read_whole_file(dir / "pipe", 10); }).find("not a regular file") !=
        std::string::npos);
  CHECK(local_error([&] { hsm::read_whole_file(dir.path(), 10); }).find("not a regular file") !=
        std::string::npos);
}

TEST_CASE("only what killed writers left is removed") {
  const test::TempDir dir;
  test::write_file(dir / ".tmp-a1B2c3", "half");
  test::write_file(dir / "a.json", "whole");
  test::write_file(dir / ".lock", "");
  hsm::remove_abandoned_files(dir.path());
  CHECK_FALSE(fs::exists(dir / ".tmp-a1B2c3"));
  CHECK(count_entries(dir.path()) == 2);
  CHECK_NOTHROW(hsm::remove_abandoned_files(dir / "not there"));
}
