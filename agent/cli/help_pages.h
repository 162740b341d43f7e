// HelpPages: what `--help` and `countersign help` print. A page is no wider than 80 columns, and `--help` of
// a command is made to fit on a screen of 24 lines: where it would not, what is rarely needed is only named.
#pragma once

#include <string>
#include <vector>

#include "agent/cli/command_description.h"
#include "agent/report/report.h"

namespace agent {

class HelpPages {
 public:
  /// Of a grammar that begins with the program.
  explicit HelpPages(CommandDescriptions grammar) : grammar_(std::move(grammar)) {}

  /// What --help says of a command, a group, or of the program, whose name is empty.
  std::string brief(const std::string& name) const;
  /// The same with every option in words, those of every command too.
  std::string full(const std::string& name) const;
  /// The options of every command.
  std::string options() const;
  std::string exit_codes() const;

  const CommandDescriptions& grammar() const { return grammar_; }
  /// nullptr if there is none.
  const CommandDescription* find(const std::string& name) const;
  /// Of the program or a group: those in it.
  std::vector<const CommandDescription*> inside(const std::string& name) const;

 private:
  std::string program_page() const;
  std::string group_page(const CommandDescription& group) const;
  struct PageStyle {
    bool is_roomy = false;    // blank lines, every example
    bool names_rare = false;  // what is rarely needed is only named
  };
  std::string command_page(const CommandDescription& command, PageStyle style) const;
  std::string global_line() const;

  CommandDescriptions grammar_;
};

/// `countersign sign [IMAGE...] [OPTIONS]`
std::string synopsis(const CommandDescription& command);
/// The headings that the options of a command have, in order.
std::vector<std::string> headings(const CommandDescription& command);
/// Members "commands", "options" and "exit_codes": of all commands, or of those named `name` or in it.
OrderedJson to_json(const CommandDescriptions& grammar, const std::string& name);

}  // namespace agent
