// expiry: when each role stops being accepted, now or on a day to come.
#include <algorithm>
#include <chrono>

#include "agent/cli/commands.h"
#include "agent/cli/repository_command.h"
#include "agent/names/image_reference.h"
#include "agent/report/expiry_page.h"
#include "agent/report/expiry_report.h"
#include "agent/report/repository_report.h"
#include "tuf/base/error.h"
#include "tuf/base/warning.h"
#include "tuf/base/words.h"
#include "tuf/view/health.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

struct ExpiryOptions {
  std::vector<std::string> repositories;
  int warn_days = 0;
  std::optional<std::string> at;
};

/// `2027-01-31`, at the beginning of that day, or a full RFC 3339 time.
tuf::Time parse_date(const std::string& text) {
  if (const auto time = tuf::parse_time(text)) return *time;
  if (const auto day = tuf::parse_time(text + "T00:00:00Z")) return *day;
  throw Error(ErrorCode::kUsage, "\"" + text + "\" is not a date", "write it as 2027-01-31");
}

/// What mends the first repository in which a role is due.
std::string way_to_renew(const ExpiryReport& expiry, tuf::Time now) {
  const auto first = std::find_if(
      expiry.repositories.begin(), expiry.repositories.end(), [&](const RepositoryExpiry& repository) {
        return std::any_of(repository.roles.begin(), repository.roles.end(),
                           [&](const tuf::RoleExpiry& role) { return role.is_due(expiry.due_by); });
      });
  const auto days = std::max(std::chrono::ceil<tuf::Days>(expiry.due_by - now), tuf::Days{0});
  return "whoever holds the role's key runs: countersign repo refresh " + first->gun + " --within-days " +
         std::to_string(days.count());
}

/// Whether the store signs timestamps by itself: a Notary server does, a folder and its copy on a web server
/// do not. It is asked only if it matters.
bool renews_timestamp(const tuf::TrustedRepository& repository, tuf::Time due_by, Run& run) {
  if (run.settings().server_for(repository.gun()).is_folder()) return false;
  if (run.offline() || !repository.has_timestamp() || repository.timestamp().body.expires > due_by)
    return true;
  try {
    run.open(repository.gun(), Access::kRead).store->require_publishing();
  } catch (const Error& error) {
    // Whoever asks who we are, or may not tell, is a server.
    return error.code() != ErrorCode::kServerRejected;
  }
  return true;
}

void expiry(const ExpiryOptions& options, Run& run, Report& report) {
  ExpiryReport expiry;
  expiry.at = options.at ? parse_date(*options.at) : run.now();
  expiry.due_by = expiry.at + tuf::Days{options.warn_days};
  std::vector<tuf::Gun> guns;
  for (const std::string& repository : options.repositories) guns.push_back(parse_repository(repository));

  std::optional<Error> first_failure;
  for (const tuf::Gun& gun : guns) {
    RepositoryExpiry& entry = expiry.repositories.emplace_back();
    entry.gun = gun.text();
    const std::size_t at = report.repositories.size();
    try {
      const tuf::TrustedRepository trusted = look_at(gun, run, report);
      entry.roles = tuf::role_expiries(trusted, renews_timestamp(trusted, expiry.due_by, run));
      report.repositories.back().more["expiry"] = expiry_json(entry, expiry.at, expiry.due_by);
      for (tuf::Warning& warning : health_warnings(trusted)) {
        if (warning.code != "EXPIRES_SOON") report.warnings.push_back(std::move(warning));
      }
    } catch (const Error& error) {
      entry.failure = error.what();
      if (guns.size() > 1) {
        if (report.repositories.size() == at) report.repositories.emplace_back().gun = gun.text();
        report.repositories[at].more["error"] = to_json(error);
      }
      if (!first_failure) first_failure = error;
    }
  }

  switch (report.format) {
    case OutputFormat::kJunit:
      report.text = {expiry.junit()};
      break;
    case OutputFormat::kPrometheus:
      report.text = {expiry.prometheus()};
      break;
    case OutputFormat::kHtml:
      report.document = [expiry, facts = RunFacts::of(run, report.repositories)](const Report& end,
                                                                                 const auto& error) {
        return expiry_page(expiry, facts, end, error).text();
      };
      break;
    default:
      report.text = expiry.text();
  }
  // Trust data that cannot be verified is worse than trust data that is about to expire.
  if (first_failure) throw *first_failure;
  if (const std::vector<std::string> due = expiry.due(); !due.empty()) {
    throw Error(ErrorCode::kExpiryDue, "due by " + tuf::format_time(expiry.due_by) + ": " + tuf::join(due),
                way_to_renew(expiry, run.now()));
  }
}

}  // namespace

void add_expiry(Grammar& grammar) {
  auto options = std::make_shared<ExpiryOptions>();
  CLI::App* c =
      grammar.command("expiry", "When each role expires; exit code 5 if one is due", options, expiry);
  add_operand(c, "repository", options->repositories, "REPO");
  add_days(c, "--warn-days", options->warn_days, "Due is what expires within N days (default 0)");
  add_value(c, "--at", options->at, "Rehearse: as seen at that time (2027-01-31 or RFC 3339)", "DATE");
  grammar.example(c, "countersign expiry example.com/app --warn-days 30");
  grammar.example(c, "countersign expiry example.com/app --at 2027-01-31 --output junit");
  grammar.also_prints(c, OutputFormat::kJunit);
  grammar.also_prints(c, OutputFormat::kPrometheus);
  grammar.also_prints(c, OutputFormat::kHtml);
}
}  // namespace agent
