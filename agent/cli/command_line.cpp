#include "agent/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <string_view>

#include "agent/report/printable.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

const std::map<std::string, OutputFormat> kFormats = {{"text", OutputFormat::kText},
                                                      {"json", OutputFormat::kJson},
                                                      {"docker", OutputFormat::kDocker},
                                                      {"junit", OutputFormat::kJunit},
                                                      {"prometheus", OutputFormat::kPrometheus}};

/// Builds the commands; each one that is met on the command line leaves its options in `line`.
class Grammar {
 public:
  explicit Grammar(CommandLine& line) : line_(line) {
    app_.name("countersign");
    app_.description("Signs container image tags into Docker Content Trust, from CI, and proves it.");
    app_.footer(
        "Exit codes: 0 done, 2 usage, 3 config, 4 untrusted, 5 policy, 6 not found, 7 denied, 8 "
        "unavailable,\n"
        "9 conflict, 10 key, 11 local, 12 outcome unknown. More: docs/ and countersign COMMAND --help");
    app_.set_version_flag("--version", "countersign " COUNTERSIGN_VERSION);
    app_.set_help_flag("-h,--help", "Print this and exit");
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.option_defaults()->always_capture_default(false);
    add_global_options();
    add_signing();
    add_looking();
    add_administration();
    add_keys();
  }

  CLI::App& app() { return app_; }

  void parse(int argc, const char* const* argv) {
    app_.parse(argc, argv);
    // Two options that wrote to one list would each drop what the other had put there.
    std::vector<std::string>& keys = line_.settings.keys;
    keys.insert(keys.end(), keys_to_sign_with_.begin(), keys_to_sign_with_.end());
    require_format();
  }

 private:
  /// Some formats say what only one command has to say.
  void require_format() const {
    const OutputFormat format = line_.output.format;
    const bool known = format == OutputFormat::kText || format == OutputFormat::kJson ||
                       (format == OutputFormat::kDocker && line_.command == "inspect") ||
                       ((format == OutputFormat::kJunit || format == OutputFormat::kPrometheus) &&
                        line_.command == "expiry");
    if (known) return;
    const auto name = std::find_if(kFormats.begin(), kFormats.end(),
                                   [&](const auto& entry) { return entry.second == format; });
    throw CLI::ValidationError("--output", line_.command + " cannot print " + name->first);
  }

  template <class T>
  void value(CLI::App* command, const std::string& names, T& variable, const std::string& help,
             const std::string& type) {
    command->add_option(names, variable, help)->type_name(type);
  }

  /// One value per occurrence, so that an operand behind it is not taken for another value.
  void values(CLI::App* command, const std::string& names, std::vector<std::string>& variable,
              const std::string& help, const std::string& type) {
    command->add_option(names, variable, help)->type_name(type)->allow_extra_args(false);
  }

  template <class T>
  CLI::App* command(CLI::App* parent, const std::string& name, const std::string& help,
                    std::shared_ptr<T> options) {
    CLI::App* command = parent->add_subcommand(name, help);
    command->fallthrough();
    const std::string full_name = parent == &app_ ? name : parent->get_name() + " " + name;
    command->callback([this, options, full_name] {
      line_.command = full_name;
      line_.options = *options;
    });
    return command;
  }

  CLI::App* group(const std::string& name, const std::string& help) {
    CLI::App* group = app_.add_subcommand(name, help);
    group->require_subcommand(1);
    group->fallthrough();
    return group;
  }

  void add_global_options() {
    Options& settings = line_.settings;
    value(&app_, "-s,--server", settings.server, "Trust server https://host[:port], or file:DIR", "URL");
    value(&app_, "-d,--trust-dir", settings.trust_dir, "Keys and cache (default ~/.docker/trust)", "DIR");
    value(&app_, "-c,--config", settings.config, "A notary config.json", "FILE");
    values(&app_, "-k,--signing-key", settings.keys,
           "Private key: pkcs11: URI, PEM file, or key ID in the trust directory", "REF");
    value(&app_, "--tlscacert", settings.tls_ca, "Trust only this CA for the server", "FILE");
    value(&app_, "--tlscert", settings.tls_cert, "Client certificate", "FILE");
    value(&app_, "--tlskey", settings.tls_key, "Key of the client certificate", "FILE");
    value(&app_, "--trust-root", settings.trust_root,
          "Pin of the repository's root: key ID, certificate or CA file", "REF");
    app_.add_flag("--trust-on-first-use", settings.trust_on_first_use, "Accept an unpinned root once");
    app_.add_flag("--allow-http", settings.allow_http, "Allow a trust server without TLS");
    app_.add_flag("--reset-cache", line_.reset_cache, "Forget what was seen of the repository before");
    app_.add_flag("--offline", line_.offline, "Look at what was last seen here; ask no server");
    app_.add_option("-o,--output", line_.output.format,
                    "What goes to stdout: text or json; inspect: docker; expiry: junit, prometheus")
        ->transform(CLI::CheckedTransformer(kFormats).description(""))
        ->type_name("FORMAT");
    app_.add_flag("--dry-run", line_.dry_run, "Do everything but publish");
    app_.add_flag("-q,--quiet", line_.output.quiet, "No warnings on stderr");
    app_.add_flag("-v,--verbose", line_.output.verbosity, "More on stderr; twice for the wire");
    app_.add_option_function<std::string>(
            "--log-format", [this](const std::string& format) { line_.output.json_log = format == "json"; },
            "Of stderr: text or json")
        ->check(CLI::IsMember({"text", "json"}).description(""))
        ->type_name("FORMAT");
    app_.add_option("--progress", progress_, "auto, plain or none; accepted for scripts")
        ->check(CLI::IsMember({"auto", "plain", "none"}).description(""))
        ->type_name("MODE");
  }

  void add_signing() {
    auto sign = std::make_shared<SignOptions>();
    CLI::App* c = command(&app_, "sign", "Sign image tags and publish them", sign);
    c->add_option("image", sign->images, "[registry/]repository:tag[@sha256:…]")
        ->required()
        ->type_name("IMAGE");
    values(c, "--key", keys_to_sign_with_, "Private key, as --signing-key", "REF");
    values(c, "--role", sign->roles, "Sign into exactly this role (repeatable)", "ROLE");
    value(c, "--size", sign->size, "Bytes of the manifest, with an explicit digest", "N");
    value(c, "--oci-layout", sign->oci_layout, "Digest and size from an OCI image layout", "DIR[:REF]");
    c->add_flag("--allow-move", sign->allow_move, "Sign a tag that is signed with another digest");

    auto revoke = std::make_shared<RevokeOptions>();
    c = command(&app_, "revoke", "Take tags out of the roles that this identity signs", revoke);
    c->add_option("image", revoke->images, "[registry/]repository:tag")->required()->type_name("IMAGE");
    values(c, "--key", keys_to_sign_with_, "Private key, as --signing-key", "REF");
    values(c, "--role", revoke->roles, "Out of exactly this role (repeatable)", "ROLE");

    auto witness = std::make_shared<WitnessOptions>();
    c = command(&app_, "witness", "Sign delegations anew, also those whose signer has left", witness);
    c->add_option("repository", witness->repository, "")->required()->type_name("REPO");
    c->add_option("role", witness->roles, "")->required()->type_name("ROLE");
    values(c, "--key", keys_to_sign_with_, "Private key, as --signing-key", "REF");
    c->add_flag("--adopt", witness->adopt, "Take over content that no trusted key has signed");
    c->add_flag("--empty", witness->empty, "Replace such content by nothing");
  }

  void repositories(CLI::App* command, std::vector<std::string>& variable) {
    command->add_option("repository", variable, "")->required()->type_name("REPO");
  }

  void add_looking() {
    auto list = std::make_shared<ListOptions>();
    CLI::App* c = command(&app_, "list", "Signed tags of a repository", list);
    c->add_option("repository", list->repository, "")->required()->type_name("REPO");

    auto verify = std::make_shared<VerifyOptions>();
    c = command(&app_, "verify", "Is this tag signed, and by whom", verify);
    c->add_option("image", verify->images, "[registry/]repository[:tag][@sha256:…]")
        ->required()
        ->type_name("IMAGE");
    values(c, "--role", verify->roles, "Demand that this role holds the tag (repeatable)", "ROLE");

    auto inspect = std::make_shared<InspectOptions>();
    c = command(&app_, "inspect", "Signatures, signers and administrative keys", inspect);
    c->add_option("subject", inspect->subject, "")->required()->type_name("REPO|IMAGE");
    c->add_flag("--pretty", inspect->pretty, "The text of `docker trust inspect --pretty`");

    auto expiry = std::make_shared<ExpiryOptions>();
    c = command(&app_, "expiry", "When each role expires; exit code 5 if one is due", expiry);
    c->add_option("repository", expiry->repositories, "")->required()->type_name("REPO");
    value(c, "--warn-days", expiry->warn_days, "Due is what expires within N days (default 0)", "N");
    c->get_option("--warn-days")->check(CLI::Range(0, 36500).description(""));
    value(c, "--at", expiry->at, "Rehearse: as seen at that time (2027-01-31 or RFC 3339)", "DATE");
  }

  void add_administration() {
    CLI::App* repo = group("repo", "Create and look after trust data");
    auto init = std::make_shared<RepoInitOptions>();
    CLI::App* c =
        command(repo, "init", "Create the trust data of a repository; prints the root to pin", init);
    c->add_option("repository", init->repository, "")->required()->type_name("REPO");
    value(c, "--root-key", init->root_key,
          "Key for the root (default: the one in the trust directory, or a new one)", "REF");
    value(c, "--targets-key", init->targets_key, "Repository key (default: a new one)", "REF");
    auto pin = std::make_shared<RepoPinOptions>();
    c = command(repo, "pin", "Print the root that is trusted now, for --trust-root", pin);
    c->add_option("repository", pin->repository, "")->required()->type_name("REPO");

    auto refresh = std::make_shared<RepoRefreshOptions>();
    c = command(repo, "refresh", "Sign anew what expires soon, or has expired", refresh);
    repositories(c, refresh->repositories);
    value(c, "--within-days", refresh->within_days, "Soon is within N days (default 183)", "N");
    c->get_option("--within-days")->check(CLI::Range(0, 36500).description(""));
    auto rotate = std::make_shared<RepoRotateOptions>();
    c = command(repo, "rotate", "Give root, targets, snapshot or timestamp a new key", rotate);
    c->add_option("repository", rotate->repository, "")->required()->type_name("REPO");
    c->add_option("role", rotate->role, "")->required()->type_name("ROLE");
    value(c, "--key", rotate->key, "The new key (default: one is made in the trust directory)", "REF");
    c->add_flag("--server-managed", rotate->server_managed,
                "Let the server make it: snapshot; always so: timestamp");
    auto prepare = std::make_shared<RepoPrepareOptions>();
    c = command(repo, "prepare", "Let the server sign the snapshot, so that signers can publish", prepare);
    repositories(c, prepare->repositories);
    auto remove = std::make_shared<RepoDeleteOptions>();
    c = command(repo, "delete", "Forget a repository here; with --remote, delete it for everybody", remove);
    c->add_option("repository", remove->repository, "")->required()->type_name("REPO");
    c->add_flag("--remote", remove->remote, "Delete it on the server too");
    c->add_flag("--yes", remove->yes, "Really");

    CLI::App* signer = group("signer", "Who may sign releases");
    auto signer_add = std::make_shared<SignerAddOptions>();
    c = command(signer, "add", "Let NAME sign into targets/releases and targets/NAME", signer_add);
    c->add_option("name", signer_add->name, "")->required()->type_name("NAME");
    c->add_option("repository", signer_add->repositories, "")->required()->type_name("REPO");
    values(c, "--key", signer_add->public_keys, "Certificate or public key of the signer (repeatable)",
           "PUBLIC");

    auto signer_remove = std::make_shared<SignerRemoveOptions>();
    c = command(signer, "remove", "Take NAME out, and keep what was released", signer_remove);
    c->add_option("name", signer_remove->name, "")->required()->type_name("NAME");
    repositories(c, signer_remove->repositories);
    c->add_flag("--yes", signer_remove->yes, "Even if pullers no longer see some tags");
    auto signer_rotate = std::make_shared<SignerRotateOptions>();
    c = command(signer, "rotate", "Add and remove keys of NAME in one step", signer_rotate);
    c->add_option("name", signer_rotate->name, "")->required()->type_name("NAME");
    repositories(c, signer_rotate->repositories);
    values(c, "--add", signer_rotate->add, "Certificate or public key (repeatable)", "PUBLIC");
    values(c, "--remove", signer_rotate->remove, "Key ID, canonical or TUF (repeatable)", "KEYID");

    CLI::App* delegation = group("delegation", "Delegations in general");
    auto add = std::make_shared<DelegationAddOptions>();
    c = command(delegation, "add", "Add keys and paths to a delegation", add);
    c->add_option("repository", add->repository, "")->required()->type_name("REPO");
    c->add_option("role", add->role, "")->required()->type_name("ROLE");
    values(c, "--key", add->public_keys, "Certificate or public key (repeatable)", "PUBLIC");
    values(c, "--path", add->paths, "Admit tags with this prefix (repeatable; default all)", "PREFIX");
    c->add_flag("--all-paths", add->all_paths, "Admit all tags");
    value(c, "--threshold", add->threshold, "Signatures needed", "N");
    auto delegation_remove = std::make_shared<DelegationRemoveOptions>();
    c = command(delegation, "remove", "Take a delegation out, or some of its keys and paths",
                delegation_remove);
    c->add_option("repository", delegation_remove->repository, "")->required()->type_name("REPO");
    c->add_option("role", delegation_remove->role, "")->required()->type_name("ROLE");
    values(c, "--key", delegation_remove->keys, "Only this key ID (repeatable)", "KEYID");
    values(c, "--path", delegation_remove->paths, "Only this path (repeatable)", "PREFIX");
    c->add_flag("--yes", delegation_remove->yes, "Even if pullers no longer see some tags");
    auto purge = std::make_shared<DelegationPurgeOptions>();
    c = command(delegation, "purge", "Take a key out of every delegation", purge);
    repositories(c, purge->repositories);
    values(c, "--key", purge->keys, "Key ID (repeatable)", "KEYID");
    c->get_option("--key")->required();
    auto list = std::make_shared<DelegationListOptions>();
    c = command(delegation, "list", "Delegations with keys, paths and state", list);
    c->add_option("repository", list->repository, "")->required()->type_name("REPO");
  }

  void add_keys() {
    CLI::App* key = group("key", "Keys in files and on tokens");
    auto generate = std::make_shared<KeyGenerateOptions>();
    CLI::App* c = command(key, "generate", "Make a signing key; writes NAME.pub", generate);
    c->add_option("name", generate->name, "")->required()->type_name("NAME");
    value(c, "--token", generate->token, "Make it on this token", "URI");
    value(c, "--type", generate->type, "p256, p384, rsa2048, rsa3072 or rsa4096", "TYPE");
    value(c, "--out", generate->out, "Folder for NAME.pub", "DIR");
    auto import = std::make_shared<KeyImportOptions>();
    c = command(key, "import", "Put private keys into the trust directory", import);
    c->add_option("file", import->files, "")->required()->type_name("FILE");
    value(c, "--role", import->role, "Label for keys that carry none", "LABEL");
    value(c, "--gun", import->repository, "Repository of targets and snapshot keys that name none", "REPO");
    command(key, "list", "Keys at hand", std::make_shared<KeyListOptions>());
    add_certificate(key, "cert", "Self-signed certificate for a key", false);
    add_certificate(key, "csr", "Certificate request for a key", true);

    CLI::App* token = group("token", "PKCS#11 tokens");
    auto tokens = std::make_shared<TokenListOptions>();
    c = command(token, "list", "Tokens and keys that a module shows, as --key takes them", tokens);
    value(c, "--module", tokens->module, "PKCS#11 module (default COUNTERSIGN_PKCS11_MODULE, then p11-kit's)",
          "PATH");
  }

  void add_certificate(CLI::App* key, const std::string& name, const std::string& help, bool request) {
    auto options = std::make_shared<KeyCertOptions>();
    options->request = request;
    CLI::App* c = command(key, name, help, options);
    c->add_option("key", options->key, "")->required()->type_name("REF");
    c->add_option("--cn", options->common_name, "Common name")->required()->type_name("NAME");
    if (!request) value(c, "--days", options->days, "Validity", "N");
    value(c, "--out", options->out, "File to write (default stdout)", "FILE");
  }

  CommandLine& line_;
  std::vector<std::string> keys_to_sign_with_;  // `sign --key`, the same as --signing-key
  std::string progress_ = "auto";
  CLI::App app_;
};

/// How to report an error of the command line itself: what was asked for before the error was met.
void look_for_output(int argc, const char* const* argv, OutputOptions& output) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool next_is_json = i + 1 < words.size() && words[i + 1] == "json";
    if (words[i] == "-ojson" || words[i] == "--output=json" ||
        ((words[i] == "-o" || words[i] == "--output") && next_is_json)) {
      output.format = OutputFormat::kJson;
    }
  }
}

/// The command that the words before the error name.
std::string named_command(const CLI::App& app) {
  std::string command;
  for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    command += (command.empty() ? "" : " ") + at->get_name();
  }
  return command;
}

}  // namespace

std::optional<CommandLine> CommandLine::parse(int argc, const char* const* argv, std::ostream& out,
                                              Understood& understood) {
  look_for_output(argc, argv, understood.output);
  CommandLine line;
  Grammar grammar(line);
  try {
    grammar.parse(argc, argv);
    return line;
  } catch (const CLI::CallForAllHelp&) {
    out << grammar.app().help("", CLI::AppFormatMode::All);
  } catch (const CLI::CallForHelp&) {
    // The help of the innermost command that was named.
    const CLI::App* app = &grammar.app();
    std::string prefix;
    while (!app->get_subcommands().empty()) {
      prefix += (prefix.empty() ? "" : " ") + app->get_name();
      app = app->get_subcommands().front();
    }
    out << app->help(prefix);
  } catch (const CLI::CallForVersion& version) {
    out << version.what() << "\n";
  } catch (const CLI::ParseError& error) {
    understood.command = named_command(grammar.app());
    throw tuf::Error(
        tuf::ErrorCode::kUsage, printable(error.what()),
        "countersign " + understood.command + (understood.command.empty() ? "--help" : " --help"));
  }
  return std::nullopt;
}

}  // namespace agent
