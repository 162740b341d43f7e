#include "agent/evidence/audit_check.h"

#include <algorithm>

#include "agent/evidence/audit_log.h"
#include "agent/evidence/audit_tail.h"
#include "agent/evidence/receipt.h"
#include "hsm/os/file_lock.h"
#include "hsm/os/input_file.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::Json;

constexpr std::chrono::seconds kPatience{10};

/// The lines of a file, of which only one at a time is in memory.
class Lines {
 public:
  explicit Lines(const std::filesystem::path& path)
      : name_("the audit log " + tuf::printable(path.string())), file_(path, "the audit log") {}

  struct Line {
    std::string text;  // without its end
    bool is_ended = true;
  };
  /// nullopt at the end of the file. Throws kAuditBroken for a line longer than any that is written.
  std::optional<Line> next() {
    while (true) {
      if (const std::size_t end = buffer_.find('\n', looked_at_); end != std::string::npos) {
        Line line{buffer_.substr(0, end), true};
        buffer_.erase(0, end + 1);
        looked_at_ = 0;
        return line;
      }
      looked_at_ = buffer_.size();
      if (offset_ == file_.size()) {
        if (buffer_.empty()) return std::nullopt;
        return Line{std::exchange(buffer_, {}), false};
      }
      if (buffer_.size() > AuditLog::kMaxLine) {
        throw Error(ErrorCode::kAuditBroken, "a line is longer than any that is ever written");
      }
      const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, file_.size() - offset_));
      buffer_ += file_.read(offset_, length);
      if (offset_ == 0) refuse_wide(buffer_, name_);
      offset_ += length;
    }
  }

 private:
  static constexpr std::uint64_t kChunk = 64 << 10;
  std::string name_;
  hsm::InputFile file_;
  std::uint64_t offset_ = 0;
  std::string buffer_;
  std::size_t looked_at_ = 0;  // of the buffer
};

/// Takes the lines one by one.
class Check {
 public:
  Check(std::string name, const AuditExpectation& expectation)
      : name_(std::move(name)), expectation_(expectation) {
    summary_.sha256 = audit_first_hash();
  }

  void take(const Lines::Line& line) {
    ++number_;
    std::optional<Statement> statement;
    try {
      statement = read_statement(line.text, kAuditType, ErrorCode::kAuditBroken, "not one of an audit log");
    } catch (const Error& error) {
      if (number_ == 1 && claimed_type(line.text) == kReceiptType) {
        throw Error(ErrorCode::kAuditBroken, name_ + " is a receipt, not an audit log",
                    "look at it with: countersign receipt verify FILE");
      }
      // What a crash has left is only seen to be that when the next line says so.
      if (cut_.empty()) {
        suspect_ = number_;
        reason_ = error.what();
      }
      if (cut_.size() > AuditLog::kMaxLine) fail(suspect_, reason_);  // no crash leaves as much
      cut_ += line.text + (line.is_ended ? "\n" : "");
      return;
    }
    try {
      follow(*statement);
    } catch (const Json::exception&) {
      fail(number_, "it lacks what a line of an audit log tells");
    }
    if (!line.is_ended) fail(number_, "its end is missing: a writer was stopped, or the file was cut off");
    summary_.sha256 = audit_line_hash(line.text);
    if (summary_.sha256 == expectation_.line) found_ = true;
    const bool counts = expectation_.keys.empty()
                            ? !statement->signers.empty()
                            : std::any_of(expectation_.keys.begin(), expectation_.keys.end(),
                                          [&](const auto& key) { return statement->is_signed_by(key); });
    if (counts) summary_.checkpoint = summary_.lines;
  }

  AuditSummary finish() {
    if (!cut_.empty()) fail(suspect_, reason_ + "; it is the last: changed, or cut short by a crash");
    if (summary_.lines == 0) {
      throw Error(ErrorCode::kAuditBroken,
                  name_ + ": it holds no line: nothing was ever logged, or it was emptied");
    }
    if (expectation_.line && !found_) {
      throw Error(ErrorCode::kAuditBroken, name_ + ": no line has the hash " + *expectation_.line +
                                               ": lines are missing at the end, or the log "
                                               "was written anew; it ends with number " +
                                               std::to_string(summary_.lines));
    }
    if (!expectation_.keys.empty() && summary_.checkpoint == 0) {
      throw Error(ErrorCode::kAuditBroken, name_ + ": no line is signed by the given key",
                  "name a key that has signed with --audit-checkpoint; without --key it is told whether the "
                  "log is whole");
    }
    return std::move(summary_);
  }

 private:
  [[noreturn]] void fail(std::int64_t line, const std::string& reason) const {
    throw Error(ErrorCode::kAuditBroken, name_ + ": line " + std::to_string(line) + ": " + reason);
  }

  /// The statement must be the one that was written after what was seen before it.
  void follow(const Statement& statement) {
    const Json& body = statement.body;
    const std::int64_t sequence = number_member(body, "sequence");
    check_cut(body);
    if (sequence != summary_.lines + 1) {
      fail(number_, "it has the number " + std::to_string(sequence) + " where " +
                        std::to_string(summary_.lines + 1) +
                        " is due: lines are missing or not in their order");
    }
    if (text_member(body, "previous") != summary_.sha256) {
      if (summary_.lines == 0) fail(number_, "it is not the first that was written");
      fail(number_ - 1, "it is not the line after which the next one was written: it was changed");
    }
    ++summary_.lines;
  }

  void check_cut(const Json& body) {
    const auto said = body.find("cut");
    if (cut_.empty() && said == body.end()) return;
    if (cut_.empty()) fail(number_, "what a crash has left before it is missing");
    // The end of the line that was cut short was written by whoever came next.
    const std::string left = cut_.substr(0, cut_.size() - 1);
    if (said == body.end()) fail(suspect_, reason_);
    if (number_member(*said, "length") != static_cast<std::int64_t>(left.size()) ||
        text_member(*said, "sha256") != audit_line_hash(left)) {
      fail(suspect_, "it is not what a crash has left there, by what the next line says");
    }
    summary_.cuts.push_back("line " + std::to_string(suspect_) + " was cut short (" +
                            std::to_string(left.size()) +
                            " bytes are left), and the next line says so: a writer was stopped there");
    cut_.clear();
  }

  std::string name_;
  const AuditExpectation& expectation_;
  AuditSummary summary_;
  std::int64_t number_ = 0;   // of the line in the file
  std::string cut_;           // lines that are no statements, with their ends
  std::int64_t suspect_ = 0;  // the first of them
  std::string reason_;
  bool found_ = false;
};

/// What is in the file now. While a writer is at work, the last line is not whole: it is waited for, where a
/// lock can tell.
Lines open_lines(const std::filesystem::path& path) {
  std::optional<hsm::FileLock> lock;
  try {
    const std::filesystem::path lock_path = AuditLog(path).lock_path();
    if (std::filesystem::exists(lock_path)) lock.emplace(lock_path, kPatience);
  } catch (const std::exception&) {
    // A reader need not be allowed to keep writers out.
  }
  return Lines(path);
}

}  // namespace

AuditSummary check_audit_log(const std::filesystem::path& path, const AuditExpectation& expectation) {
  Check check(tuf::printable(path.string()), expectation);
  Lines lines = open_lines(path);
  while (const auto line = lines.next()) check.take(*line);
  return check.finish();
}

}  // namespace agent
