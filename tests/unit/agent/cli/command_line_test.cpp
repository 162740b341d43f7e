#include "agent/cli/command_line.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "agent/cli/grammar.h"
#include "agent/cli/logging.h"
#include "agent/cli/program.h"
#include "agent/cli/program_output.h"
#include "agent/work/run.h"
#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"
#include "tests/support/forked.h"
#include "tests/support/test_data.h"

namespace {

using agent::CommandLine;
using tuf::ErrorCode;
using Words = std::vector<std::string>;

std::vector<const char*> argv_of(const Words& words) {
  std::vector<const char*> argv = {"countersign"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  return argv;
}

std::optional<CommandLine> parse(const Words& words, std::ostream& out) {
  const auto argv = argv_of(words);
  CommandLine::Understood understood;
  return CommandLine::parse(static_cast<int>(argv.size()), argv.data(), out, understood);
}

CommandLine parse(const Words& words) {
  std::ostringstream out;
  auto line = parse(words, out);
  REQUIRE(line);
  return *std::move(line);
}

struct Ran {
  int exit_code;
  std::string out;
  std::string err;
};
Ran run(const Words& words) {
  const auto argv = argv_of(words);
  std::ostringstream out;
  std::ostringstream err;
  const int exit_code = agent::run_program(static_cast<int>(argv.size()), argv.data(), out, err);
  return {exit_code, out.str(), err.str()};
}

}  // namespace

TEST_CASE("Options may stand before and after the command and its operands") {
  const Words line = GENERATE(Words{"-s", "file:/x", "--dry-run", "sign", "--key", "K", "a:1", "b:2"},
                              Words{"sign", "a:1", "--key", "K", "b:2", "--dry-run", "-s", "file:/x"},
                              Words{"sign", "a:1", "b:2", "--key=K", "--server=file:/x", "--dry-run"},
                              Words{"sign", "--dry-run", "-sfile:/x", "--key", "K", "--", "a:1", "b:2"});

  const CommandLine parsed = parse(line);

  CHECK(parsed.command == "sign");
  CHECK(parsed.settings.server == "file:/x");
  CHECK(parsed.settings.keys == Words{"K"});
  CHECK(parsed.dry_run);
}

TEST_CASE("A command gets its operands and options") {
  struct ProbeOptions {
    std::vector<std::string> images;
    std::vector<std::string> roles;
  };
  static ProbeOptions met;
  CommandLine line;
  agent::Grammar grammar(line);
  auto options = std::make_shared<ProbeOptions>();
  void (*const run)(const ProbeOptions&, agent::Run&, agent::Report&) =
      [](const ProbeOptions& given, agent::Run&, agent::Report&) { met = given; };
  grammar.group("probe", "");
  CLI::App* c = grammar.command("probe images", "", options, run);
  agent::add_operand(c, "image", options->images, "IMAGE");
  agent::add_values(c, "--role", options->roles, "", "ROLE");
  grammar.add_signing_keys(c);
  const Words words = {"probe", "images", "--key",     "A",   "a:1",    "-k",       "B",
                       "b:2",   "--role", "targets/x", "c:3", "--role", "targets/y"};
  const auto argv = argv_of(words);

  grammar.parse(static_cast<int>(argv.size()), argv.data());

  CHECK(line.command == "probe images");
  CHECK(line.settings.keys == Words{"B", "A"});
  test::TempDir home;
  agent::Report report;
  line.settings.trust_dir = home.path().string();
  agent::Host host(
      hsm::SecretSource::take_environment(),
      agent::Settings::load(line.settings, agent::Environment::of_process()), [] { return tuf::Time{}; },
      agent::make_log({}));
  agent::Run run_of_it(host, {});
  line.run(run_of_it, report);
  CHECK(met.images == Words{"a:1", "b:2", "c:3"});
  CHECK(met.roles == Words{"targets/x", "targets/y"});
}

TEST_CASE("The public keys of a signer are not keys to sign with") {
  const CommandLine parsed =
      parse({"signer", "add", "--key", "a.pub", "jenkins", "r/a", "r/b", "-k", "repo.key"});

  CHECK(parsed.command == "signer add");
  CHECK(parsed.settings.keys == Words{"repo.key"});
}

TEST_CASE("No command line that is wrong makes the program repeat the PIN of a token URI") {
  const test::TempDir home;
  const Words wrong = GENERATE(
      Words{"sign", "r.example.com/a:1", "--key", "pkcs1:token=ci?pin-value=86420975"},
      Words{"sign", "pkcs11:token=ci?pin-value=86420975", "--key", "beef"},
      Words{"sign", "PKCS11:token=ci?pin=86420975", "--key", "beef"},
      Words{"verify", "r.example.com/a:1", "--role", "pkcs11:token=ci?pin-value=86420975"},
      Words{"list", "pkcs11:token=ci?pin=86420975"}, Words{"key", "pkcs11:token=ci?pin-value=86420975"},
      Words{"pkcs11:token=ci?pin-value=86420975"}, Words{"key", "list", "pkcs11:token=ci?pin-value=86420975"},
      Words{"key", "remove", "pkcs11:token=ci?pin=86420975"},
      Words{"key", "export", " pkcs11:token=ci?pin=86420975"},
      Words{"key", "generate", "k", "--token", "pkcs11;token=ci?pin-value=86420975"},
      Words{"sign", "r.example.com/a:1", "--size", "pkcs11:token=ci?pin-value=86420975"},
      Words{"sign", "r.example.com/a:1", "-s", "pkcs11:token=ci?pin-value=86420975"},
      Words{"sign", "r.example.com/a:1", "-pkcs11:token=ci?pin-value=86420975"});
  CAPTURE(wrong);

  Words words = wrong;
  words.insert(words.end(), {"-d", home.path().string(), "-o", "json"});
  const Ran ran = run(words);

  CHECK(ran.exit_code != 0);
  CHECK_THAT(ran.out + ran.err, !Catch::Contains("86420975"));
}

TEST_CASE("What cannot be understood is a usage error that names the help") {
  const auto hint_of = [](const Words& words) {
    const auto error = test::error_of([&] { parse(words); });
    REQUIRE(error);
    CHECK(error->code() == ErrorCode::kUsage);
    return error->hint();
  };
  CHECK(hint_of({"sign", "--nonsense", "a:1"}) == "see: countersign sign --help");
  CHECK(hint_of({"list"}) == "see: countersign list --help");
  CHECK(hint_of({"signer", "add"}) == "see: countersign signer add --help");
  CHECK(hint_of({"delegation", "add", "r", "targets/x", "--threshold", "many"}) ==
        "give --threshold a whole number");
  CHECK(hint_of({}) == "see: countersign --help");
  CHECK(hint_of({"nonsense"}) == "see: countersign --help");
  CHECK(hint_of({"list", "r", "-o", "yaml"}) == "give --output one that it prints: text, json");
  CHECK(hint_of({"verify", "r", "-o", "yaml"}) ==
        "give --output one that it prints: text, json, junit, markdown, html");
}

TEST_CASE("A command that is none is named, with those that are") {
  CHECK_ERROR(parse({"signer", "ad", "x"}), ErrorCode::kUsage,
              "\"signer ad\" is not a command; there are add, remove, rotate");
  CHECK_ERROR(parse({"--offline", "sgin"}), ErrorCode::kUsage, "\"sgin\" is not a command; there are sign, ");
  CHECK_ERROR(parse({"signer", "--offline"}), ErrorCode::kUsage, "a command is missing; there are add,");
}

TEST_CASE("Who has misspelt a command or an option is told what is near") {
  const auto told = [](const Words& words) {
    const auto error = test::error_of([&] { parse(words); });
    REQUIRE(error);
    CHECK(error->code() == ErrorCode::kUsage);
    return std::string(error->what()) + "; " + error->hint();
  };
  CHECK_THAT(told({"sgin", "a:1"}), Catch::EndsWith("did you mean \"sign\"? see: countersign --help"));
  CHECK_THAT(told({"-s", "file:/x", "lsit", "a"}),
             Catch::EndsWith("did you mean \"list\"? see: countersign --help"));
  CHECK_THAT(told({"signer", "ad"}),
             Catch::EndsWith("did you mean \"signer add\"? see: countersign signer --help"));
  CHECK(told({"sign", "a:1", "--dryrun"}) ==
        "not expected: --dryrun; did you mean --dry-run? see: countersign sign --help");
  CHECK_THAT(told({"list", "a", "--trust-rot", "x"}), Catch::Contains("did you mean --trust-root?"));
  CHECK_THAT(told({"sign", "a:1", "--keys=x"}), Catch::Contains("did you mean --key?"));
  CHECK(told({"trust", "sign", "a:1"}) ==
        "\"trust sign\" is a command of docker; here that is: countersign sign --help");
  CHECK(told({"addhash", "a", "1"}) ==
        "\"addhash\" is a command of notary; here that is: countersign sign --help");
  CHECK_THAT(told({"cert", "list"}), Catch::StartsWith("\"cert\" is not a command; there are sign, "));
  CHECK_THAT(run({"help", "sgin"}).err,
             Catch::Contains("hint: did you mean \"sign\"? see: countersign --help"));
  CHECK_THAT(told({"frobnicate"}), Catch::EndsWith("; see: countersign --help"));
}

TEST_CASE("A value that an option cannot have is refused with those that it can") {
  CHECK_ERROR(parse({"list", "a", "--log-format", "xml"}), ErrorCode::kUsage,
              "--log-format: \"xml\" is none of text, json");
  CHECK_ERROR(parse({"list", "a", "--progress=often"}), ErrorCode::kUsage,
              "--progress: \"often\" is none of auto, plain, none");
  for (const std::string wrong : {"x", "0", "33", "3.5", "3x", "99999999999999999999"}) {
    CHECK_ERROR(parse({"list", "a", "--parallel", wrong}), ErrorCode::kUsage,
                "--parallel: \"" + wrong + "\" is not a whole number from 1 to 32");
  }
  CHECK_ERROR(parse({"expiry", "a", "--at"}), ErrorCode::kUsage, "--at needs a value: DATE");
  CHECK_ERROR(parse({"list", "a", "-s"}), ErrorCode::kUsage, "--server needs a value: URL");
  CHECK_ERROR(parse({"list", "a", "-s", "b", "-s", "c"}), ErrorCode::kUsage,
              "--server is given more than once");
  CHECK_ERROR(parse({"list"}), ErrorCode::kUsage, "REPO is missing");
}

TEST_CASE("A word that names a command is one only where a command may stand") {
  CHECK(parse({"list", "verify"}).command == "list");
  CHECK(parse({"-d", "sign", "list", "repo"}).command == "list");
  CHECK(parse({"repo", "pin", "key"}).command == "repo pin");
}

TEST_CASE("Help and version are answered and end the run") {
  std::ostringstream out;
  CHECK_FALSE(parse({"sign", "--help"}, out));
  CHECK(out.str().find("--allow-move") != std::string::npos);
  out.str("");
  CHECK_FALSE(parse({"--version"}, out));
  CHECK(out.str().starts_with("countersign "));
  const std::string flag = out.str();
  CHECK(run({"version"}).out == flag);
}

TEST_CASE("What the program says of itself needs no settings that can be used") {
  const Ran ran = run({"help", "sign", "--config", "/nowhere/config.json", "--timeout", "never"});
  CHECK(ran.exit_code == 0);
  CHECK_THAT(ran.out, Catch::Contains("--no-resign-guard") && Catch::Contains("--token-service"));
  const auto json = nlohmann::json::parse(run({"help", "repo", "-o", "json"}).out);
  CHECK(json["ok"] == true);
  CHECK(json["commands"][1]["name"] == "repo init");
  CHECK(json["options"].size() > 20);
}

TEST_CASE("A run that fails says so in one line with a hint, and by its exit code") {
  const Ran ran = run({"sign", "--nonsense\x1b[2J", "a:1"});

  CHECK(ran.exit_code == 2);
  CHECK(ran.out.empty());
  CHECK(ran.err.starts_with("error[USAGE]: "));
  CHECK(ran.err.find("\nhint: see: countersign sign --help\n") != std::string::npos);
  CHECK(ran.err.find('\x1b') == std::string::npos);
  CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 2);
}

TEST_CASE("A run that fails tells scripts in JSON, even if the command line was wrong") {
  const Words json_is_wanted =
      GENERATE(Words{"-o", "json"}, Words{"-ojson"}, Words{"-qo", "json"}, Words{"-vvqojson"},
               Words{"--output", "json"}, Words{"--output=json"});
  Words words = {"sign", "--nonsense"};
  words.insert(words.end(), json_is_wanted.begin(), json_is_wanted.end());
  const Ran ran = run(words);

  CHECK(ran.exit_code == 2);
  const auto json = nlohmann::json::parse(ran.out);
  CHECK(json["command"] == "sign");
  CHECK(json["exit_code"] == 2);
  CHECK(json["error"]["code"] == "USAGE");
  CHECK(json["error"]["hint"] == "see: countersign sign --help");
}

TEST_CASE(
    "What is opened while a standard stream is closed does not take its place, and using the stream still "
    "fails") {
  const auto ended = test::forked([]() -> int {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::close(stream);
    run({"--version"});
    const int opened = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    char byte = 0;
    const bool unusable = ::write(STDOUT_FILENO, "x", 1) < 0 && ::write(STDERR_FILENO, "x", 1) < 0 &&
                          ::read(STDIN_FILENO, &byte, 1) < 0;
    return opened > STDERR_FILENO && unusable ? 42 : 1;
  });
  CHECK(ended.exit_code == 42);
}

TEST_CASE("A run whose main thread hangs ends as others do, in JSON too") {
  const auto ended = [](agent::OutputFormat format) {
    return test::forked([format]() -> int {
      ::dup2(STDERR_FILENO, STDOUT_FILENO);
      CommandLine line;
      line.command = "sign";
      line.output.format = format;
      hsm::Watchdog watchdog(std::chrono::milliseconds(50),
                             [line](const tuf::Error& error) { agent::end_process(line, error); });
      const auto guard = watchdog.watch("token '\x1b[2J\xff'");
      while (true) ::pause();
    });
  };
  const std::string error = R"(error[TOKEN_FAILED]: token '\x1b[2J\xff': no answer within 0.05 s)";
  const auto text = ended(agent::OutputFormat::kText);
  CHECK(text.exit_code == 10);
  CHECK(text.errors.starts_with(error + "\nhint: "));
  const auto both = ended(agent::OutputFormat::kJson);
  CHECK(both.exit_code == 10);
  const auto end = both.errors.find(error);
  REQUIRE(end != std::string::npos);
  const auto json = nlohmann::json::parse(both.errors.substr(0, end));
  CHECK(json["command"] == "sign");
  CHECK(json["exit_code"] == 10);
  CHECK(json["error"]["code"] == "TOKEN_FAILED");
}

TEST_CASE("Help is success, and a folder without trust data is not found") {
  CHECK(run({"--help"}).exit_code == 0);
  const test::TempDir dir;
  std::filesystem::create_directory(dir / "store");
  const Ran ran = run({"list", "registry.example.com/app", "-s", "file:" + (dir / "store").string(), "-d",
                       (dir / "trust").string()});
  CHECK(ran.exit_code == 6);
  CHECK(ran.err.starts_with("error[NO_TRUST_DATA]: "));
}

TEST_CASE("A value that is empty is refused by the name of its option, wherever it stands") {
  const auto refusal = [](const Words& words) {
    const auto error = test::error_of([&] { parse(words); });
    REQUIRE(error);
    CHECK(error->code() == ErrorCode::kUsage);
    return std::string(error->what()) + "; " + error->hint();
  };
  for (const std::string option : {"--policy", "--digest-file", "--manifest", "--file", "--images-from",
                                   "--config", "--tlscacert", "--trust-root", "--server", "--timeout"}) {
    CAPTURE(option);
    const std::string command = option == "--digest-file" || option == "--manifest" ? "sign" : "verify";
    const std::string refused = option + " is empty; give it a value, or leave it out";
    CHECK(refusal({command, "r.example/a:1", option, ""}) == refused);
    CHECK(refusal({command, option + "=", "r.example/a:1"}) == refused);
  }
  CHECK_THAT(refusal({"sign", "r.example/a:1", "--key", ""}), Catch::StartsWith("--key is empty"));
  CHECK_THAT(refusal({"signer", "rotate", "x", "r.example/a", "--add", ""}),
             Catch::StartsWith("--add is empty"));
  CHECK_THAT(refusal({"delegation", "add", "r.example/a", "targets/x", "--threshold", ""}),
             Catch::StartsWith("--threshold is empty"));
  CHECK_THAT(refusal({"key", "cert", "k.pem", "--cn", "x", "--days", ""}),
             Catch::StartsWith("--days is empty"));
  CHECK_THAT(refusal({"delegation", "add", "r.example/a", "targets/x", "--path", ""}),
             Catch::Contains("--all-paths"));
  CHECK(refusal({"sign", ""}) ==
        "the operand IMAGE is empty; give it a value: a variable that is not set leaves it empty");
  CHECK_THAT(refusal({"receipt", "verify", ""}), Catch::StartsWith("the operand "));
  CHECK_THAT(refusal({"audit", "verify", ""}), Catch::StartsWith("the operand "));
  // The path that admits all tags can be taken out.
  CHECK_NOTHROW(parse({"delegation", "remove", "r.example/a", "targets/x", "--path", ""}));
  CHECK_NOTHROW(parse({"delegation", "remove", "r.example/a", "targets/x", "--path=", "--yes"}));
  CHECK(refusal({"list", "r.example/a", "-s="}) == "--server is empty; give it a value, or leave it out");
  CHECK(refusal({"list", "-d=", "r.example/a"}) == "--trust-dir is empty; give it a value, or leave it out");
  CHECK_NOTHROW(parse({"verify", "--", "--policy="}));
}

TEST_CASE("A short option has its value behind it, with or without an equals sign") {
  for (const Words& words : {Words{"-d", "there"}, Words{"-dthere"}, Words{"-d=there"}}) {
    Words all = {"list", "r.example/a", "--"};
    all.insert(all.begin(), words.begin(), words.end());
    CHECK(parse(all).settings.trust_dir == "there");
  }
}

TEST_CASE("A printed command carries what was given by option") {
  const test::TempDir dir;
  std::filesystem::create_directory(dir / "store");
  const std::string server = "file:" + (dir / "store").string();
  const std::string trust_dir = (dir / "trust").string();
  const std::string command =
      "countersign --server " + server + " repo init registry.example.com/app";  // for its owner
  const Words words = {"list", "registry.example.com/app", "-s", server, "-d", trust_dir};
  CHECK_THAT(run(words).err, Catch::EndsWith(command + "\n"));
  Words as_json = words;
  as_json.insert(as_json.end(), {"-o", "json"});
  const std::string hint = nlohmann::json::parse(run(as_json).out)["error"]["hint"];
  CHECK_THAT(hint, Catch::EndsWith(command));
}

TEST_CASE("A refusal of arguments repeats no value of an option that is not known") {
  for (const Words& words :
       {Words{"key", "list", "--pin", "86420975"}, Words{"key", "list", "--passphrase=86420975"},
        Words{"--pin", "86420975", "key", "list"}, Words{"key", "--pin", "86420975"},
        Words{"--pin", "86420975"}, Words{"key", "list", "-p86420975"}, Words{"key", "list", "86420975"}}) {
    const Ran ran = run(words);
    CHECK(ran.exit_code == 2);
    CHECK_THAT(ran.err, !Catch::Contains("86420975"));
  }
  CHECK_THAT(run({"key", "list", "--pin", "1", "--x=2", "3"}).err,
             Catch::Contains("not expected: --pin, --x, and 2 arguments"));
  CHECK_THAT(run({"key", "list", "1"}).err, Catch::Contains("not expected: the last 1 argument\n"));
}

TEST_CASE("What stands behind -- is never taken for an option, whatever the command still wants") {
  for (const Words& words :
       {Words{"list", "r.example/a", "--", "--server=x"}, Words{"list", "r.example/a", "--", "--offline"},
        Words{"list", "r", "--", "--server="}, Words{"token", "list", "--", "-q"}})
    CHECK_ERROR(parse(words), ErrorCode::kUsage, "not expected: the last 1 argument");
  CHECK_ERROR(parse({"list", "r", "--", "--server", "x"}), ErrorCode::kUsage, "not expected");
  CHECK(parse({"sign", "--", "--offline"}).command == "sign");
  CHECK(parse({"list", "--", "r.example/a"}).command == "list");
}

TEST_CASE("A format that a command does not print is refused") {
  CHECK_ERROR(parse({"list", "r", "-o", "yaml"}), ErrorCode::kUsage, "--output: list cannot print \"yaml\"");
  CHECK_ERROR(parse({"list", "r", "-o", "1"}), ErrorCode::kUsage, "cannot print \"1\"");
  CHECK_ERROR(parse({"list", "r", "-o", "junit"}), ErrorCode::kUsage, "cannot print \"junit\"");
  CHECK_ERROR(parse({"verify", "r", "-o", "prometheus"}), ErrorCode::kUsage, "cannot print \"prometheus\"");
  CHECK(parse({"expiry", "r", "-o", "junit"}).output.format == agent::OutputFormat::kJunit);
  CHECK_ERROR(parse({"list", "r", "-o", "svg"}), ErrorCode::kUsage, "cannot print \"svg\"");
  CHECK_ERROR(parse({"inspect", "r", "-o", "html"}), ErrorCode::kUsage, "cannot print \"html\"");
  CHECK(parse({"inspect", "r", "-o", "svg"}).output.format == agent::OutputFormat::kSvg);
  CHECK(parse({"inspect", "r", "-o", "mermaid"}).output.format == agent::OutputFormat::kMermaid);
  CHECK(parse({"verify", "r:1", "-o", "html"}).output.format == agent::OutputFormat::kHtml);
}

TEST_CASE("A key that is given in the place of its file's name is not repeated") {
  const std::string key = "-----BEGIN PRIVATE KEY-----\nMIGH/86420975+=\n-----END PRIVATE KEY-----";
  const test::TempDir home;
  for (const Words& words :
       {Words{"key", "csr", key, "--cn", "x"}, Words{"list", "r", "--trust-root", key},
        Words{"verify", "r.example/a:1", "--policy", key},
        Words{"list", "r", "--tlskey", key, "--tlscert", key}, Words{"key", "import", key},
        Words{"list", "r", "-c", key}, Words{"sign", "r.example/a:1", "--size", key}}) {
    Words all = words;
    all.insert(all.end(), {"-d", home.path().string(), "-o", "json"});
    const Ran ran = run(all);
    CHECK(ran.exit_code != 0);
    CHECK_THAT(ran.out + ran.err, !Catch::Contains("86420975"));
  }
}

TEST_CASE("A name from outside cannot make a line of the report, nor colour or turn it") {
  agent::Report report;
  report.text = {"r.example/a:x\nforged: signed\x1b[31m\u202e: signed", std::string(2000, 'x')};
  std::ostringstream out;
  agent::print_results(report, std::nullopt, {}, out);
  CHECK(out.str() ==
        "r.example/a:x\\nforged: signed\\x1b[31m\\u{202e}: signed\n" + std::string(2000, 'x') + "\n");
}
