// Report: what a command has to say, as text for people and as the JSON document of the public contract.
// Filled while the command runs, so that a failure half-way still tells what was done.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "agent/report/carried_options.h"
#include "agent/report/error_table.h"
#include "agent/work/load_repository.h"
#include "tuf/base/error.h"
#include "tuf/base/warning.h"
#include "tuf/view/role_view.h"

namespace agent {

/// Members stay in the order in which they are written.
using OrderedJson = nlohmann::ordered_json;

/// Bytes. A command must not be cut off, whatever the paths in it are.
inline constexpr std::size_t kMaxHint = 8192;

enum class OutputFormat { kText, kJson, kDocker, kJunit, kPrometheus, kMarkdown, kSvg, kMermaid, kHtml };

struct TargetReport {
  std::string name;
  std::string digest;                  // empty, and null in JSON, for what is not there
  std::optional<std::int64_t> length;  // null in JSON, too
  std::vector<std::string> roles;
  std::optional<std::string> status;                // sign: signed, unchanged, moved
  std::optional<std::vector<std::string>> signers;  // list, verify, inspect
  std::optional<bool> released;                     // list, inspect
  std::optional<std::string> verdict;               // verify
  OrderedJson more = OrderedJson::object();         // members of single commands
};

struct RepositoryReport {
  std::string gun;
  std::string server;
  std::optional<bool> published;
  std::optional<int> attempts;
  std::optional<std::string> trust_root;
  std::vector<tuf::RoleView> roles;
  std::vector<TargetReport> targets;
  OrderedJson more = OrderedJson::object();  // members of single commands
};

struct Report {
  std::string command;
  // For those that make a document of their own, and print commands in it.
  OutputFormat format = OutputFormat::kText;
  CarriedOptions carried;
  std::vector<RepositoryReport> repositories;
  OrderedJson more = OrderedJson::object();  // members of single commands, beside `repositories`
  std::vector<tuf::Warning> warnings;
  std::vector<std::string> text;  // for --output text: a line each; of other formats the document
  /// In its place, of a format that also tells how the run has ended: called once, when that is known.
  std::function<std::string(const Report&, const std::optional<tuf::Error>&)> document;
  std::vector<std::string> notes;  // with it, for people, on stderr: stdout is a value that scripts take
};

OrderedJson to_json(const RepositoryReport& repository);
/// `code`, `message` and `hint`.
OrderedJson to_json(const tuf::Error& error);
/// The document of `--output json`; `error` is null on success.
OrderedJson document_of(const Report& report, const std::optional<tuf::Error>& error);
/// …and as it is printed.
std::string to_json(const Report& report, const std::optional<tuf::Error>& error);

}  // namespace agent
