#include "hsm/os/free_name.h"

#include <filesystem>
#include <functional>
#include <set>

#include "tuf/base/shell_word.h"

namespace hsm {
namespace {

namespace fs = std::filesystem;

std::string first_free(const std::string& path, const std::function<bool(const std::string&)>& is_free) {
  std::string name = path;
  for (int number = 2; !is_free(name); ++number) name = path + "." + std::to_string(number);
  return name;
}

/// Of the folder in which `path` stands; of one that cannot be listed, none.
std::set<std::string> names_beside(const fs::path& path) {
  std::set<std::string> names;
  std::error_code error;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error))
    names.insert(entry->path().filename().string());
  return names;
}

}  // namespace

std::string free_name(const std::string& path, std::string_view ending) {
  const auto with_ending = [&](const std::string& name) { return name + std::string(ending); };
  return with_ending(first_free(path, [&](const std::string& name) {
    std::error_code ignored;
    return !fs::exists(fs::symlink_status(with_ending(name), ignored));
  }));
}

std::string free_prefix(const std::string& path) {
  const std::set<std::string> names = names_beside(path);
  return first_free(path, [&](const std::string& name) {
    const std::string begin = fs::path(name).filename().string() + ".";
    const auto next = names.lower_bound(begin);
    return next == names.end() || !next->starts_with(begin);
  });
}

std::string to_utf8_in_place(std::string_view encoding, const std::string& path) {
  const std::string name = tuf::shell_path(path);
  const std::string converted = tuf::shell_path(free_name(path, ".utf8"));
  return "(umask 077; iconv -f " + std::string(encoding) + " -t UTF-8 " + name + " > " + converted +
         ") && mv " + converted + " " + name;
}

}  // namespace hsm
