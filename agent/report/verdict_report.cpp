#include "agent/report/verdict_report.h"

#include "agent/report/junit.h"
#include "agent/report/repository_report.h"
#include "tuf/base/hex.h"
#include "tuf/base/printable.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

/// The identities that hold it; if none does, the keys that signed the file it stands in.
std::vector<std::string> signers_of(const tuf::TrustedRepository& repository, const tuf::TagView& view) {
  std::vector<std::string> signers = view.signers();
  if (signer_kind(view) != std::string_view("unknown")) return signers;
  for (const tuf::KeyId& key : tuf::file_signers(repository, view.releasing_role()))
    signers.push_back(key.hex());
  return signers;
}

/// Text in a cell of a table: no markup, no cell's end.
std::string markdown_text(const std::string& text) {
  std::string out;
  for (const char c : tuf::printable(text)) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      if (std::string_view("\\`*_{}[]()#!|~").find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> shown_signatures(const Decision& decision) {
  std::vector<std::string> signers;
  for (const Decision::Signature& signature : decision.signatures)
    signers.push_back(signature.user + " in " + signature.role +
                      (signature.bound ? "" : " (an entry that does not say for which role)"));
  return signers;
}

const char* Verdict::word() const {
  if (failure) return "unknown";
  if (by_policy) return decision.allowed ? "allowed" : "refused";
  return decision.allowed ? "signed" : "not signed";
}

std::vector<Decision::Reason> Verdict::reasons() const {
  return failure ? std::vector{reason_of(*failure)} : decision.reasons;
}

Verdict verdict_of(const VerifiedImage& verified) {
  Verdict verdict{verified.decision, verified.failure, verified.by_policy, ""};
  std::vector<Decision::Reason>& reasons = verdict.decision.reasons;
  if (verified.objection) reasons.push_back(reason_of(*verified.objection));
  if (verified.contradiction) {
    reasons.push_back(reason_of(*verified.contradiction));
    if (verified.by_policy) reasons.back().code = "OTHER_DIGEST";  // as of every other image
  }
  if (verified.view && verified.decision.allowed)
    verdict.signed_by = signed_by(*verified.repository->trusted, *verified.view);
  return verdict;
}

TargetReport describe_verified(const VerifiedImage& verified, const Verdict& verdict) {
  const ImageToVerify& subject = *verified.subject;
  TargetReport target;
  if (verified.view) {
    target = describe_target(*verified.view);
    target.signers = signers_of(*verified.repository->trusted, *verified.view);
  } else {
    target.name = verified.decision.tag.empty() ? subject.image.tag.value_or("") : verified.decision.tag;
    target.digest = verified.decision.digest;
    if (verified.decision.length != 0) target.length = verified.decision.length;
    target.roles = tuf::names_of(verified.roles);
  }
  target.verdict = verdict.word();
  target.more.update(verdict_json(verdict));
  if (subject.file) {
    target.more["file"] = {{"digest", "sha256:" + tuf::to_hex(*subject.file->content.sha256())},
                           {"length", subject.file->content.length}};
  }
  return target;
}

Decision::Reason reason_of(const tuf::Error& error) {
  return {std::string(error_row(error.code()).name), error.what(), hint_of(error)};
}

std::vector<std::string> VerdictReport::text(bool explain) const {
  std::vector<std::string> lines;
  for (const Verdict& verdict : verdicts) {
    const Decision& decision = verdict.decision;
    lines.push_back(tuf::printable(decision.image) + ": " + verdict.word() +
                    (decision.deploy.empty() ? "" : ": " + decision.deploy));
    if (explain && !decision.rule.empty()) lines.push_back("  rule: " + decision.rule);
    if (explain && !decision.signatures.empty())
      lines.push_back("  signed by " + tuf::join(shown_signatures(decision)));
    for (const Decision::Reason& reason : verdict.reasons()) {
      lines.push_back("  " + tuf::printable(reason.message));
      if (explain) lines.push_back("    " + tuf::printable(reason.mend));
    }
  }
  return lines;
}

std::string VerdictReport::junit() const {
  JunitSuite suite("countersign verify");
  for (const Verdict& verdict : verdicts) {
    const Decision& decision = verdict.decision;
    const std::string said = verdict.word() + (decision.deploy.empty() ? "" : ": " + decision.deploy);
    if (verdict.failure) {
      suite.error("image", decision.image, verdict.failure->what(), said);
    } else if (decision.allowed) {
      suite.pass("image", decision.image, said + (verdict.signed_by.empty() ? "" : ", " + verdict.signed_by));
    } else {
      std::vector<std::string> lines;
      for (const Decision::Reason& reason : decision.reasons)
        lines.push_back(reason.message + " (" + reason.mend + ")");
      suite.fail("image", decision.image, lines, said);
    }
  }
  return suite.text();
}

std::string VerdictReport::markdown() const {
  std::string out = "| Image | Verdict | Deploy, or why not |\n|---|---|---|";
  for (const Verdict& verdict : verdicts) {
    const Decision& decision = verdict.decision;
    std::vector<std::string> cell;
    if (!decision.deploy.empty()) cell.push_back("`" + decision.deploy + "`");
    if (!verdict.signed_by.empty()) cell.push_back(markdown_text(verdict.signed_by));
    for (const Decision::Reason& reason : verdict.reasons()) cell.push_back(markdown_text(reason.message));
    out += "\n| " + markdown_text(decision.image) + " | " + verdict.word() + " | " + tuf::join(cell, "<br>") +
           " |";
  }
  return out;
}

OrderedJson verdict_json(const Verdict& verdict) {
  Decision decision = verdict.decision;
  decision.reasons = verdict.reasons();
  OrderedJson json = decision_json(decision);
  if (!verdict.by_policy) json.erase("signatures");  // whose would count, only a policy says
  return json;
}

OrderedJson decision_json(const Decision& decision) {
  OrderedJson json = OrderedJson::object();
  if (!decision.rule.empty()) json["rule"] = decision.rule;
  if (!decision.deploy.empty()) json["deploy"] = decision.deploy;
  json["signatures"] = OrderedJson::array();
  for (const Decision::Signature& signature : decision.signatures)
    json["signatures"].push_back(
        {{"user", signature.user}, {"role", signature.role}, {"bound", signature.bound}});
  json["reasons"] = OrderedJson::array();
  for (const Decision::Reason& reason : decision.reasons) {
    json["reasons"].push_back({{"code", reason.code},
                               {"message", tuf::printable(reason.message)},
                               {"mend", tuf::printable(reason.mend)}});
  }
  return json;
}

OrderedJson foreign_json(const std::vector<ForeignEntry>& entries) {
  OrderedJson list = OrderedJson::array();
  for (const ForeignEntry& entry : entries) {
    list.push_back({{"role", entry.in.text()},
                    {"name", entry.name},
                    {"kind", entry.kind == ForeignEntry::Kind::kDelegation ? "delegation" : "target"},
                    {"digest", entry.digest},
                    {"signed_by", entry.signers},
                    {"roles", tuf::names_of(entry.roles)}});
  }
  return list;
}

}  // namespace agent
