// PublishTransaction: the files of one publish, complete and signed. Only RepositoryDraft makes one, and only
// when every threshold is met; it never changes.
#pragma once

#include <string>
#include <vector>

#include "tuf/base/shared_text.h"
#include "tuf/names/role_name.h"

namespace tuf {

class PublishTransaction {
 public:
  struct File {
    RoleName role;
    std::int64_t version;
    SharedText bytes;
  };

  const Gun& gun() const { return gun_; }
  /// Parents before children; `root` first if it is there.
  const std::vector<File>& files() const { return files_; }

 private:
  friend class RepositoryDraft;
  PublishTransaction(Gun gun, std::vector<File> files) : gun_(std::move(gun)), files_(std::move(files)) {}

  Gun gun_;
  std::vector<File> files_;
};

}  // namespace tuf
