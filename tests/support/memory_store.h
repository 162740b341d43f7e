// MemoryStore: a trust store in memory that keeps a Notary server's rules (the contract test holds it to
// them), and that counts and misbehaves on request.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/store/server_rules.h"
#include "agent/store/trust_store.h"

namespace test {

class MemoryStore final : public agent::TrustStore {
 public:
  explicit MemoryStore(tuf::Gun gun, std::function<tuf::Time()> clock);

  const std::string& name() const override { return name_; }
  std::vector<std::optional<std::string>> fetch(const std::vector<agent::FileRequest>& requests) override;
  tuf::KeyObject server_key(const tuf::RoleName& role) override;
  tuf::KeyObject make_server_key(const tuf::RoleName& role) override;
  void require_publishing() override {}
  void remove() override;
  agent::PublishResult publish(const std::vector<agent::RoleFile>& files) override;

  /// What shall become of the n-th publish, counted from 1; kHonest if nothing is said.
  enum class Outcome {
    kHonest,
    kConflict,       // refused, as if somebody else had been faster
    kUnknownStored,  // stored, and the answer is lost
    kUnknownLost,    // never arrived
    kForgotten,      // says that it is stored, and is not
  };
  std::map<int, Outcome> outcomes;
  /// Called with its number before a publish is looked at: here others may publish first.
  std::function<void(int)> before_publish;
  /// Called before a fetch is answered; may throw, or change what is stored.
  std::function<void(const std::vector<agent::FileRequest>&)> before_fetch;

  // --- what happened
  int fetches = 0;                                         // calls
  int publishes = 0;                                       // calls
  std::vector<agent::FileRequest> requests;                // of all fetches, in order
  std::vector<std::vector<agent::RoleFile>> publications;  // what each publish brought

  // --- what is stored; a test may damage it
  agent::RoleFiles newest;
  std::map<std::pair<tuf::RoleName, std::string>, std::string> by_hash;  // hex SHA-256
  std::map<std::pair<tuf::RoleName, std::int64_t>, std::string> by_version;

 private:
  class Keys final : public agent::ServerKeys {
   public:
    std::vector<std::shared_ptr<tuf::Signer>> all(const tuf::RoleName& role) override {
      return signers_[role];
    }
    std::shared_ptr<tuf::Signer> make(const tuf::RoleName& role) override;

   private:
    std::map<tuf::RoleName, std::vector<std::shared_ptr<tuf::Signer>>> signers_;
  };

  agent::ServerState state();
  void store(const agent::RoleFiles& files);
  std::optional<std::string> answer(const agent::FileRequest& request) const;

  std::string name_ = "memory";
  tuf::Gun gun_;
  std::function<tuf::Time()> clock_;
  Keys keys_;
};

}  // namespace test
