// OfflineStore: what a trust directory remembers of a repository, read as if a store served it. It is
// verified like everything else: what has expired meanwhile is not an answer, and nothing can be published.
#pragma once

#include "agent/store/seen_repository.h"
#include "agent/store/trust_store.h"

namespace agent {

class OfflineStore final : public TrustStore {
 public:
  explicit OfflineStore(SeenRepository seen);

  /// `offline:` and the folder.
  const std::string& name() const override { return name_; }
  std::vector<std::optional<std::string>> fetch(const std::vector<FileRequest>& requests) override;
  /// All of these throw kInternal: whoever is asked to change something has refused to do it offline.
  tuf::KeyObject server_key(const tuf::RoleName& role) override;
  tuf::KeyObject make_server_key(const tuf::RoleName& role) override;
  void require_publishing() override;
  void remove() override;
  PublishResult publish(const std::vector<RoleFile>& files) override;

 private:
  std::optional<std::string> fetch_one(const FileRequest& request) const;

  SeenRepository seen_;
  std::string name_;
};

}  // namespace agent
