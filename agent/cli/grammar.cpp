#include "agent/cli/grammar.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>

#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

struct Format {
  OutputFormat format;
  const char* name;
  bool of_every_command = false;
};

constexpr std::array kFormats = {
    Format{OutputFormat::kText, "text", true},       Format{OutputFormat::kJson, "json", true},
    Format{OutputFormat::kDocker, "docker"},         Format{OutputFormat::kJunit, "junit"},
    Format{OutputFormat::kPrometheus, "prometheus"}, Format{OutputFormat::kMarkdown, "markdown"}};

bool is_option(const std::string& word) {
  return word.rfind('-', 0) == 0;
}

/// What is wrong if a group's command is missing: the word that is none, and those that are. What stands
/// behind an option that is not known may be its value, and a secret.
std::string no_command(const CLI::App& group, const std::string& named,
                       const std::vector<std::string>& rest) {
  std::string message = "a command is missing";
  if (!rest.empty() && !is_option(rest.front()))
    message = "\"" + (named.empty() ? "" : named + " ") + rest.front() + "\" is not a command";
  std::string names;
  for (const CLI::App* command : group.get_subcommands([](const CLI::App*) { return true; }))
    names += (names.empty() ? "" : ", ") + command->get_name();
  return message + "; there are " + names;
}

/// Which words are not expected: options without what may be their values, since somebody may have hoped for
/// a --pin.
std::string not_expected(const std::vector<std::string>& rest) {
  std::string names;
  std::size_t others = 0;
  for (const std::string& word : rest) {
    if (!is_option(word)) {
      ++others;
      continue;
    }
    const bool is_long = word.rfind("--", 0) == 0;
    names += (names.empty() ? "" : ", ") + (is_long ? word.substr(0, word.find('=')) : word.substr(0, 2));
  }
  const std::string count = std::to_string(others) + (others == 1 ? " argument" : " arguments");
  if (names.empty()) return "not expected: the last " + count;
  return "not expected: " + names + (others == 0 ? "" : ", and " + count);
}

[[noreturn]] void fail_empty(const std::string& name) {
  throw tuf::Error(tuf::ErrorCode::kUsage, name + " is empty",
                   name == "--path"
                       ? "give it a prefix of tags, or --all-paths in its place if all of them are meant"
                   : name.starts_with('-') ? "give it a value, or leave it out"
                                           : "give it a value: a variable that is not set leaves it empty");
}

bool lacks_value(const std::string& word) {
  return word.starts_with("--") && word.find('=') == word.size() - 1;
}

/// With what CLI11 does not know to stand behind `=`: nothing, for which it would take the next word, and the
/// value of a short option, where docker takes it from, too.
std::vector<std::string> split_at_equals(int argc, const char* const* argv) {
  std::vector<std::string> words;
  bool has_ended = false;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    has_ended |= word == "--";
    const std::size_t equals = word.find('=');
    const bool is_short = equals == 2 && word[0] == '-' && word[1] != '-';
    if (has_ended || !(is_short || lacks_value(word))) {
      words.push_back(word);
      continue;
    }
    words.push_back(word.substr(0, equals));
    words.push_back(word.substr(equals + 1));
  }
  return words;
}

}  // namespace

Grammar::Grammar(CommandLine& line) : line_(line), app_(std::make_unique<CLI::App>()) {
  app_->name("countersign");
  app_->description("Signs container image tags into Docker Content Trust, from CI, and proves it.");
  app_->footer(
      "Exit codes: 0 done, 2 usage, 3 config, 4 untrusted, 5 policy, 6 not found, 7 denied, 8 "
      "unavailable,\n"
      "9 conflict, 10 key, 11 local, 12 outcome unknown. More: docs/ and countersign COMMAND --help");
  app_->set_version_flag("--version", "countersign " COUNTERSIGN_VERSION);
  app_->set_help_flag("-h,--help", "Print this and exit");
  app_->require_subcommand(1);
  app_->fallthrough();
  app_->option_defaults()->always_capture_default(false);
  add_global_options();
}

Grammar::~Grammar() = default;

void Grammar::add_global_options() {
  Options& settings = line_.settings;
  add_value(app_.get(), "-s,--server", settings.server, "Trust server https://host[:port], or file:DIR",
            "URL");
  add_value(app_.get(), "-d,--trust-dir", settings.trust_dir, "Keys and cache (default ~/.docker/trust)",
            "DIR");
  add_value(app_.get(), "-c,--config", settings.config, "A notary config.json", "FILE");
  add_values(app_.get(), "-k,--signing-key", settings.keys,
             "Private key: pkcs11: URI, PEM file, or key ID in the trust directory", "REF");
  add_value(app_.get(), "--tlscacert", settings.tls_ca, "Trust only this CA for the server", "FILE");
  add_value(app_.get(), "--tlscert", settings.tls_cert, "Client certificate", "FILE");
  add_value(app_.get(), "--tlskey", settings.tls_key, "Key of the client certificate", "FILE");
  add_values(app_.get(), "--trust-root", settings.trust_roots,
             "Pin of the root, of every repository or of this one (repeatable): key ID, certificate or CA "
             "file",
             "[REPO=]REF");
  app_->add_flag("--trust-on-first-use", settings.trust_on_first_use, "Accept an unpinned root once");
  app_->add_flag("--allow-http", settings.allow_http, "Allow a trust server without TLS");
  add_values(app_.get(), "--insecure-registry", settings.insecure_registries,
             "Allow this registry without TLS (repeatable)", "HOST[:PORT]");
  add_values(app_.get(), "--token-service", settings.token_services,
             "Give credentials to this token service outside its server's domain (repeatable)",
             "HOST[:PORT]");
  app_->add_flag("--reset-cache", line_.reset_cache, "Forget what was seen of the repository before");
  app_->add_flag("--offline", line_.offline, "Look at what was last seen here; ask no server");
  add_value(app_.get(), "-o,--output", format_,
            "What goes to stdout: text or json; some commands print other formats too", "FORMAT");
  add_value(app_.get(), "--audit-log", settings.audit_log,
            "Append a line for every run that publishes or is about to", "FILE");
  app_->add_flag("--audit-checkpoint", settings.audit_checkpoint, "Sign that line with the keys of the run");
  add_value(app_.get(), "--timeout", settings.timeout,
            "For the whole command: 90s, 5m (default 60s, and 5m for what publishes)", "DURATION");
  app_->add_flag("--dry-run", line_.dry_run, "Do everything but publish, and show it");
  app_->add_flag("-q,--quiet", line_.output.quiet, "No warnings on stderr");
  app_->add_flag("-v,--verbose", line_.output.verbosity, "Steps on stderr; twice: every request");
  app_->add_option_function<std::string>(
          "--log-format", [this](const std::string& format) { line_.output.json_log = format == "json"; },
          "Of stderr: text or json")
      ->check(CLI::IsMember({"text", "json"}).description(""))
      ->type_name("FORMAT");
  add_value(app_.get(), "--parallel", line_.parallel,
            "Repositories at a time, of a command that has several (default: 3, or 8 with a server far away)",
            "N")
      ->check(CLI::Range(1, 32).description(""));
  app_->add_option_function<std::string>(
          "--progress",
          [this](const std::string& mode) {
            using Progress = OutputOptions::Progress;
            line_.output.progress = mode == "plain"  ? Progress::kPlain
                                    : mode == "none" ? Progress::kNone
                                                     : Progress::kAuto;
          },
          "How far several repositories are, on stderr: auto (a line that changes on a terminal), plain, "
          "none")
      ->check(CLI::IsMember({"auto", "plain", "none"}).description(""))
      ->type_name("MODE");
}

void Grammar::group(const std::string& name, const std::string& help) {
  app_->add_subcommand(name, help)->require_subcommand(1)->fallthrough();
}

CLI::App* Grammar::add_command(const std::string& name, const std::string& help,
                               std::function<void(Run&, Report&)> run) {
  const std::size_t space = name.find(' ');
  CLI::App* parent = space == std::string::npos ? app_.get() : app_->get_subcommand(name.substr(0, space));
  CLI::App* command = parent->add_subcommand(name.substr(space + 1), help);  // npos + 1 is 0
  command->fallthrough();
  command->callback([this, name, run = std::move(run)] {
    line_.command = name;
    line_.run = run;
  });
  return command;
}

void Grammar::add_signing_keys(CLI::App* command) {
  add_values(command, "--key", keys_to_sign_with_, "Private key, as --signing-key", "REF");
}

void Grammar::also_prints(const CLI::App* command, OutputFormat format) {
  formats_.emplace(command, format);
}

void Grammar::also_reports_bad_settings(CLI::App* command, void (*report)(const tuf::Error&, Report&)) {
  command->preparse_callback([this, report](std::size_t) { line_.report_bad_settings = report; });
}

std::vector<std::string> Grammar::formats() const {
  std::vector<std::string> names;
  const auto [first, last] = formats_.equal_range(&named_app());
  for (const Format& known : kFormats) {
    const bool is_named = std::any_of(first, last, [&](const auto& e) { return e.second == known.format; });
    if (known.of_every_command || is_named) names.emplace_back(known.name);
  }
  return names;
}

void Grammar::choose_format() {
  const std::vector<std::string> names = formats();
  if (std::find(names.begin(), names.end(), format_) == names.end()) {
    throw tuf::Error(tuf::ErrorCode::kUsage,
                     "--output: " + line_.command + " cannot print \"" + tuf::printable(format_, 40) + "\"",
                     "give --output one that it prints: " + tuf::join(names));
  }
  line_.output.format = std::find_if(kFormats.begin(), kFormats.end(), [&](const Format& f) {
                          return format_ == f.name;
                        })->format;
}

void Grammar::require_values(int argc, const char* const* argv) const {
  for (int i = 1; i < argc && std::string(argv[i]) != "--"; ++i) {
    const std::string word = argv[i];
    const std::string name = word.substr(0, word.find('='));
    const CLI::Option* option = lacks_value(word) ? named_app().get_option_no_throw(name) : nullptr;
    if (lacks_value(word) && may_be_empty_.count(option) == 0) fail_empty(name);
  }
  for (const CLI::App* app = app_.get(); app != nullptr;
       app = app->get_subcommands().empty() ? nullptr : app->get_subcommands().front()) {
    for (const CLI::Option* option : app->get_options()) {
      const std::vector<std::string>& values = option->results();
      if (std::find(values.begin(), values.end(), "") == values.end() || may_be_empty_.count(option) > 0)
        continue;
      fail_empty(option->get_positional() ? "the operand " + option->get_type_name() : option->get_name());
    }
  }
}

/// CLI11 goes on with options where a command has all its operands, whatever stands before.
void Grammar::require_operands_behind_dashes(int argc, const char* const* argv) const {
  const auto is_operand = [&](const std::string& word) {
    const std::vector<const CLI::Option*> options = named_app().get_options();
    return std::any_of(options.begin(), options.end(), [&](const CLI::Option* option) {
      const std::vector<std::string>& values = option->results();
      return option->get_positional() && std::find(values.begin(), values.end(), word) != values.end();
    });
  };
  const char* const* dashes =
      std::find_if(argv, argv + argc, [](const std::string& word) { return word == "--"; });
  std::vector<std::string> rest;
  for (const char* const* word = dashes; word != argv + argc; ++word) {
    if (word != dashes && is_option(*word) && !is_operand(*word)) rest.emplace_back();
  }
  if (!rest.empty()) throw CLI::ParseError(not_expected(rest), CLI::ExitCodes::ExtrasError);
}

/// In the place of the error that is handled now.
void Grammar::fail_clearly() const {
  try {
    throw;
  } catch (const CLI::ExtrasError&) {
    throw CLI::ParseError(not_expected(app_->remaining(true)), CLI::ExitCodes::ExtrasError);
  } catch (const CLI::RequiredError&) {
    const CLI::App& group = named_app();
    if (group.get_require_subcommand_min() == 0) throw;  // something else is missing
    throw CLI::ParseError(no_command(group, named_command(), app_->remaining(true)),
                          CLI::ExitCodes::RequiredError);
  }
}

void Grammar::parse(int argc, const char* const* argv) {
  try {
    std::vector<std::string> words = split_at_equals(argc, argv);
    std::reverse(words.begin(), words.end());  // as CLI11 takes them
    app_->parse(std::move(words));
  } catch (const CLI::Success&) {  // help, or the version
    throw;
  } catch (const CLI::ParseError&) {
    require_operands_behind_dashes(argc, argv);
    require_values(argc, argv);
    fail_clearly();
  }
  require_operands_behind_dashes(argc, argv);
  require_values(argc, argv);
  // Two options that wrote to one list would each drop what the other had put there.
  std::vector<std::string>& keys = line_.settings.keys;
  keys.insert(keys.end(), keys_to_sign_with_.begin(), keys_to_sign_with_.end());
  carry_options();
  choose_format();
}

void Grammar::carry_options() {
  CarriedOptions& carried = line_.output.carried;
  for (const CLI::App* level : {&app(), &named_app()}) {
    for (const CLI::Option* option : level->get_options()) {
      const bool is_flag = option->get_items_expected_max() == 0;
      if (option->get_name() == "--signing-key") continue;  // has another name, too
      for (const std::string& value : option->results())
        carried.add(option->get_name(), is_flag ? "" : value);
    }
  }
  for (const std::string& key : line_.settings.keys) carried.add("--signing-key", key);
}

const CLI::App& Grammar::named_app() const {
  const CLI::App* app = app_.get();
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return *app;
}

std::string Grammar::help() const {
  std::string parents;
  const CLI::App* app = app_.get();
  while (!app->get_subcommands().empty()) {
    parents += (parents.empty() ? "" : " ") + app->get_name();
    app = app->get_subcommands().front();
  }
  const bool is_group = app->get_require_subcommand_min() > 0;
  return app->help(parents) + (is_group ? ""
                                        : "\nAs every command (countersign --help):\n  -o,--output FORMAT    "
                                          "      What goes to stdout: " +
                                              tuf::join(formats(), " or ") + "\n");
}

std::string Grammar::named_command() const {
  std::string command;
  for (const CLI::App* at = app_.get(); !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    command += (command.empty() ? "" : " ") + at->get_name();
  }
  return command;
}

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
  return command->add_option(names, variable, help)->type_name(type);
}

CLI::Option* add_value(CLI::App* command, const std::string& names, std::optional<int>& variable,
                       const std::string& help, const std::string& type) {
  return command->add_option(names, variable, help)->type_name(type);
}

CLI::Option* add_values(CLI::App* command, const std::string& names, std::vector<std::string>& variable,
                        const std::string& help, const std::string& type) {
  return command->add_option(names, variable, help)->type_name(type)->allow_extra_args(false);
}

void add_days(CLI::App* command, const std::string& names, int& variable, const std::string& help) {
  add_value(command, names, variable, help, "N")->check(CLI::Range(0, 36500).description(""));
}

void add_flag(CLI::App* command, const std::string& names, bool& variable, const std::string& help) {
  command->add_flag(names, variable, help);
}

void require(CLI::Option* option) {
  option->required();
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
