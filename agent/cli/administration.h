// Administration: what the commands share that change who may sign.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/cli/policy_options.h"
#include "agent/cli/repository_command.h"
#include "agent/work/add_delegations.h"
#include "agent/work/change_signers.h"

namespace agent {

/// --yes, as all have it that take keys or paths from roles.
void add_consent(CLI::App* command, PolicyOptions& options);

/// The administration of one command: by a policy, if there is one.
class Administration {
 public:
  /// All must outlive it. Throws what find_signing_policy throws.
  Administration(const PolicyOptions& options, Run& run, Report& report);

  const Policy* policy() const { return policy_.get(); }
  Consent consent() const;

  struct Change {
    std::function<ChangeRepository()> how;
    ChangeWords words;
    /// What is read below the direct children of `targets` (LoadRequest::nested); signers are such children.
    std::optional<std::vector<tuf::RoleName>> nested = std::vector<tuf::RoleName>();
    SigningGate::Options gate = {};
    std::vector<DelegationToAdd> added = {};
  };
  void change_each(const std::vector<std::string>& repositories, const Change& change) const;
  /// Of a repository in which nothing is changed below the direct children of `targets` but `role`.
  void change_one(const std::string& repository, const tuf::RoleName& role, Change change) const;

 private:
  const PolicyOptions& options_;
  std::unique_ptr<const Policy> policy_;
  Run& run_;
  Report& report_;
};

}  // namespace agent
