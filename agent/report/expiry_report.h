// ExpiryReport: the end of every role's validity, for people and for the systems that watch over it.
#pragma once

#include <string>
#include <vector>

#include "agent/report/report.h"
#include "tuf/view/role_expiry.h"

namespace agent {

struct RepositoryExpiry {
  std::string gun;
  std::vector<tuf::RoleExpiry> roles;
  std::string failure;  // why there are no roles; empty if there are
};

/// All of it as seen from `at`; due is what expires by `due_by`.
struct ExpiryReport {
  tuf::Time at;
  tuf::Time due_by;
  std::vector<RepositoryExpiry> repositories;

  /// "targets/releases of registry.example.com/app" for everything that is due.
  std::vector<std::string> due() const;

  std::vector<std::string> text() const;
  /// One test case for each role of each repository; what is due is a failure.
  std::string junit() const;
  /// Metrics in the text format that node_exporter's textfile collector reads.
  std::string prometheus() const;
};

/// Whole days from `at` to `expires`, negative if that is past.
std::int64_t days_left(tuf::Time expires, tuf::Time at);
/// "ok", "due", "expired", or who renews it.
const char* expiry_status(const tuf::RoleExpiry& role, tuf::Time at, tuf::Time due_by);

/// For the JSON document.
OrderedJson expiry_json(const RepositoryExpiry& repository, tuf::Time at, tuf::Time due_by);

}  // namespace agent
