#include "agent/report/verdict_page.h"

#include <algorithm>

#include "agent/report/repository_report.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

using Piece = Page::Piece;
using Tone = Page::Tone;

bool may_run(const Verdict& verdict) {
  return !verdict.failure && verdict.decision.allowed;
}

Tone tone_of(const Verdict& verdict) {
  if (verdict.failure) return Tone::kWarning;
  return verdict.decision.allowed ? Tone::kGood : Tone::kBad;
}

Page::Cell image_of(const Verdict& verdict) {
  const Decision& decision = verdict.decision;
  Page::Cell cell = {Piece::code(decision.image)};
  if (!decision.deploy.empty()) {
    cell.push_back(Piece::soft("to deploy:"));
    cell.push_back(Piece::code(decision.deploy));
  }
  return cell;
}

Page::Cell signers_of(const Verdict& verdict) {
  Page::Cell cell;
  for (const std::string& signer : shown_signatures(verdict.decision)) cell.push_back(Piece::of(signer));
  if (!verdict.signed_by.empty()) cell.push_back(Piece::of(verdict.signed_by));
  return cell;
}

Page::Cell reasons_of(const Verdict& verdict) {
  Page::Cell cell;
  for (const Decision::Reason& reason : verdict.reasons()) {
    cell.push_back(Piece::of(reason.message));
    if (!reason.mend.empty()) cell.push_back(Piece::soft(reason.mend));
  }
  if (!verdict.decision.rule.empty()) cell.push_back(Piece::soft("rule " + verdict.decision.rule));
  return cell;
}

std::string headline(const std::vector<Verdict>& verdicts, std::size_t bad, bool by_policy) {
  const std::string count = std::to_string(verdicts.size());
  if (verdicts.size() == 1) {
    if (by_policy) return bad == 0 ? "The image may run" : "The image may not run";
    return bad == 0 ? "The image is signed" : "The image is not known to be signed";
  }
  if (bad == 0) return "All " + count + " images " + (by_policy ? "may run" : "are signed");
  return std::to_string(bad) + " of " + count + " images " +
         (by_policy  ? "may not run"
          : bad == 1 ? "is not known to be signed"
                     : "are not known to be signed");
}

Page::Section section_of(const RepositoryReport& repository, const RunFacts& run) {
  Page::Section section{repository.gun, run.facts(repository)};
  if (repository.roles.empty()) return section;
  section.columns = {"Role", "Version", "Expires", "Signed by key", "SHA-256 of its file"};
  for (const tuf::RoleView& role : repository.roles) {
    Page::Cell keys;
    for (const std::string& id : role.signed_by_key_ids) keys.push_back(Piece::code(id.substr(0, 7)));
    section.rows.push_back({{Piece::code(role.name.text())},
                            {Piece::of(std::to_string(role.version))},
                            {Piece::of(tuf::format_day(role.expires))},
                            std::move(keys),
                            {Piece::code(role.sha256)}});
  }
  return section;
}

}  // namespace

Page verdict_page(const VerdictReport& report_of, const std::optional<PolicyOrigin>& policy,
                  const RunFacts& run, const Report& report, const std::optional<tuf::Error>& error) {
  // What may not run comes first: of many it is what is looked for.
  std::vector<Verdict> verdicts = report_of.verdicts;
  const auto good = std::stable_partition(verdicts.begin(), verdicts.end(),
                                          [](const Verdict& verdict) { return !may_run(verdict); });
  const auto bad = static_cast<std::size_t>(good - verdicts.begin());
  Page page{"Verified images", headline(verdicts, bad, policy.has_value()),
            bad == 0 ? Tone::kGood : Tone::kBad};
  page.facts = run.facts(error);
  page.facts.push_back(
      {"Policy", policy
                     ? Page::Cell{Piece::code(policy->file), Piece::soft("SHA-256 " + policy->sha256)}
                     : Page::Cell{Piece::of("none: an image counts as signed if that is what pullers get")}});
  Page::Section images{"Images", {}, {"Image", "Verdict", "Signed by", "What speaks against it"}, {}};
  for (const Verdict& verdict : verdicts) {
    images.rows.push_back({image_of(verdict),
                           {Piece::badge(verdict.word(), tone_of(verdict))},
                           signers_of(verdict),
                           reasons_of(verdict)});
  }
  page.sections.push_back(std::move(images));
  for (const RepositoryReport& repository : report.repositories)
    page.sections.push_back(section_of(repository, run));
  finish(report, error, page);
  return page;
}

}  // namespace agent
