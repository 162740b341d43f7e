#include "agent/cli/program_output.h"

#include <unistd.h>

#include <sstream>

#include "agent/report/error_table.h"
#include "tuf/base/printable.h"
#include "tuf/base/warning.h"

namespace agent {
namespace {

void write_to(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written <= 0) return;  // nobody is left to tell
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// Whatever the names are that stand in it. Some have columns divided by tabs.
std::string one_line(std::string_view text) {
  std::string line;
  for (std::size_t tab = text.find('\t'); tab != std::string_view::npos; tab = text.find('\t')) {
    line += tuf::printable(text.substr(0, tab), std::string::npos) + '\t';
    text.remove_prefix(tab + 1);
  }
  return line + tuf::printable(text, std::string::npos);
}

/// The members that hold commands, wherever they stand.
void carry_options(const CarriedOptions& carried, OrderedJson& json) {
  for (const auto& [name, member] : json.items()) {
    const bool is_for_people = name == "next" || name == "mend" || name == "hint";
    if (member.is_array() && is_for_people) {
      for (OrderedJson& line : member) line = carried.into(line.get_ref<const std::string&>());
    } else if (member.is_structured()) {
      carry_options(carried, member);
    } else if (is_for_people && member.is_string()) {
      member = carried.into(member.get_ref<const std::string&>());
    }
  }
}

}  // namespace

void carry_options(const OutputOptions& output, Report& report, std::optional<tuf::Error>& error) {
  const CarriedOptions& carried = output.carried;
  if (error) error = tuf::Error(error->code(), error->what(), carried.into(hint_of(*error)));
  for (tuf::Warning& warning : report.warnings) warning.message = carried.into(warning.message);
  for (std::string& note : report.notes) note = carried.into(note);
  if (output.format == OutputFormat::kText)
    for (std::string& line : report.text) line = carried.into(line);
  carry_options(carried, report.more);
  for (RepositoryReport& repository : report.repositories) {
    carry_options(carried, repository.more);
    for (TargetReport& target : repository.targets) carry_options(carried, target.more);
  }
}

void print_warnings(const std::vector<tuf::Warning>& warnings, const OutputOptions& output,
                    std::ostream& err) {
  if (output.quiet) return;
  for (const tuf::Warning& warning : warnings) {
    if (output.json_log) {
      err << OrderedJson{{"level", "warning"},
                         {"code", warning.code},
                         {"message", tuf::printable(warning.message)}}
                 .dump(-1, ' ', false, OrderedJson::error_handler_t::replace)
          << "\n";
    } else {
      err << "warning[" << warning.code << "]: " << tuf::printable(warning.message) << "\n";
    }
  }
}

void print_notes(const std::vector<std::string>& notes, const OutputOptions& output, std::ostream& err) {
  if (output.quiet || output.format != OutputFormat::kText) return;
  for (const std::string& note : notes) {
    if (output.json_log) {
      err << OrderedJson{{"level", "info"}, {"message", tuf::printable(note)}}.dump() << "\n";
    } else {
      err << "note: " << tuf::printable(note) << "\n";
    }
  }
}

void print_results(const Report& report, const std::optional<tuf::Error>& error, const OutputOptions& output,
                   std::ostream& out) {
  if (output.format == OutputFormat::kJson) {
    out << to_json(report, error) << "\n";
  } else if (output.format == OutputFormat::kText) {
    for (const std::string& line : report.text) out << one_line(line) << "\n";
  } else if (report.document) {
    out << report.document(report, error) << "\n";
  } else {
    for (const std::string& line : report.text) out << line << "\n";
  }
}

void print_error(const tuf::Error& error, const OutputOptions& output, std::ostream& err) {
  const ErrorRow row = error_row(error.code());
  if (output.json_log) {
    err << OrderedJson{{"level", "error"},
                       {"code", row.name},
                       {"message", tuf::printable(error.what())},
                       {"hint", tuf::printable(hint_of(error), kMaxHint)}}
               .dump(-1, ' ', false, OrderedJson::error_handler_t::replace)
        << "\n";
    return;
  }
  err << "error[" << row.name << "]: " << tuf::printable(error.what()) << "\n";
  err << "hint: " << tuf::printable(hint_of(error), kMaxHint) << "\n";
}

void end_process(const CommandLine& line, const tuf::Error& error) {
  Report report;
  report.command = line.command;
  std::optional<tuf::Error> failure = error;
  carry_options(line.output, report, failure);
  std::ostringstream out;
  std::ostringstream err;
  print_results(report, failure, line.output, out);
  print_error(*failure, line.output, err);
  write_to(STDOUT_FILENO, out.str());
  write_to(STDERR_FILENO, err.str());
  ::_exit(static_cast<int>(error_row(error.code()).exit_code));
}

}  // namespace agent
