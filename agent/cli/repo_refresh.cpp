// repo refresh: signs anew what expires soon, or has expired.
#include "agent/cli/commands.h"
#include "agent/cli/policy_options.h"
#include "agent/cli/repository_command.h"
#include "agent/names/image_reference.h"
#include "agent/report/repository_report.h"
#include "agent/work/published_facts.h"
#include "agent/work/renew_roles.h"
#include "agent/work/still_due.h"
#include "tuf/base/error.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

struct RepoRefreshOptions {
  std::vector<std::string> repositories;
  int within_days = 183;
  PolicyOptions policy;
};

/// Keys that may sign a role, as messages name them.
std::string shown_keys(const StillDue& one) {
  return (one.keys.size() == 1 ? "key " : "keys ") + short_forms(one.keys);
}

void describe_due(const std::vector<StillDue>& due, Report& report) {
  OrderedJson list = OrderedJson::array();
  for (const StillDue& one : due) {
    const std::string expires = tuf::format_time(one.role.expires);
    list.push_back({{"role", one.role.name}, {"expires", expires}});
    report.text.push_back("  still due: " + one.role.name + ", expires " + expires +
                          (one.keys.empty() ? "" : " (" + shown_keys(one) + ")"));
  }
  report.repositories.back().more["still_due"] = std::move(list);
}

[[noreturn]] void fail_due(const std::vector<StillDue>& due, int within_days) {
  std::vector<std::string> names;
  std::vector<std::string> keys;
  const StillDue& first = due.front();
  for (const StillDue& one : due) {
    names.push_back(one.role.name + " of " + one.gun.text());
    if (one.gun == first.gun && !one.keys.empty()) keys.push_back(shown_keys(one) + " of " + one.role.name);
  }
  const std::string refresh =
      "countersign repo refresh " + first.gun.text() + " --within-days " + std::to_string(within_days);
  throw Error(ErrorCode::kExpiryDue, "what is still due is for others to sign: " + tuf::join(names),
              first.keys.empty() ? "give the root a new key and certificate: countersign repo rotate " +
                                       first.gun.text() + " root"
                                 : "run it where one of their keys is (" + tuf::join(keys) + "): " + refresh);
}

void refresh(const RepoRefreshOptions& options, Run& run, Report& report) {
  const std::unique_ptr<const Policy> policy = find_signing_policy(options.policy, run.settings());
  const tuf::Time due_by = run.now() + tuf::Days{options.within_days};
  const std::string within = " within " + std::to_string(options.within_days) + " days";
  std::vector<StillDue> all_due;
  for_each_repository(options.repositories, run, report, [&](const tuf::Gun& gun) {
    Run::Repository open = run.open(gun, Access::kPublish);
    open.load.tolerate.expiry = true;
    hsm::KeyRing& keys = run.administrator_keys();
    const auto how = [&](const PolicyGuard* guard) { return renew_due_roles(due_by, keys, guard); };
    const PublishedChanges changes =
        change(open, {how, keys, policy.get(), options.policy},
               {"signed anew what expires" + within, "sign anew what expires" + within, true}, run, report);
    const std::vector<StillDue> due =
        still_due(*open.store, changes, !run.settings().server_for(gun).is_folder(), due_by);
    if (due.empty()) return;
    describe_due(due, report);
    tell_due(due, run.told().back());
    all_due.insert(all_due.end(), due.begin(), due.end());
  });
  if (!all_due.empty()) fail_due(all_due, options.within_days);
}

}  // namespace

void add_repo_refresh(Grammar& grammar) {
  auto options = std::make_shared<RepoRefreshOptions>();
  CLI::App* c =
      grammar.command("repo refresh", "Sign anew what expires soon, or has expired", options, refresh);
  add_operand(c, "repository", options->repositories, "REPO");
  add_days(c, "--within-days", options->within_days, "Soon is within N days (default 183)");
  add_policy_options(c, options->policy, "Sign nothing foreign anew");
  grammar.example(c, "countersign repo refresh registry.example.com/team/app --within-days 90");
}

}  // namespace agent
