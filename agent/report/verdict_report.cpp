#include "agent/report/verdict_report.h"

#include "agent/report/junit.h"
#include "agent/report/printable.h"
#include "agent/report/repository_report.h"

namespace agent {
namespace {

std::vector<std::string> signers_of(const Decision& decision) {
  std::vector<std::string> signers;
  for (const Decision::Signature& signature : decision.signatures)
    signers.push_back(signature.user + " in " + signature.role +
                      (signature.bound ? "" : " (an entry that does not say for which role)"));
  return signers;
}

/// Text in a cell of a table: no markup, no cell's end.
std::string markdown_text(const std::string& text) {
  std::string out;
  for (const char c : printable(text)) {
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

const char* Verdict::word() const {
  return failure ? "unknown" : decision.allowed ? "allowed" : "refused";
}

std::vector<std::string> VerdictReport::text(bool explain) const {
  std::vector<std::string> lines;
  for (const Verdict& verdict : verdicts) {
    const Decision& decision = verdict.decision;
    lines.push_back(printable(decision.image) + ": " + verdict.word() +
                    (decision.allowed ? ": " + decision.deploy : ""));
    if (verdict.failure) lines.push_back("  " + printable(verdict.failure->what()));
    if (explain && !decision.rule.empty()) lines.push_back("  rule: " + decision.rule);
    if (explain && !decision.signatures.empty()) lines.push_back("  signed by " + join(signers_of(decision)));
    for (const Decision::Reason& reason : decision.reasons) {
      lines.push_back("  " + printable(reason.message));
      if (explain) lines.push_back("    " + printable(reason.mend));
    }
  }
  return lines;
}

std::string VerdictReport::junit() const {
  JunitSuite suite("countersign verify");
  for (const Verdict& verdict : verdicts) {
    const Decision& decision = verdict.decision;
    if (verdict.failure) {
      suite.error("image", decision.image, verdict.failure->what());
    } else if (decision.allowed) {
      suite.pass("image", decision.image);
    } else {
      std::vector<std::string> lines;
      for (const Decision::Reason& reason : decision.reasons)
        lines.push_back(reason.message + " (" + reason.mend + ")");
      suite.fail("image", decision.image, lines);
    }
  }
  return suite.text();
}

std::string VerdictReport::markdown() const {
  std::string out = "| Image | Verdict | Deploy, or why not |\n|---|---|---|";
  for (const Verdict& verdict : verdicts) {
    const Decision& decision = verdict.decision;
    std::string last = decision.allowed ? "`" + decision.deploy + "`" : "";
    if (verdict.failure) last = markdown_text(verdict.failure->what());
    for (const Decision::Reason& reason : decision.reasons)
      last += (last.empty() ? "" : "<br>") + markdown_text(reason.message);
    out += "\n| " + markdown_text(decision.image) + " | " + verdict.word() + " | " + last + " |";
  }
  return out;
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
    json["reasons"].push_back(
        {{"code", reason.code}, {"message", printable(reason.message)}, {"mend", printable(reason.mend)}});
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
                    {"roles", names_of(entry.roles)}});
  }
  return list;
}

}  // namespace agent
