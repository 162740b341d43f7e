#include "agent/cli/help_pages.h"

#include <algorithm>
#include <optional>

#include "agent/report/error_table.h"
#include "tuf/base/printable.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kLines = 24;
constexpr std::size_t kMaxLabel = 29;  // a longer one has a line to itself
constexpr std::size_t kIndent = 2;

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

/// Behind `first`, which stands on the line already; the lines that follow begin with `indent` blanks.
std::string wrap(const std::string& first, const std::vector<std::string>& words, std::size_t indent) {
  std::string text = first;
  std::size_t column = tuf::columns_of(first);
  bool is_begun = column > indent;
  for (const std::string& word : words) {
    if (is_begun && column + 1 + tuf::columns_of(word) > kColumns) {
      text += "\n" + std::string(indent, ' ');
      column = indent;
      is_begun = false;
    }
    const bool needs_blank = is_begun && text.back() != ' ';
    text += (needs_blank ? " " : "") + word;
    column += (needs_blank ? 1 : 0) + tuf::columns_of(word);
    is_begun = true;
  }
  return text + "\n";
}

struct Row {
  std::string label;
  std::string text;
};

std::size_t label_width(const std::vector<Row>& rows) {
  std::size_t widest = 0;
  for (const Row& row : rows) {
    if (tuf::columns_of(row.label) <= kMaxLabel) widest = std::max(widest, tuf::columns_of(row.label));
  }
  return widest;
}

std::string table(const std::vector<Row>& rows, std::size_t labels) {
  const std::size_t column = kIndent + labels + 2;
  std::string text;
  for (const Row& row : rows) {
    std::string label = std::string(kIndent, ' ') + row.label;
    if (row.text.empty()) {
      text += label + "\n";
      continue;
    }
    if (tuf::columns_of(label) + 2 > column) {
      text += label + "\n";
      label.clear();
    }
    label += std::string(column - tuf::columns_of(label), ' ');
    text += wrap(label, words_of(row.text), column);
  }
  return text;
}

/// "-k, --signing-key REF..."
std::string label_of(const OptionDescription& option) {
  const std::string names = tuf::join(option.names);
  const std::string value = option.value + (option.is_repeatable ? "..." : "");
  return names + (names.empty() || option.value.empty() ? "" : " ") + value;
}

/// What --output prints, in words: "text, json or junit".
std::string shown_formats(const std::vector<std::string>& formats) {
  std::string text;
  for (std::size_t i = 0; i < formats.size(); ++i)
    text += (i == 0 ? "" : i + 1 == formats.size() ? " or " : ", ") + formats[i];
  return text;
}

std::vector<Row> rows_under(const CommandDescription& command, const std::string& heading) {
  std::vector<Row> rows;
  for (const OptionDescription& option : command.options) {
    if (option.heading == heading) rows.push_back({label_of(option), option.help});
  }
  const bool is_a_command = !command.name.empty() && !command.is_group;
  if (heading == kOutput && is_a_command)
    rows.push_back({"-o, --output FORMAT", shown_formats(command.formats)});
  return rows;
}

std::size_t count_lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::string examples_of(const CommandDescription& command, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < std::min(most, command.examples.size()); ++i) {
    const bool fits = std::string_view("Example: ").size() + command.examples[i].size() <= kColumns;
    if (most == 1 || command.examples.size() == 1)
      return (fits ? "Example: " : "Example:\n  ") + command.examples[i] + "\n";
    text += (i == 0 ? "Examples:\n  " : "  ") + command.examples[i] + "\n";
  }
  return text;
}

OrderedJson to_json(const OptionDescription& option) {
  OrderedJson json = {{"names", option.names},
                      {"value", nullptr},
                      {"help", option.help},
                      {"heading", option.heading},
                      {"required", option.is_required},
                      {"repeatable", option.is_repeatable}};
  if (!option.value.empty()) json["value"] = option.value;
  return json;
}

OrderedJson to_json(const CommandDescription& command) {
  OrderedJson json = {{"name", command.name},
                      {"summary", command.summary},
                      {"section", command.section},
                      {"synopsis", synopsis(command)},
                      {"group", command.is_group},
                      {"operands", OrderedJson::array()},
                      {"options", OrderedJson::array()},
                      {"headings", headings(command)},
                      {"formats", command.formats},
                      {"examples", command.examples}};
  for (const OptionDescription& operand : command.operands) json["operands"].push_back(to_json(operand));
  for (const OptionDescription& option : command.options) json["options"].push_back(to_json(option));
  return json;
}

}  // namespace

std::string synopsis(const CommandDescription& command) {
  std::string text = "countersign" + (command.name.empty() ? "" : " " + command.name);
  if (command.is_group || command.name.empty()) return text + " COMMAND [OPTIONS]";
  for (const OptionDescription& operand : command.operands) {
    const std::string value = operand.value + (operand.is_repeatable ? "..." : "");
    text += operand.is_required ? " " + value : " [" + value + "]";
  }
  for (const OptionDescription& option : command.options) {
    if (option.is_required) text += " " + option.names.back() + " " + option.value;
  }
  return text + " [OPTIONS]";
}

std::vector<std::string> headings(const CommandDescription& command) {
  const std::array<std::string, 4> last = {kKeys, kGuards, kOutput, kRarely};
  std::vector<std::string> found;
  const auto add = [&](const std::string& heading) {
    if (std::find(found.begin(), found.end(), heading) == found.end()) found.push_back(heading);
  };
  for (const OptionDescription& option : command.options) {
    if (command.name.empty() || std::find(last.begin(), last.end(), option.heading) == last.end())
      add(option.heading);
  }
  if (command.name.empty()) return found;  // as they stand
  for (const std::string& heading : last) {
    if (!rows_under(command, heading).empty()) add(heading);
  }
  return found;
}

const CommandDescription* HelpPages::find(const std::string& name) const {
  const auto found =
      std::find_if(grammar_.begin(), grammar_.end(), [&](const auto& c) { return c.name == name; });
  return found == grammar_.end() ? nullptr : &*found;
}

std::vector<const CommandDescription*> HelpPages::inside(const std::string& name) const {
  const std::string prefix = name.empty() ? "" : name + " ";
  std::vector<const CommandDescription*> found;
  for (const CommandDescription& command : grammar_) {
    const bool is_inside = command.name.size() > prefix.size() && command.name.starts_with(prefix);
    if (is_inside && command.name.find(' ', prefix.size()) == std::string::npos) found.push_back(&command);
  }
  return found;
}

std::string HelpPages::brief(const std::string& name) const {
  const CommandDescription& command = *find(name);
  if (name.empty()) return program_page();
  if (command.is_group) return group_page(command);
  for (const PageStyle style : {PageStyle{.is_roomy = true}, PageStyle{}}) {
    std::string page = command_page(command, style);
    if (count_lines(page) <= kLines) return page;
  }
  return command_page(command, {.names_rare = true});
}

std::string HelpPages::full(const std::string& name) const {
  const CommandDescription& command = *find(name);
  if (name.empty() || command.is_group) return brief(name);
  return command_page(command, {.is_roomy = true}) + "\n" + options();
}

std::string HelpPages::program_page() const {
  const CommandDescription& program = grammar_.front();
  std::string page = program.summary + "\nUsage: " + synopsis(program) + "\n";
  std::string section;
  std::vector<Row> all;
  for (const CommandDescription* command : inside("")) all.push_back({command->name, command->summary});
  const std::size_t labels = label_width(all);
  for (const CommandDescription* command : inside("")) {
    if (command->section == grammar_.back().section) continue;  // the help itself
    if (command->section != section) page += command->section + ":\n";
    section = command->section;
    page += table({{command->name, command->summary}}, labels);
  }
  return page + "Example:\n  " + program.examples.front() +
         "\n"
         "More: countersign help COMMAND, help options (of every command),\n"
         "  help exit-codes, version\n";
}

std::string HelpPages::group_page(const CommandDescription& group) const {
  std::vector<Row> rows;
  for (const CommandDescription* command : inside(group.name))
    rows.push_back({command->name, command->summary});
  std::string example;
  for (const CommandDescription* command : inside(group.name)) {
    if (example.empty()) example = examples_of(*command, 1);
  }
  return group.summary + "\nUsage: " + synopsis(group) + "\n\n" + table(rows, label_width(rows)) + "\n" +
         example + "More: countersign " + group.name + " COMMAND --help\n";
}

/// Of every command, those that people look for.
std::string HelpPages::global_line() const {
  const std::array<std::string_view, 8> often = {"--server",     "--trust-dir", "--config",  "--signing-key",
                                                 "--trust-root", "--offline",   "--dry-run", "--timeout"};
  std::vector<std::string> words = {"Of", "every", "command:"};
  for (const std::string_view name : often) {
    for (const OptionDescription& option : grammar_.front().options) {
      if (option.names.back() != name) continue;
      const std::string value = option.value.empty() ? "" : " " + option.value;
      words.push_back(option.names.front() + value + ",");
    }
  }
  for (const std::string& word : words_of("and others: countersign help options")) words.push_back(word);
  return wrap("", words, kIndent);
}

std::string HelpPages::command_page(const CommandDescription& command, PageStyle style) const {
  const std::string gap = style.is_roomy ? "\n" : "";
  std::vector<Row> operands;
  for (const OptionDescription& operand : command.operands) {
    if (!operand.help.empty()) operands.push_back({label_of(operand), operand.help});
  }
  std::vector<std::string> shown = headings(command);
  if (style.names_rare) std::erase(shown, kRarely);
  std::vector<Row> all = operands;
  for (const std::string& heading : shown) {
    for (Row& row : rows_under(command, heading)) all.push_back(std::move(row));
  }
  const std::size_t labels = label_width(all);
  std::string page = command.summary + "\nUsage: " + synopsis(command) + "\n" + table(operands, labels);
  for (const std::string& heading : shown)
    page += gap + heading + ":\n" + table(rows_under(command, heading), labels);
  if (shown != headings(command)) {
    std::vector<std::string> words = words_of("Rarely needed (countersign help " + command.name + "):");
    for (const OptionDescription& option : command.options) {
      if (option.heading == kRarely) words.push_back(option.names.back());
    }
    page += wrap("", words, kIndent);
  }
  return page + gap + examples_of(command, style.is_roomy ? command.examples.size() : 1) + gap +
         global_line();
}

std::string HelpPages::options() const {
  const CommandDescription& program = grammar_.front();
  std::string page = "Options of every command, before or behind it\n";
  std::vector<Row> all;
  for (const OptionDescription& option : program.options) all.push_back({label_of(option), option.help});
  const std::size_t labels = label_width(all);
  for (const std::string& heading : headings(program))
    page += heading + ":\n" + table(rows_under(program, heading), labels);
  return page;
}

std::string HelpPages::exit_codes() const {
  std::vector<Row> rows;
  for (const ExitCodeRow& row : kExitCodes) {
    const std::string code = std::to_string(static_cast<int>(row.code));
    const std::string gap(code.size() < 2 ? 2 : 1, ' ');
    rows.push_back({code + gap + std::string(row.name), std::string(row.meaning)});
  }
  rows.push_back({"130, 143", "interrupted, terminated"});
  return "Exit codes\n" + table(rows, label_width(rows));
}

OrderedJson to_json(const CommandDescriptions& grammar, const std::string& name) {
  OrderedJson json = {{"options", OrderedJson::array()},
                      {"option_headings", headings(grammar.front())},
                      {"commands", OrderedJson::array()},
                      {"exit_codes", OrderedJson::array()}};
  for (const OptionDescription& option : grammar.front().options) json["options"].push_back(to_json(option));
  for (const CommandDescription& command : grammar) {
    const bool is_wanted = name.empty() || command.name == name || command.name.starts_with(name + " ");
    if (!command.name.empty() && is_wanted) json["commands"].push_back(to_json(command));
  }
  for (const ExitCodeRow& row : kExitCodes)
    json["exit_codes"].push_back(
        {{"code", static_cast<int>(row.code)}, {"name", row.name}, {"meaning", row.meaning}});
  return json;
}

}  // namespace agent
