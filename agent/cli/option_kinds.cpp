#include "agent/cli/option_kinds.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <limits>
#include <sstream>

#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

[[noreturn]] void fail_value(const std::string& name, const std::string& value, const std::string& what,
                             const std::string& hint) {
  throw tuf::Error(tuf::ErrorCode::kUsage, name + ": \"" + tuf::printable(value, 40) + "\" is " + what, hint);
}

/// Checked before CLI11 converts it: its own words are for programmers.
CLI::Option* check_number(CLI::Option* option, int least, int most) {
  return option->check(CLI::Validator(
      [option, least, most](const std::string& value) {
        int number = 0;
        const char* end = value.data() + value.size();
        const auto [stop, error] = std::from_chars(value.data(), end, number);
        const bool is_bounded = most != std::numeric_limits<int>::max();
        const std::string bounds = " from " + std::to_string(least) + " to " + std::to_string(most);
        const std::string wanted = "a whole number" + (is_bounded ? bounds : "");
        if (!value.empty() && (error != std::errc() || stop != end || number < least || number > most))
          fail_value(option->get_name(), value, "not " + wanted, "give " + option->get_name() + " " + wanted);
        return std::string();
      },
      ""));
}

CLI::Option* check_number(CLI::Option* option) {
  return check_number(option, std::numeric_limits<int>::min(), std::numeric_limits<int>::max());
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
  return parts;
}

}  // namespace

CLI::Option* add_value(CLI::App* command, const std::string& names, std::string& variable,
                       const std::string& help, const std::string& type) {
  return command->add_option(names, variable, help)->type_name(type);
}

CLI::Option* add_value(CLI::App* command, const std::string& names, std::optional<std::string>& variable,
                       const std::string& help, const std::string& type) {
  return command->add_option(names, variable, help)->type_name(type);
}

CLI::Option* add_value(CLI::App* command, const std::string& names, int& variable, const std::string& help,
                       const std::string& type) {
  return check_number(command->add_option(names, variable, help)->type_name(type));
}

CLI::Option* add_value(CLI::App* command, const std::string& names, std::optional<int>& variable,
                       const std::string& help, const std::string& type) {
  return check_number(command->add_option(names, variable, help)->type_name(type));
}

CLI::Option* add_number(CLI::App* command, const std::string& names, std::optional<int>& variable, int least,
                        int most, const std::string& help, const std::string& type) {
  return check_number(command->add_option(names, variable, help)->type_name(type), least, most);
}

CLI::Option* add_values(CLI::App* command, const std::string& names, std::vector<std::string>& variable,
                        const std::string& help, const std::string& type) {
  return command->add_option(names, variable, help)->type_name(type)->allow_extra_args(false);
}

CLI::Option* add_days(CLI::App* command, const std::string& names, int& variable, const std::string& help) {
  return check_number(command->add_option(names, variable, help)->type_name("N"), 0, 36500);
}

CLI::Option* add_flag(CLI::App* command, const std::string& names, bool& variable, const std::string& help) {
  return command->add_flag(names, variable, help);
}

CLI::Option* add_choice(CLI::App* command, const std::string& names, const std::string& values,
                        std::function<void(const std::string&)> choose, const std::string& help) {
  const auto choose_one = [names, values, choose = std::move(choose)](const std::string& value) {
    const std::vector<std::string> known = split(values, '|');
    if (std::find(known.begin(), known.end(), value) == known.end()) {
      fail_value(names, value, "none of " + tuf::join(known),
                 "give " + names + " one of: " + tuf::join(known));
    }
    choose(value);
  };
  return command->add_option_function<std::string>(names, choose_one, help)->type_name(values);
}

void require(CLI::Option* option) {
  option->required();
}

void place(CLI::Option* option, const char* heading) {
  option->group(heading);
}

void under(CLI::App* command, const char* heading) {
  command->option_defaults()->group(heading);
}

void add_operand(CLI::App* command, const std::string& name, std::string& variable, const std::string& type,
                 const std::string& help) {
  command->add_option(name, variable, help)->required()->type_name(type);
}

void add_operand(CLI::App* command, const std::string& name, std::vector<std::string>& variable,
                 const std::string& type, const std::string& help) {
  command->add_option(name, variable, help)->required()->type_name(type);
}

void add_optional_operand(CLI::App* command, const std::string& name, std::optional<std::string>& variable,
                          const std::string& type, const std::string& help) {
  command->add_option(name, variable, help)->type_name(type);
}

void add_optional_operand(CLI::App* command, const std::string& name, std::vector<std::string>& variable,
                          const std::string& type, const std::string& help) {
  command->add_option(name, variable, help)->type_name(type);
}

}  // namespace agent
