#include "agent/trust_dir/guarded_releases.h"

#include "agent/trust_dir/atomic_file.h"
#include "tuf/base/digest.h"
#include "tuf/base/hex.h"
#include "tuf/metadata/codec.h"

namespace agent {

GuardedReleases::GuardedReleases(const std::filesystem::path& trust_dir, const tuf::Gun& gun)
    : path_(trust_dir / "countersign" / "releases" /
            (tuf::to_hex(tuf::sha256(tuf::as_bytes(gun.text()))) + ".json")) {}

std::optional<std::string> GuardedReleases::load() const {
  return read_whole_file(path_, tuf::kMaxMetadataLength);
}

void GuardedReleases::save(const std::string& bytes) const {
  make_folders(path_.parent_path(), 0700);
  write_atomically(path_, bytes, 0600);
}

}  // namespace agent
