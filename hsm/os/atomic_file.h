// Files that a crash, a full disk or a second process finds either as they were or as they should be, never
// in between. Every failure is kLocal and names the path and the reason.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hsm {

enum class IfExists { kReplace, kFail };

/// Writes `path` in one step: a new file beside it, flushed to the disk, renamed, and the rename flushed too.
/// A symbolic link that stands at `path` is replaced, not followed. `mode` is exact, whatever the umask is.
/// False if `path` exists and must not be replaced.
bool write_atomically(const std::filesystem::path& path, std::string_view content, mode_t mode,
                      IfExists if_exists = IfExists::kReplace);

struct FileContent {
  std::filesystem::path path;
  std::string_view content;
};
/// Writes them like write_atomically, and in this order, but flushes all together, which takes little longer
/// than to flush one.
void write_all_atomically(const std::vector<FileContent>& files, mode_t mode);

/// Asked before what is to be written is there: whether `write_atomically` can be expected to work. Throws
/// kLocal if the folder of `path` is missing or cannot be written, or if something other than a regular file
/// stands at `path`.
void require_writable(const std::filesystem::path& path);

/// Asked before, too: whether files can be put into `folder`, which may have to be made. Throws kLocal.
void require_folder(const std::filesystem::path& folder);

/// Makes `folder` and what is missing above it, each with exactly `mode`. Folders that exist stay as they
/// are.
void make_folders(const std::filesystem::path& folder, mode_t mode);

/// The whole regular file of at most `max_length` bytes; nullopt if nothing is there. A symbolic link, a pipe
/// or a folder in its place is an error.
std::optional<std::string> read_whole_file(const std::filesystem::path& path, std::size_t max_length);

/// Removes what writers that were killed in `write_atomically` left in `folder`. Only for whoever keeps other
/// writers out by a lock.
void remove_abandoned_files(const std::filesystem::path& folder);

}  // namespace hsm
