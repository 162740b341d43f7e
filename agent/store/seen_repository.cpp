#include "agent/store/seen_repository.h"

#include <algorithm>
#include <set>
#include <vector>

#include "hsm/os/atomic_file.h"
#include "tuf/base/error.h"
#include "tuf/metadata/codec.h"

namespace agent {
namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;

/// What vouches for others comes before them.
int save_rank(const tuf::RoleName& role) {
  if (role.text() == "root") return 0;
  if (role.text() == "snapshot") return 2;
  if (role.text() == "timestamp") return 3;
  return 1;
}

void remove_folder(const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::remove_all(folder, failure);
  if (!failure) return;
  throw tuf::Error(tuf::ErrorCode::kLocal, "cannot remove " + folder.string() + ": " + failure.message());
}

}  // namespace

SeenRepository::SeenRepository(const std::filesystem::path& trust_dir, const tuf::Gun& gun)
    : folder_(trust_dir / "tuf" / gun.text() / "metadata") {}

std::filesystem::path SeenRepository::path_of(const tuf::RoleName& role) const {
  return folder_ / (role.text() + ".json");
}

std::optional<std::string> SeenRepository::load(const tuf::RoleName& role) const {
  return hsm::read_whole_file(path_of(role), tuf::kMaxStandingLength);
}

bool SeenRepository::knows(const tuf::RoleName& role) const {
  std::error_code unreadable;
  return std::filesystem::exists(std::filesystem::symlink_status(path_of(role), unreadable));
}

std::vector<tuf::RoleName> SeenRepository::delegations() const {
  std::vector<tuf::RoleName> roles;
  std::error_code end;  // a folder that is not there, or goes while we look, holds nothing more
  std::filesystem::recursive_directory_iterator entry(folder_ / "targets", end);
  for (; !end && entry != std::filesystem::recursive_directory_iterator(); entry.increment(end)) {
    const std::filesystem::path& path = entry->path();
    if (path.extension() != ".json") continue;
    const std::string name = path.lexically_relative(folder_).replace_extension().generic_string();
    if (const auto role = tuf::RoleName::parse(name)) roles.push_back(*role);
  }
  return roles;
}

hsm::FileLock SeenRepository::lock(std::chrono::milliseconds patience) const {
  hsm::make_folders(folder_, kFolderMode);
  return {folder_ / ".lock", patience};
}

void SeenRepository::save(const std::map<tuf::RoleName, tuf::SharedText>& files) const {
  std::vector<const std::pair<const tuf::RoleName, tuf::SharedText>*> ordered;
  for (const auto& file : files) ordered.push_back(&file);
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](auto* a, auto* b) { return save_rank(a->first) < save_rank(b->first); });
  std::set<std::filesystem::path> folders;
  std::vector<hsm::FileContent> contents;
  for (const auto* file : ordered) {
    contents.push_back({path_of(file->first), file->second});
    folders.insert(contents.back().path.parent_path());
  }
  for (const std::filesystem::path& folder : folders) {
    hsm::make_folders(folder, kFolderMode);
    hsm::remove_abandoned_files(folder);
  }
  for (const hsm::FileContent& file : contents) {
    std::error_code
        none;  // an empty folder is in the way and nobody's; any other is an error when it is replaced
    if (std::filesystem::is_directory(std::filesystem::symlink_status(file.path, none)))
      std::filesystem::remove(file.path, none);
  }
  hsm::write_all_atomically(contents, kFileMode);
}

void SeenRepository::forget_delegations() const {
  remove_folder(folder_ / "targets");
}

void SeenRepository::forget() const {
  remove_folder(folder_);
}

std::vector<tuf::Gun> seen_repositories(const std::filesystem::path& trust_dir) {
  namespace fs = std::filesystem;
  const fs::path folder = trust_dir / "tuf";
  const fs::path kept = fs::path("metadata") / "root.json";
  std::vector<tuf::Gun> guns;
  std::error_code end;
  fs::recursive_directory_iterator entry(folder, end);
  for (; !end && entry != fs::recursive_directory_iterator(); entry.increment(end)) {
    const fs::path& path = entry->path();
    if (path.filename() != kept.filename() || path.parent_path().filename() != kept.parent_path()) continue;
    const fs::path name = path.parent_path().parent_path().lexically_relative(folder);
    if (const auto gun = tuf::Gun::parse(name.generic_string())) guns.push_back(*gun);
  }
  std::sort(guns.begin(), guns.end());
  return guns;
}

}  // namespace agent
