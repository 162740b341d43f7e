#include "agent/store/guarded_releases.h"

#include "hsm/os/atomic_file.h"
#include "tuf/base/digest.h"
#include "tuf/base/hex.h"
#include "tuf/base/words.h"
#include "tuf/metadata/codec.h"

namespace agent {

namespace {

constexpr std::size_t kMaxKeys = 16 << 20;  // bytes

}  // namespace

GuardedReleases::GuardedReleases(const std::filesystem::path& trust_dir, const tuf::Gun& gun)
    : path_(trust_dir / "countersign" / "releases" /
            (tuf::to_hex(tuf::sha256(tuf::as_bytes(gun.text()))) + ".json")),
      keys_path_(std::filesystem::path(path_).replace_extension(".keys")) {}

std::optional<std::string> GuardedReleases::load(const Keys& keys) const {
  const std::optional<std::string> known = hsm::read_whole_file(keys_path_, kMaxKeys);
  if (!known) return std::nullopt;
  for (const std::string& line : tuf::lines_of(*known)) {
    const auto id = tuf::KeyId::parse(line);
    if (!id || !keys.contains(*id)) return std::nullopt;
  }
  return hsm::read_whole_file(path_, tuf::kMaxStandingLength);
}

void GuardedReleases::save(std::string_view bytes, const Keys& keys) const {
  hsm::make_folders(path_.parent_path(), 0700);
  std::error_code ignored;                  // what cannot be taken away is written over, or that fails
  std::filesystem::remove(path_, ignored);  // never the one with the other's keys
  std::string lines;
  for (const tuf::KeyId& key : keys) lines += key.hex() + "\n";
  hsm::write_atomically(keys_path_, lines, 0600);
  hsm::write_atomically(path_, bytes, 0600);
}

}  // namespace agent
