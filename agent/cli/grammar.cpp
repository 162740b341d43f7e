#include "agent/cli/grammar.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>

#include "agent/cli/foreign_command.h"
#include "agent/cli/nearest_word.h"
#include "agent/cli/version.h"
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

constexpr std::array kFormats = {Format{OutputFormat::kText, "text", true},
                                 Format{OutputFormat::kJson, "json", true},
                                 Format{OutputFormat::kDocker, "docker"},
                                 Format{OutputFormat::kJunit, "junit"},
                                 Format{OutputFormat::kPrometheus, "prometheus"},
                                 Format{OutputFormat::kMarkdown, "markdown"},
                                 Format{OutputFormat::kSvg, "svg"},
                                 Format{OutputFormat::kMermaid, "mermaid"},
                                 Format{OutputFormat::kHtml, "html"}};

bool is_option(const std::string& word) {
  return word.rfind('-', 0) == 0;
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

/// As a person reads the error of CLI11.
std::string missing_value(const CLI::App& command, const CLI::App& program, const std::string& name) {
  const CLI::Option* option = command.get_option_no_throw(name);
  if (option == nullptr) option = program.get_option_no_throw(name);
  return name + " needs a value" + (option == nullptr ? "" : ": " + option->get_type_name());
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
  app_->description("Signs container image tags into Docker Content Trust, and proves it.");
  app_->set_version_flag("--version", [] { return version_text(); });
  app_->set_help_flag("-h,--help", "What the command does and takes, on one screen");
  app_->require_subcommand(1);
  app_->fallthrough();
  app_->option_defaults()->always_capture_default(false);
  add_global_options();
}

Grammar::~Grammar() = default;

void Grammar::add_global_options() {
  Options& settings = line_.settings;
  CLI::App* all = app_.get();
  example(all, "countersign sign registry.example.com/team/app:1.2 --metadata-file build.json");
  under(all, "Where");
  add_value(all, "-s,--server", settings.server, "Trust server https://host[:port], or file:DIR", "URL");
  add_value(all, "-d,--trust-dir", settings.trust_dir, "Keys and cache (default ~/.docker/trust)", "DIR");
  add_value(all, "-c,--config", settings.config, "A notary config.json", "FILE");
  add_value(all, "--tlscacert", settings.tls_ca, "Trust only this CA for the server", "FILE");
  add_value(all, "--tlscert", settings.tls_cert, "Client certificate", "FILE");
  add_value(all, "--tlskey", settings.tls_key, "Key of the client certificate", "FILE");
  add_flag(all, "--allow-http", settings.allow_http, "Allow a trust server without TLS");
  add_values(all, "--insecure-registry", settings.insecure_registries, "Allow this registry without TLS",
             "HOST[:PORT]");
  add_values(all, "--token-service", settings.token_services,
             "Give credentials to this token service outside its server's domain", "HOST[:PORT]");
  place(add_values(all, "-k,--signing-key", settings.keys,
                   "Private key: pkcs11: URI, PEM file, or key ID in the trust directory", "REF"),
        kKeys);
  under(all, "Whom to trust");
  add_values(all, "--trust-root", settings.trust_roots,
             "Pin of the root, of every repository or of this one: key ID, certificate or CA file",
             "[REPO=]REF");
  add_flag(all, "--trust-on-first-use", settings.trust_on_first_use, "Accept an unpinned root once");
  add_flag(all, "--reset-cache", line_.reset_cache, "Forget what was seen of the repository before");
  under(all, "How");
  add_flag(all, "--dry-run", line_.dry_run, "Do everything but publish, and show it");
  add_flag(all, "--offline", line_.offline, "Look at what was last seen here; ask no server");
  add_value(all, "--timeout", settings.timeout,
            "For the whole command: 90s, 5m (default 60s, and 5m for what publishes)", "DURATION");
  add_number(
      all, "--parallel", line_.parallel, 1, 32,
      "Repositories at a time, of a command that has several (default: 3, or 8 with a server far away)", "N");
  add_value(all, "--audit-log", settings.audit_log,
            "Append a line for every run that publishes or is about to", "FILE");
  add_flag(all, "--audit-checkpoint", settings.audit_checkpoint, "Sign that line with the keys of the run");
  add_output_options();
}

void Grammar::add_output_options() {
  CLI::App* all = app_.get();
  under(all, kOutput);
  add_value(all, "-o,--output", format_,
            "What goes to stdout: text or json; some commands print other formats too", "FORMAT");
  add_flag(all, "-q,--quiet", line_.output.quiet, "No warnings on stderr");
  app_->add_flag("-v,--verbose", line_.output.verbosity, "Steps on stderr; twice: every request");
  add_choice(
      all, "--log-format", "text|json",
      [this](const std::string& format) { line_.output.json_log = format == "json"; }, "Of stderr");
  add_choice(
      all, "--progress", "auto|plain|none",
      [this](const std::string& mode) {
        using Progress = OutputOptions::Progress;
        line_.output.progress = mode == "plain"  ? Progress::kPlain
                                : mode == "none" ? Progress::kNone
                                                 : Progress::kAuto;
      },
      "How far several repositories are, on stderr; auto: a line that changes on a terminal");
}

void Grammar::group(const std::string& name, const std::string& help) {
  add_app(name, help)->require_subcommand(1);
}

CLI::App* Grammar::add_app(const std::string& name, const std::string& help) {
  const std::size_t space = name.find(' ');
  CLI::App* parent = space == std::string::npos ? app_.get() : app_->get_subcommand(name.substr(0, space));
  CLI::App* app = parent->add_subcommand(name.substr(space + 1), help);  // npos + 1 is 0
  app->group(section_);
  app->fallthrough();
  under(app, "Options");
  return app;
}

CLI::App* Grammar::add_command(const std::string& name, const std::string& help,
                               std::function<void(Run&, Report&)> run) {
  CLI::App* command = add_app(name, help);
  command->callback([this, name, run = std::move(run)] {
    line_.command = name;
    line_.run = run;
  });
  return command;
}

CLI::App* Grammar::add_command(const std::string& name, const std::string& help,
                               std::function<void(Report&)> speak) {
  CLI::App* command = add_app(name, help);
  command->callback([this, name, speak = std::move(speak)] {
    line_.command = name;
    line_.speak = speak;
  });
  return command;
}

void Grammar::add_signing_keys(CLI::App* command) {
  place(add_values(command, "--key", keys_to_sign_with_, "URI, PEM file or key ID (default: all at hand)",
                   "REF"),
        kKeys);
}

void Grammar::also_prints(const CLI::App* command, OutputFormat format) {
  formats_.emplace(command, format);
}

void Grammar::also_reports_bad_settings(CLI::App* command, void (*report)(const tuf::Error&, Report&)) {
  command->preparse_callback([this, report](std::size_t) { line_.report_bad_settings = report; });
}

std::vector<std::string> Grammar::formats(const CLI::App& command) const {
  std::vector<std::string> names;
  const auto [first, last] = formats_.equal_range(&command);
  for (const Format& known : kFormats) {
    const bool is_named = std::any_of(first, last, [&](const auto& e) { return e.second == known.format; });
    if (known.of_every_command || is_named) names.emplace_back(known.name);
  }
  return names;
}

void Grammar::choose_format() {
  const std::vector<std::string> names = formats(named_app());
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

/// "countersign repo init --help": of the innermost command that was named.
std::string Grammar::help_command() const {
  const std::string named = named_command();
  return "countersign " + named + (named.empty() ? "" : " ") + "--help";
}

/// What stands behind an option that is not known may be its value, and a secret: it is not repeated.
void Grammar::fail_no_command(const std::vector<std::string>& rest) const {
  const CLI::App& group = named_app();
  const std::string prefix = &group == app_.get() ? "" : named_command() + " ";
  std::vector<std::string> names;
  for (const CLI::App* command : group.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  const std::string there_are = "; there are " + tuf::join(names);
  if (rest.empty() || is_option(rest.front())) {
    throw tuf::Error(tuf::ErrorCode::kUsage, "a command is missing" + there_are,
                     did_you_mean({}, help_command()));
  }
  const std::string second = rest.size() > 1 && !is_option(rest[1]) ? rest[1] : "";
  if (const auto ours = prefix.empty() ? command_for(rest.front(), second) : std::nullopt) {
    throw tuf::Error(tuf::ErrorCode::kUsage,
                     "\"" + tuf::printable(ours->theirs) + "\" is a command of " + std::string(ours->program),
                     "here that is: countersign " + std::string(ours->ours) + " --help");
  }
  std::optional<std::string> near = nearest_word(rest.front(), names);
  if (near) near = "\"" + prefix + *near + "\"";
  throw tuf::Error(tuf::ErrorCode::kUsage,
                   "\"" + tuf::printable(prefix + rest.front()) + "\" is not a command" + there_are,
                   did_you_mean(near, help_command()));
}

void Grammar::fail_unexpected() const {
  const std::vector<std::string> rest = app_->remaining(true);
  std::vector<std::string> known;
  for (const CLI::App* level : {&named_app(), &app()}) {
    for (const CLI::Option* option : level->get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
  }
  std::optional<std::string> near;
  for (const std::string& word : rest) {
    if (!near && word.starts_with("--")) near = nearest_word(word.substr(0, word.find('=')), known);
  }
  throw tuf::Error(tuf::ErrorCode::kUsage, tuf::printable(not_expected(rest)),
                   did_you_mean(near, help_command()));
}

/// CLI11 looks for its command behind words that are none.
void Grammar::require_command_first(int argc, const char* const* argv) const {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (is_option(word)) {
      const CLI::Option* option = app_->get_option_no_throw(word.substr(0, word.find('=')));
      if (word == "--" || option == nullptr) return;  // whatever stands behind it
      if (option->get_items_expected_max() > 0 && word.find('=') == std::string::npos) ++i;
      continue;
    }
    const auto is_named = [&](const CLI::App* command) { return command->get_name() == word; };
    const auto commands = app_->get_subcommands([](const CLI::App*) { return true; });
    if (std::any_of(commands.begin(), commands.end(), is_named)) return;
    app_->clear();  // what stands behind it is no command
    fail_no_command({argv + i, argv + argc});
  }
}

/// In the place of the error that is handled now.
void Grammar::fail_clearly(int argc, const char* const* argv) const {
  require_command_first(argc, argv);
  try {
    throw;
  } catch (const CLI::ExtrasError&) {
    fail_unexpected();
  } catch (const CLI::RequiredError&) {
    const CLI::App& named = named_app();
    if (named.get_require_subcommand_min() > 0) fail_no_command(app_->remaining(true));
    for (const CLI::Option* option : named.get_options()) {
      if (option->get_required() && option->count() == 0 && option->get_positional())
        throw CLI::ParseError(option->get_type_name() + " is missing", CLI::ExitCodes::RequiredError);
    }
    throw;  // "--cn is required"
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string message = error.what();
    const std::string name = message.substr(0, message.find(':'));
    if (message.ends_with("missing"))
      throw CLI::ParseError(missing_value(named_app(), app(), name), CLI::ExitCodes::ArgumentMismatch);
    throw CLI::ParseError(name + " is given more than once", CLI::ExitCodes::ArgumentMismatch);
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
    fail_clearly(argc, argv);
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

std::string Grammar::named_command() const {
  std::string command;
  for (const CLI::App* at = app_.get(); !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    command += (command.empty() ? "" : " ") + at->get_name();
  }
  return command;
}

CommandDescription Grammar::describe(const CLI::App& app, const std::string& name) const {
  CommandDescription described{.name = name,
                               .summary = app.get_description(),
                               .section = app.get_group(),
                               .is_group = app.get_require_subcommand_min() > 0};
  if (!described.is_group) described.formats = formats(app);
  const auto [first, last] = examples_.equal_range(&app);
  for (auto each = first; each != last; ++each) described.examples.push_back(each->second);
  for (const CLI::Option* option : app.get_options()) {
    const bool is_help = option == app.get_help_ptr();
    if (is_help && !name.empty()) continue;  // as every command
    const bool is_flag = option->get_items_expected_max() == 0;
    OptionDescription one{.names = {},
                          .value = is_flag ? "" : option->get_type_name(),
                          .help = option->get_description(),
                          .heading = option->get_group(),
                          .is_required = option->get_required(),
                          .is_repeatable = option->get_items_expected_max() > 1};
    for (const std::string& letter : option->get_snames()) one.names.push_back("-" + letter);
    for (const std::string& word : option->get_lnames()) one.names.push_back("--" + word);
    (option->get_positional() ? described.operands : described.options).push_back(std::move(one));
  }
  return described;
}

CommandDescriptions Grammar::describe() const {
  CommandDescriptions all = {describe(*app_, "")};
  const auto every = [](const CLI::App*) { return true; };
  for (const CLI::App* command : app_->get_subcommands(every)) {
    all.push_back(describe(*command, command->get_name()));
    for (const CLI::App* inner : command->get_subcommands(every))
      all.push_back(describe(*inner, command->get_name() + " " + inner->get_name()));
  }
  return all;
}

}  // namespace agent
