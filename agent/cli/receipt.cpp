// receipt verify: was this published, by which key, and is it still so.
#include <algorithm>

#include "agent/cli/commands.h"
#include "agent/cli/public_key_operand.h"
#include "agent/cli/repository_command.h"
#include "agent/evidence/audit_log.h"
#include "agent/evidence/receipt.h"
#include "agent/evidence/statement.h"
#include "agent/report/repository_report.h"
#include "hsm/os/input_file.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using State = TagFinding::State;

struct ReceiptVerifyOptions {
  std::string file;
  std::vector<std::string> public_keys;
};

TargetReport describe(const ReceiptTarget& target) {
  TargetReport report;
  report.name = tuf::printable(target.name);
  report.digest = tuf::printable(target.digest);
  report.length = target.length;
  report.roles = tuf::names_of(target.roles);
  report.status = tuf::printable(target.status);
  return report;
}

std::string shown(const ReceiptRepository& repository, const ReceiptTarget& target) {
  return repository.gun.text() + ":" + tuf::printable(target.name);
}

/// What a key says of itself beyond what reading it has checked; empty, or false, if it says nothing.
std::string text_in(const tuf::Json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found != object.end() && found->is_string() ? tuf::printable(found->get<std::string>()) : "";
}
bool flag_in(const tuf::Json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

/// "key 9deed25… (EC P-256, token, made there, never leaves it)"
std::string describe_signer(const tuf::Json& key) {
  const tuf::Json origin = key.contains("origin") ? key.at("origin") : tuf::Json();
  std::string text =
      "key " + text_in(key, "id") + " (" + text_in(key, "type") + ", " + text_in(origin, "kind");
  if (flag_in(origin, "local")) text += ", made there";
  if (flag_in(origin, "never_extractable")) text += ", never leaves it";
  return text + ")";
}

void describe_receipt(const Receipt& receipt, const std::string& file, Report& report) {
  const tuf::Json& body = receipt.statement.body;
  report.text.push_back(tuf::printable(file) + ": signed at " + tuf::format_time(receipt.time) + " by");
  for (const tuf::Json& key : body.at("keys")) report.text.push_back("  " + describe_signer(key));
  report.more["receipt"] = {{"file", tuf::printable(file)},
                            {"time", tuf::format_time(receipt.time)},
                            {"keys", body.at("keys")},
                            {"ci", body.contains("ci") ? body.at("ci") : tuf::Json::object()}};
  if (body.contains("policy")) report.more["receipt"]["policy"] = body.at("policy");
}

void require_signers(const Receipt& receipt, const std::vector<std::string>& files, const std::string& name) {
  for (const tuf::PublicKey& key : read_public_keys(files)) {
    if (receipt.statement.is_signed_by(key)) continue;
    throw Error(ErrorCode::kReceiptInvalid, name + ": it is not signed by key " + key.canonical_id().hex(),
                "give the public half of a key that it is signed with, as shown");
  }
}

void describe_published(const Receipt& receipt, Report& report) {
  for (const ReceiptRepository& repository : receipt.repositories) {
    RepositoryReport& described = report.repositories.emplace_back();
    described.gun = repository.gun.text();
    for (const ReceiptTarget& target : repository.targets) {
      described.targets.push_back(describe(target));
      report.text.push_back(shown(repository, target) + ": was " + tuf::printable(target.status) + " as " +
                            tuf::printable(target.digest) + " in " + tuf::join(tuf::names_of(target.roles)));
    }
  }
}

/// What became of a tag, from what became of it in each role; the worst counts.
TargetReport describe_since(const ReceiptRepository& repository, const ReceiptTarget& target,
                            const std::vector<TagFinding>& findings, std::optional<Error>& change,
                            std::vector<std::string>& text) {
  TargetReport described = describe(target);
  described.verdict = "as published";
  const std::string name = shown(repository, target);
  const std::string hint = "the receipt is good; what is signed now is shown by: countersign inspect " +
                           tuf::shell_word(repository.gun.text());
  for (const TagFinding& finding : findings) {
    if (finding.name != target.name || finding.state == State::kUnchanged) continue;
    const bool moved = finding.state == State::kMoved;
    const std::string since = moved ? " was moved since: " + finding.role.text() + " now has it as " +
                                          (finding.digest.empty() ? "another image" : finding.digest)
                                    : " was taken out of " + finding.role.text() + " since";
    if (moved || described.verdict == "as published") described.verdict = moved ? "moved" : "gone";
    if (!change || (moved && change->code() == ErrorCode::kNotSigned))
      change = Error(moved ? ErrorCode::kTagMoved : ErrorCode::kNotSigned, name + since, hint);
    text.push_back(name + since);
  }
  if (described.verdict == "as published") {
    text.push_back(name + ": as published, " + tuf::printable(target.digest) + " in " +
                   tuf::join(tuf::names_of(target.roles)));
  }
  return described;
}

/// Each repository is looked at; that a tag is no longer what it was is told for all of them.
void compare(const Receipt& receipt, Run& run, Report& report) {
  std::optional<Error> change;
  for (const ReceiptRepository& published : receipt.repositories) {
    const tuf::TrustedRepository now = look_at(published.gun, run, report);
    const std::vector<TagFinding> findings = compare_with_repository(receipt, published, now);
    RepositoryReport& described = report.repositories.back();
    for (const ReceiptTarget& target : published.targets)
      described.targets.push_back(describe_since(published, target, findings, change, report.text));
  }
  if (change) throw Error(*change);
}

void verify(const ReceiptVerifyOptions& options, Run& run, Report& report) {
  const std::string name = tuf::printable(options.file);
  const std::string text = hsm::InputFile(options.file, "the receipt").read_all(Receipt::kMaxLength);
  refuse_wide(text, "the receipt " + name);
  if (claimed_type(text) == kAuditType) {
    throw Error(ErrorCode::kReceiptInvalid, name + " is an audit log, not a receipt",
                "look at it with: countersign audit verify FILE")
        .with_value("FILE", options.file);
  }
  const Receipt receipt = Receipt::read(text, name);
  describe_receipt(receipt, options.file, report);
  if (options.public_keys.empty()) return compare(receipt, run, report);
  require_signers(receipt, options.public_keys, name);
  describe_published(receipt, report);
}

}  // namespace

void add_receipt(Grammar& grammar) {
  auto options = std::make_shared<ReceiptVerifyOptions>();
  CLI::App* c = grammar.command(
      "receipt verify", "Does the repository bear a receipt out, and is it still so", options, verify);
  add_operand(c, "file", options->file, "FILE");
  add_values(c, "--key", options->public_keys,
             "Ask no server: demand the signature of this key or certificate", "PUBLIC");
  grammar.example(c, "countersign receipt verify receipt.json");
}

}  // namespace agent
