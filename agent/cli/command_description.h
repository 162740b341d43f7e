// CommandDescription: what the grammar knows of a command, as plain values. Help, man pages, completion and
// "did you mean" are made from it, so that none of them can say anything else than what is parsed.
#pragma once

#include <string>
#include <vector>

namespace agent {

/// An option, a flag or an operand.
struct OptionDescription {
  std::vector<std::string> names;  // "-s", "--server"; none of an operand
  std::string value;               // "URL", "auto|plain|none" if it is one of these; empty: a flag
  std::string help;
  std::string heading;  // under which help and man page have it
  bool is_required = false;
  bool is_repeatable = false;
};

struct CommandDescription {
  std::string name;  // "sign", "repo init"; empty: the program, whose options are those of every command
  std::string summary;
  std::string section;    // of --help
  bool is_group = false;  // "repo": does nothing without one of its commands
  std::vector<OptionDescription> operands;
  std::vector<OptionDescription> options;  // in the order of their headings
  std::vector<std::string> formats;        // that --output takes
  std::vector<std::string> examples;       // command lines
};

/// The program, every group and every command, in the order of --help.
using CommandDescriptions = std::vector<CommandDescription>;

// Headings that several commands have, in this order, behind their own.
inline constexpr const char* kKeys = "With which key";
inline constexpr const char* kGuards = "Guards";
inline constexpr const char* kOutput = "Output";
/// Only named where a screen is too small.
inline constexpr const char* kRarely = "Rarely needed";

}  // namespace agent
