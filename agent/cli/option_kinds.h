// The kinds of options and operands that commands have: what each takes, and what is refused in it. `type` is
// what the help calls the value.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace agent {

CLI::Option* add_value(CLI::App* command, const std::string& names, std::string& variable,
                       const std::string& help, const std::string& type);
CLI::Option* add_value(CLI::App* command, const std::string& names, std::optional<std::string>& variable,
                       const std::string& help, const std::string& type);
CLI::Option* add_value(CLI::App* command, const std::string& names, int& variable, const std::string& help,
                       const std::string& type);
CLI::Option* add_value(CLI::App* command, const std::string& names, std::optional<int>& variable,
                       const std::string& help, const std::string& type);
/// A whole number within these bounds: anything else is refused, with them.
CLI::Option* add_number(CLI::App* command, const std::string& names, std::optional<int>& variable, int least,
                        int most, const std::string& help, const std::string& type);
/// One value per occurrence, so that an operand behind it is not taken for another value.
CLI::Option* add_values(CLI::App* command, const std::string& names, std::vector<std::string>& variable,
                        const std::string& help, const std::string& type);
/// Up to a hundred years of days.
CLI::Option* add_days(CLI::App* command, const std::string& names, int& variable, const std::string& help);
CLI::Option* add_flag(CLI::App* command, const std::string& names, bool& variable, const std::string& help);
/// One of `values`, which are parted by `|`: anything else is refused, by their names.
CLI::Option* add_choice(CLI::App* command, const std::string& names, const std::string& values,
                        std::function<void(const std::string&)> choose, const std::string& help);
void require(CLI::Option* option);

/// Under which heading of --help this option stands, or all that follow: kKeys, kGuards, kOutput, kRarely, or
/// one of the command's own. The others stand under "Options".
void place(CLI::Option* option, const char* heading);
void under(CLI::App* command, const char* heading);

/// One operand, or any number but none.
void add_operand(CLI::App* command, const std::string& name, std::string& variable, const std::string& type,
                 const std::string& help = {});
void add_operand(CLI::App* command, const std::string& name, std::vector<std::string>& variable,
                 const std::string& type, const std::string& help = {});
/// One operand or none, or any number.
void add_optional_operand(CLI::App* command, const std::string& name, std::optional<std::string>& variable,
                          const std::string& type, const std::string& help);
void add_optional_operand(CLI::App* command, const std::string& name, std::vector<std::string>& variable,
                          const std::string& type, const std::string& help);

}  // namespace agent
