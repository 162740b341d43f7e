#include "agent/cli/program.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <optional>
#include <system_error>

#include "agent/cli/backstop.h"
#include "agent/cli/command_line.h"
#include "agent/cli/logging.h"
#include "agent/cli/program_output.h"
#include "agent/cli/progress_line.h"
#include "agent/config/ci_context.h"
#include "agent/work/run.h"
#include "tuf/base/error.h"
#include "tuf/base/warning.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

// What waits ends in good order before that, and a token that hangs is granted two seconds to close.
constexpr std::chrono::seconds kGrace{3};

/// No core file and no debugger of another process gets to see a key or a passphrase.
void protect_memory() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

/// What is opened later must not get the number of a standard stream that the caller has closed: messages
/// would be written into it. Opened the wrong way round, so that using it still fails.
void keep_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) < 0) open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

/// A limit on the size of files, or a reader that is gone, is an error of the write that meets it.
void ignore_signals_of_writing() {
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
}

/// Results only reach a script if all of them were written; a closed or full stdout must not look like
/// success.
void flush_results(std::ostream& out) {
  if (!out.flush())
    throw Error(ErrorCode::kLocal, "standard output cannot be written",
                "redirect it to a reader that stays, or to a disk with room: df -h");
}

Error no_memory() {
  return {ErrorCode::kLocal, "there is not enough memory", "allow this command 256 MiB: ulimit -v unlimited"};
}

template <class Function>
std::optional<Error> capture(Function function) {
  try {
    function();
    return std::nullopt;
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return no_memory();
  } catch (const std::system_error& error) {
    // Of a thread that cannot be started: there is no room for its stack.
    if (error.code() == std::errc::resource_unavailable_try_again) return no_memory();
    return Error(ErrorCode::kInternal, error.what());
  } catch (const std::exception& error) {
    return Error(ErrorCode::kInternal, error.what());
  }
}

tuf::Time read_clock() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

std::unique_ptr<Host> make_host(const CommandLine& line, const Environment& environment, Report& report) {
  try {
    hsm::SecretSource secrets = hsm::SecretSource::take_environment();
    return std::make_unique<Host>(std::move(secrets), Settings::load(line.settings, environment), read_clock,
                                  make_log(line.output));
  } catch (const Error& error) {
    if (line.report_bad_settings) line.report_bad_settings(error, report);
    throw;
  }
}

/// Ends the process, with the error that says what is known, if the command is still at work some time after
/// its budget is used up; as long as what is returned lives.
std::unique_ptr<Backstop> make_backstop(const CommandLine& line, const Run& run) {
  return std::make_unique<Backstop>(run.shared_budget(), kGrace, [&] {
    const Error error =
        run.has_sent()
            ? Error(ErrorCode::kOutcomeUnknown, "sent, but not read back " + run.budget().in_words(),
                    "before repeating it, see what the server has: name the same to countersign inspect")
            : run.budget().used_up("the command did not come to its end");
    end_process(line, error);
  });
}

/// Tells the audit log of the run, and the report where that stands. Throws what Run::log_end throws.
void log_end(Run& run, const std::optional<Error>& error, Report& report) {
  AuditRecord record{.command = report.command};
  if (error) {
    const ErrorRow row = error_row(error->code());
    record.exit_code = static_cast<int>(row.exit_code);
    record.failure = {std::string(row.name), error->what()};
  }
  if (const auto line = run.log_end(std::move(record))) {
    report.more["audit"] = {
        {"sequence", line->place.sequence}, {"sha256", line->place.sha256}, {"signed", line->is_signed}};
  }
}

/// Carries the command out. Throws what went wrong.
void carry_out(const CommandLine& line, const Environment& environment, OutputOptions& output,
               Report& report) {
  const std::unique_ptr<Host> host = make_host(line, environment, report);
  if (host->settings().policy()) output.carried.set_standing_policy();
  if (const auto& server = host->settings().server()) output.carried.set_standing_server(server->text());
  report.carried = output.carried;
  ProgressLine progress(output, environment);
  Run run(*host, {.ci = CiContext::of_process(),
                  .dry_run = line.dry_run,
                  .reset_cache = line.reset_cache,
                  .offline = line.offline,
                  .parallel = line.parallel,
                  .on_deadline = [&](const Error& error) { end_process(line, error); },
                  .on_progress = [&](const Progress& step) { progress.show(step); }});
  std::optional<Error> failure = capture([&] {
    const auto backstop = make_backstop(line, run);
    line.run(run, report);
  });
  if (const auto unlogged = capture([&] { log_end(run, failure, report); })) {
    if (failure) report.warnings.push_back({"NOT_LOGGED", unlogged->what()});
    if (!failure) failure = unlogged->with_context("done, but not logged");
  }
  for (tuf::Warning& warning : run.take_warnings()) report.warnings.push_back(std::move(warning));
  if (failure && !report.repositories.empty())
    failure = failure->with_value("REPO", report.repositories.back().gun);
  if (failure) throw Error(*failure);
}

/// The same warning once, however many attempts or images gave rise to it.
void drop_repeated(std::vector<tuf::Warning>& warnings) {
  std::vector<tuf::Warning> once;
  for (tuf::Warning& warning : warnings) {
    const auto same = [&](const tuf::Warning& other) {
      return other.code == warning.code && other.message == warning.message;
    };
    if (std::none_of(once.begin(), once.end(), same)) once.push_back(std::move(warning));
  }
  warnings = std::move(once);
}

}  // namespace

int run_program(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  keep_standard_streams();
  ignore_signals_of_writing();
  protect_memory();
  CommandLine::Understood understood;
  Report report;
  std::optional<CommandLine> line;
  std::optional<Error> error = capture([&] {
    line = CommandLine::parse(argc, argv, out, understood);
    if (!line) return flush_results(out);  // help or version
    const Environment environment = Environment::of_process();
    if (environment.docker_dir) line->output.carried.set_docker_dir(*environment.docker_dir);
    understood = {line->command, line->output};
    report.command = line->command;
    report.format = line->output.format;
    if (line->speak) return line->speak(report);
    carry_out(*line, environment, understood.output, report);
  });
  if (!line && !error) return static_cast<int>(ExitCode::kOk);

  const OutputOptions& output = understood.output;
  report.command = understood.command;
  drop_repeated(report.warnings);
  carry_options(output, report, error);
  print_warnings(report.warnings, output, err);
  print_results(report, error, output, out);
  if (!error) print_notes(report.notes, output, err);
  if (const auto unwritten = capture([&] { flush_results(out); }); unwritten && !error) error = unwritten;
  if (!error) return static_cast<int>(ExitCode::kOk);
  print_error(*error, output, err);
  return static_cast<int>(error_row(error->code()).exit_code);
}

}  // namespace agent
