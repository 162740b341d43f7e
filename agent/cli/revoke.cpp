// revoke: takes tags out of the roles that this identity signs.
#include <map>

#include "agent/cli/changing.h"
#include "agent/cli/commands.h"
#include "agent/cli/guarding.h"
#include "agent/cli/operands.h"
#include "agent/image/image_reference.h"
#include "agent/image/target_file.h"
#include "agent/report/repository_report.h"
#include "agent/workflow/revoke_tags.h"
#include "agent/workflow/tag_view.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

struct RevokeOptions {
  std::vector<std::string> images;
  std::vector<std::string> roles;
  PolicyOptions policy;
};

/// What is revoked need not be a tag that could be signed: a file, or whatever another client has put there.
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
  if (!image->tag || image->digest) {
    throw tuf::Error(tuf::ErrorCode::kInvalidReference, text + " does not name a tag alone",
                     "name what to revoke: " + image->gun.text() + ":TAG");
  }
  return {image->gun, *image->tag};
}

void revoke(const RevokeOptions& options, Runtime& runtime, Report& report) {
  const std::vector<tuf::RoleName> roles = parse_roles(options.roles);
  const std::optional<Policy> policy = read_policy(options.policy);
  std::map<tuf::Gun, std::vector<std::string>> tags;  // one transaction for each repository
  for (const std::string& text : options.images) {
    TargetName target = tag_or_name(text);
    tags[target.gun].push_back(std::move(target.name));
  }
  for (const auto& [gun, names] : tags) {
    Runtime::Repository open = runtime.open(gun, Access::kPublish);
    const auto how = [&, &tags = names](const PolicyGuard* guard) {
      return revoke_tags({tags, roles, guard}, runtime.keys());
    };
    guarded_change(policy, options.policy, runtime.keys(), open, how,
                   {"revoked " + join(names), "revoke " + join(names)}, runtime, report,
                   {{roles.begin(), roles.end()}});
    if (runtime.dry_run()) continue;
    // What is left is said: whoever revokes wants to know who still says otherwise.
    const tuf::TrustedRepository now = load_repository(*open.store, open.seen, open.load, report.warnings);
    for (const std::string& name : names) {
      for (const TagView& view : view_tag(now, name)) {
        report.repositories.back().targets.push_back(describe_target(view));
        report.text.push_back("  " + name + " still stands in " + join(names_of(view.roles)) + " as " +
                              view.digest() + (view.released ? ", which is what pullers get" : ""));
      }
    }
  }
}

}  // namespace

void add_revoke(Grammar& grammar) {
  auto options = std::make_shared<RevokeOptions>();
  CLI::App* c =
      grammar.command("revoke", "Take tags out of the roles that this identity signs", options, revoke);
  add_operand(c, "image", options->images, "IMAGE", "[registry/]repository:tag");
  grammar.add_signing_keys(c);
  add_values(c, "--role", options->roles, "Out of exactly this role (repeatable)", "ROLE");
  add_policy_options(c, options->policy, "Sign nothing foreign anew, and keep immutable tags");
}
}  // namespace agent
