// VerdictReport: which images may run, and why not, for people and for the systems that gate on it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/policy/decision.h"
#include "agent/policy/foreign_entries.h"
#include "agent/report/report.h"

namespace agent {

/// An image with its decision, or why none could be made.
struct Verdict {
  Decision decision;
  std::optional<tuf::Error> failure;

  /// "allowed", "refused", "unknown".
  const char* word() const;
};

struct VerdictReport {
  std::vector<Verdict> verdicts;

  /// With `explain`: the rule and the signatures, and who could mend what is missing.
  std::vector<std::string> text(bool explain) const;
  /// One test case for each image.
  std::string junit() const;
  /// A table, for the summary of a CI job.
  std::string markdown() const;
};

/// Members of the JSON document: rule, deploy, signatures, reasons.
OrderedJson decision_json(const Decision& decision);
OrderedJson foreign_json(const std::vector<ForeignEntry>& entries);

}  // namespace agent
