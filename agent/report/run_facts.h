// RunFacts: who asked, when, and by what it was decided: what a page for an auditor begins with.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/report/page.h"
#include "agent/report/report.h"
#include "agent/work/run.h"
#include "tuf/view/provenance.h"

namespace agent {

/// Which policy it was, by its content too.
struct PolicyOrigin {
  std::string file;
  std::string sha256;  // hex, of the text that was read
};

struct RunFacts {
  tuf::Time at;
  tuf::Provenance ci;                        // as the CI claims
  std::map<std::string, std::string> roots;  // by GUN: why its root is trusted

  /// `repositories` are those that were looked at.
  static RunFacts of(const Run& run, const std::vector<RepositoryReport>& repositories);

  /// When, where it ran, with which program, and how it ended.
  std::vector<Page::Fact> facts(const std::optional<tuf::Error>& error) const;
  /// Server, trust root, and why that is trusted.
  std::vector<Page::Fact> facts(const RepositoryReport& repository) const;
};

/// The parts of a page that every command has: warnings, and the document of `--output json`.
void finish(const Report& report, const std::optional<tuf::Error>& error, Page& page);

}  // namespace agent
