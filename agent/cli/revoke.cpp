// revoke: takes tags out of the roles that this identity signs.
#include <map>
#include <set>

#include "agent/cli/commands.h"
#include "agent/cli/policy_options.h"
#include "agent/cli/repository_command.h"
#include "agent/cli/role_operand.h"
#include "agent/image/target_file.h"
#include "agent/names/image_reference.h"
#include "agent/report/repository_report.h"
#include "agent/work/published_facts.h"
#include "agent/work/revoke_tags.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/words.h"
#include "tuf/view/tag_view.h"

namespace agent {
namespace {

struct RevokeOptions {
  std::vector<std::string> images;
  std::vector<std::string> roles;
  PolicyOptions policy;
};

/// What is revoked need not be a tag that could be signed: a file, or whatever another client has put there.
/// A repository alone is everything in it: then the name is empty.
TargetName tag_or_name(const std::string& text) {
  std::optional<ImageReference> image;
  try {
    image = parse_image(text);
  } catch (const tuf::Error& not_an_image) {
    try {
      return parse_target_name(text);
    } catch (const tuf::Error&) {
      throw not_an_image;
    }
  }
  if (image->digest) {
    throw tuf::Error(tuf::ErrorCode::kInvalidReference, text + " does not name a tag alone",
                     "name what to revoke: " + image->gun.text() + ":" + image->tag.value_or("TAG"));
  }
  return {image->gun, image->tag.value_or("")};
}

/// By repository, each of which is one transaction: what to revoke; nothing means all.
std::map<tuf::Gun, std::vector<std::string>> tags_to_revoke(const std::vector<std::string>& images) {
  std::map<tuf::Gun, std::vector<std::string>> tags;
  std::set<tuf::Gun> whole;
  for (const std::string& text : images) {
    TargetName target = tag_or_name(text);
    if (target.name.empty()) whole.insert(target.gun);
    tags[target.gun].push_back(std::move(target.name));
  }
  for (const tuf::Gun& gun : whole) tags[gun].clear();
  return tags;
}

/// What is left is said: whoever revokes wants to know who still says otherwise.
void describe_rest(const std::vector<tuf::TagView>& views, Report& report) {
  for (const tuf::TagView& view : views) {
    report.repositories.back().targets.push_back(describe_target(view));
    report.text.push_back("  " + tuf::printable(view.name, 128) + " still stands in " +
                          tuf::join(tuf::names_of(view.roles)) + " as " + view.digest() +
                          (view.released ? ", which is what pullers get" : ""));
  }
}

void revoke(const RevokeOptions& options, Run& run, Report& report) {
  const std::vector<tuf::RoleName> roles = parse_roles(options.roles);
  const std::unique_ptr<const Policy> policy = find_signing_policy(options.policy, run.settings());
  const Consent consent{options.policy.hide_tags, run.dry_run()};
  for (const auto& [gun, names] : tags_to_revoke(options.images)) {
    Run::Repository open = run.open(gun, Access::kPublish);
    const auto how = [&, &tags = names](const PolicyGuard* guard) {
      return revoke_tags({tags, roles, guard, consent}, run.keys());
    };
    const std::string what = names.empty() ? "everything" : tuf::join(names);
    change(open, {how, run.keys(), policy.get(), options.policy, {{roles.begin(), roles.end()}}},
           {"revoked " + what, "revoke " + what}, run, report);
    if (run.dry_run()) continue;
    const tuf::TrustedRepository now = load_repository(open, report.warnings);
    std::vector<tuf::TagView> rest;
    if (names.empty()) rest = tuf::view_tags(now);
    for (const std::string& name : names) {
      for (tuf::TagView& view : tuf::view_tag(now, name)) rest.push_back(std::move(view));
    }
    describe_rest(rest, report);
    tell_rest(rest, run.told().back());
  }
}

}  // namespace

void add_revoke(Grammar& grammar) {
  auto options = std::make_shared<RevokeOptions>();
  CLI::App* c =
      grammar.command("revoke", "Take tags out of the roles that this identity signs", options, revoke);
  add_operand(c, "image", options->images, "IMAGE", "[registry/]repository:tag; without a tag: all of them");
  grammar.add_signing_keys(c);
  add_values(c, "--role", options->roles, "Out of exactly this role", "ROLE");
  place(add_flag(c, "--yes", options->policy.hide_tags, "Even if pullers no longer see some tags"), kGuards);
  add_policy_options(c, options->policy, "Sign nothing foreign anew, and keep immutable tags");
  grammar.example(c, "countersign revoke registry.example.com/team/app:1.2 --yes");
}
}  // namespace agent
