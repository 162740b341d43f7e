// VerdictReport: which images may run, and why not, for people and for the systems that gate on it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/policy/decision.h"
#include "agent/policy/foreign_entries.h"
#include "agent/report/report.h"
#include "agent/work/verify_images.h"

namespace agent {

/// An image with its decision, or why none could be made.
struct Verdict {
  Decision decision;
  std::optional<tuf::Error> failure;
  bool by_policy = true;  // else only: is it signed
  std::string signed_by;  // without a policy: who has signed it, in words

  /// "allowed", "refused"; without a policy "signed", "not signed"; "unknown" for a failure. The same in
  /// every format.
  const char* word() const;
  /// What speaks against it: of the decision, or the failure.
  std::vector<Decision::Reason> reasons() const;
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

/// `signed_by` in words, all that speaks against it with what mends it.
Verdict verdict_of(const VerifiedImage& verified);
/// The image among the targets of its repository's report.
TargetReport describe_verified(const VerifiedImage& verified, const Verdict& verdict);

/// "jenkins in targets/jenkins", for each signature that counts.
std::vector<std::string> shown_signatures(const Decision& decision);

/// An error as what speaks against an image.
Decision::Reason reason_of(const tuf::Error& error);

/// Members of the JSON document: deploy and reasons, with a policy rule and signatures, too.
OrderedJson verdict_json(const Verdict& verdict);
/// Members of the JSON document: rule, deploy, signatures, reasons.
OrderedJson decision_json(const Decision& decision);
OrderedJson foreign_json(const std::vector<ForeignEntry>& entries);

}  // namespace agent
