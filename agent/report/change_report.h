// What a report says of a repository that was changed, or with --dry-run would be.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/report/report.h"
#include "agent/work/change_repository.h"
#include "agent/work/stand_in_key.h"
#include "tuf/base/warning.h"

namespace agent {

/// Appends an entry for the repository to the report.
RepositoryReport& start_report(const tuf::Gun& gun, const std::string& server, Report& report);
RepositoryReport& start_report(const Run::Repository& repository, Report& report);
/// Its roles, and the root that is trusted.
void describe(const tuf::TrustedRepository& trusted, RepositoryReport& described);

/// How a change is told: "<GUN>: <done>", "<GUN>: would <plan>", "<GUN>: unchanged".
struct ChangeWords {
  std::string done;
  std::string plan;
  /// Say which roles, too.
  bool names_roles = false;
  /// What is to be done next, or by others, after it was published; sentences, each with its command. Called
  /// with what was read back.
  std::function<std::vector<std::string>(const tuf::TrustedRepository&)> next = {};
  std::vector<StandIn> stand_ins = {};

  /// `done`, with the roles if they are to be named.
  std::string done_by(const PublishedChanges& changes) const { return done + roles_in(changes); }
  /// ": root, targets", or nothing.
  std::string roles_in(const PublishedChanges& changes) const;
};

/// Of a role that gets another key.
ChangeWords rotation_words(const tuf::RoleName& role, bool by_server, std::vector<StandIn> stand_ins);

/// The change in the last entry of the report, with what was signed along with it.
void describe_change(const RepositoryChange& change, const ChangeWords& words, bool dry_run, Report& report);

/// Which keys, paths and thresholds change: "would_change" of the JSON document in a rehearsal, "changed"
/// after the run, and a line for each.
void describe_signers(std::vector<SignerChange> changes, const std::vector<StandIn>& stand_ins, bool would,
                      RepositoryReport& repository, std::vector<std::string>& text);

/// What --dry-run shows: "would_publish" of the JSON document, and a line for each file.
void describe_rehearsal(const std::vector<tuf::PublishTransaction::File>& files, RepositoryReport& repository,
                        std::vector<std::string>& text);

/// "signed_anew" of the JSON document, and a warning for what others have put into an identity.
void describe_signed_anew(const std::vector<SigningGate::SignedAnew>& anew, RepositoryReport& repository,
                          std::vector<tuf::Warning>& warnings);

}  // namespace agent
