#include "agent/store/guarded_releases.h"

#include "hsm/os/atomic_file.h"
#include "tuf/base/digest.h"
#include "tuf/base/hex.h"
#include "tuf/metadata/codec.h"

namespace agent {

GuardedReleases::GuardedReleases(const std::filesystem::path& trust_dir, const tuf::Gun& gun)
    : path_(trust_dir / "countersign" / "releases" /
            (tuf::to_hex(tuf::sha256(tuf::as_bytes(gun.text()))) + ".json")) {}

std::optional<std::string> GuardedReleases::load() const {
  return hsm::read_whole_file(path_, tuf::kMaxMetadataLength);
}

void GuardedReleases::save(const std::string& bytes) const {
  hsm::make_folders(path_.parent_path(), 0700);
  hsm::write_atomically(path_, bytes, 0600);
}

}  // namespace agent
