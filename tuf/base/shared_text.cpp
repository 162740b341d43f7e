#include "tuf/base/shared_text.h"

#include "tuf/base/digest.h"

namespace tuf {

Bytes SharedText::sha256() const {
  if (!whole_ || part_.size() != whole_->text.size()) return tuf::sha256(as_bytes(part_));
  std::call_once(whole_->is_hashed, [this] { whole_->sha256 = tuf::sha256(as_bytes(part_)); });
  return whole_->sha256;
}

}  // namespace tuf
