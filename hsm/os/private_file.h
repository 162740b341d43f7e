// Files that only their owner may touch: keys, passphrases. Reading refuses a file that others could have
// changed; writing is all or nothing.
#pragma once

#include <filesystem>
#include <string_view>

#include "hsm/os/atomic_file.h"
#include "hsm/os/secret_bytes.h"

namespace hsm {

struct PrivateFile {
  SecretBytes content;
  bool others_can_read = false;

  std::string_view text() const { return tuf::as_text({content.data(), content.size()}); }
};

/// Follows symbolic links, as mounted secrets are; takes a pipe as well. Throws kFileUnreadable (also for
/// more than `max_size` bytes) and kInsecureFile if it belongs to another user than this one or root, or if
/// the group or others may write it.
PrivateFile read_private_file(const std::filesystem::path& path, std::size_t max_size = 1 << 20);

/// Writes a file of mode 0600 in one step that survives a crash: temporary file, fsync, rename, fsync of the
/// folder. False if `path` exists and must not be replaced. Throws kLocal.
bool write_private_file(const std::filesystem::path& path, std::string_view content, IfExists if_exists);

/// The same for a file that must not be there yet. Throws kLocal if it is.
void write_new_private_file(const std::filesystem::path& path, std::string_view content);
/// Whether it could be written, for who only rehearses it: throws kLocal if something stands there.
void require_new_file(const std::filesystem::path& path);

/// Makes every missing folder of `path`, each of mode 0700. Throws kLocal.
void make_private_folders(const std::filesystem::path& path);

}  // namespace hsm
