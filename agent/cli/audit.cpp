// audit verify: is the log whole.
#include "agent/cli/commands.h"
#include "agent/cli/public_key_operand.h"
#include "agent/evidence/audit_check.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/base/printable.h"

namespace agent {
namespace {

struct AuditVerifyOptions {
  std::string file;
  std::vector<std::string> public_keys;
  std::optional<std::string> expect;
};

void verify(const AuditVerifyOptions& options, Run&, Report& report) {
  AuditExpectation expectation;
  if (!options.public_keys.empty()) expectation.keys = read_public_keys(options.public_keys);
  if (options.expect) {
    const auto hash = tuf::from_hex(*options.expect);
    if (!hash || hash->size() != 32) {
      throw tuf::Error(tuf::ErrorCode::kUsage,
                       "--expect: \"" + tuf::printable(*options.expect, 80) +
                           "\" is not the SHA-256 of a line, 64 hex digits",
                       "give the audit.sha256 that a run printed with --output json");
    }
    expectation.line = options.expect;
  }
  const AuditSummary summary = [&] {
    try {
      return check_audit_log(options.file, expectation);
    } catch (const tuf::Error& error) {
      throw error.with_value("FILE", options.file);
    }
  }();
  for (const std::string& cut : summary.cuts)
    report.warnings.push_back({"AUDIT_CUT", tuf::printable(options.file) + ": " + cut});
  if (!expectation.keys.empty() && summary.checkpoint < summary.lines) {
    report.warnings.push_back({"AUDIT_UNCOVERED", tuf::printable(options.file) +
                                                      ": nothing signed vouches for what "
                                                      "comes after number " +
                                                      std::to_string(summary.checkpoint)});
  }
  report.more["audit"] = {{"file", tuf::printable(options.file)},
                          {"lines", summary.lines},
                          {"sha256", summary.sha256},
                          {"checkpoint", summary.checkpoint}};
  report.text.push_back(tuf::printable(options.file) + ": whole, " + std::to_string(summary.lines) +
                        " lines, the last " + summary.sha256);
  report.text.push_back(summary.checkpoint == 0
                            ? "no line is signed"
                            : "signed up to number " + std::to_string(summary.checkpoint));
}

}  // namespace

void add_audit(Grammar& grammar) {
  auto options = std::make_shared<AuditVerifyOptions>();
  CLI::App* c = grammar.command("audit verify", "Is the log whole, and are its lines as they were written",
                                options, verify);
  add_operand(c, "file", options->file, "FILE");
  add_values(c, "--key", options->public_keys, "Demand a line signed by this key or certificate", "PUBLIC");
  add_value(c, "--expect", options->expect, "Demand the line with this SHA-256, noted elsewhere", "HASH");
  grammar.example(c, "countersign audit verify audit.log --key jenkins.pub");
}

}  // namespace agent
