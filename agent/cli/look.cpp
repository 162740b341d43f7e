// list, verify: what a repository says of its tags.
#include <algorithm>

#include "agent/cli/commands.h"
#include "agent/cli/operands.h"
#include "agent/image/image_reference.h"
#include "agent/report/repository_report.h"
#include "agent/report/text_table.h"
#include "agent/workflow/tag_view.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

tuf::TrustedRepository load(Runtime::Repository& repository, Report& report) {
  return load_repository(*repository.store, repository.seen, repository.load, report.warnings);
}

void add_health(const tuf::TrustedRepository& repository, Report& report) {
  for (Warning& warning : health_warnings(repository)) report.warnings.push_back(std::move(warning));
}

/// Views of what the image names: a tag, or every tag with the given digest.
std::vector<TagView> candidates(const tuf::TrustedRepository& repository, const ImageReference& image) {
  if (image.tag) return view_tag(repository, *image.tag);
  std::vector<TagView> views = view_tags(repository);
  std::erase_if(views, [&](const TagView& view) { return view.digest() != image.digest->text(); });
  return views;
}

/// Why a delegation of the repository may be the reason that a tag is not found.
std::string unusable_roles(const tuf::TrustedRepository& repository) {
  std::string out;
  for (const tuf::Delegation& delegation : repository.delegations()) {
    if (delegation.state != tuf::Delegation::State::kExpired &&
        delegation.state != tuf::Delegation::State::kBelowThreshold)
      continue;
    out += (out.empty() ? "; " : ", ") + delegation.role.name.text() + " is " +
           std::string(tuf::to_string(delegation.state));
  }
  return out;
}

/// The view that answers for the image: in all of `roles`, or else released. Throws kNotSigned.
TagView verified_view(const tuf::TrustedRepository& repository, const ImageReference& image,
                      const std::string& shown, const std::vector<tuf::RoleName>& roles) {
  const std::vector<TagView> views = candidates(repository, image);
  const auto answers = [&](const TagView& view) {
    if (roles.empty()) return view.released;
    return std::all_of(roles.begin(), roles.end(),
                       [&](const tuf::RoleName& role) { return view.is_in(role); });
  };
  const auto found = std::find_if(views.begin(), views.end(), answers);
  if (found == views.end()) {
    const std::string where = roles.empty() ? "targets/releases or targets" : join(names_of(roles), " and ");
    throw Error(ErrorCode::kNotSigned, shown + " is not signed in " + where + unusable_roles(repository));
  }
  if (image.digest && found->digest() != image.digest->text()) {
    throw Error(ErrorCode::kNotSigned, shown + " is not signed: the tag is signed as " + found->digest());
  }
  return *found;
}

std::string signed_by(const TagView& view) {
  const std::vector<std::string> signers = view.signers();
  return signers.empty() ? "the repository's administrator" : join(signers);
}

void require_subject(const ImageReference& image) {
  if (image.tag || image.digest) return;
  throw Error(ErrorCode::kInvalidReference, image.gun.text() + " is given without tag or digest",
              "name what to verify: " + image.gun.text() + ":TAG");
}

}  // namespace

void run_command(const ListOptions& options, Runtime& runtime, Report& report) {
  Runtime::Repository repository = runtime.open(parse_repository(options.repository), Access::kRead);
  RepositoryReport& described = report.repositories.emplace_back();
  described.gun = repository.load.gun.text();
  described.server = repository.store->name();
  const tuf::TrustedRepository trusted = load(repository, report);
  described.trust_root = trust_root_of(trusted);
  described.roles = describe_roles(trusted);
  TextTable table({"TAG", "DIGEST", "SIZE", "ROLES", "SIGNERS"});
  for (const TagView& view : view_tags(trusted)) {
    described.targets.push_back(describe_target(view));
    table.add({view.name, view.digest(), std::to_string(view.target.length),
               join(names_of(view.roles)) + (view.released ? "" : " (not released)"), join(view.signers())});
  }
  if (described.targets.empty()) {
    report.text.push_back("no signed tags in " + described.gun);
  } else {
    report.text = table.lines();
  }
  add_health(trusted, report);
}

void run_command(const VerifyOptions& options, Runtime& runtime, Report& report) {
  const std::vector<tuf::RoleName> roles = parse_roles(options.roles);
  std::vector<ImageReference> images;
  for (const std::string& text : options.images) images.push_back(parse_image(text));
  for (const ImageReference& image : images) require_subject(image);

  std::optional<Error> first_failure;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const ImageReference& image = images[i];
    const std::string shown = image.gun.text() + (image.tag ? ":" + *image.tag : "") +
                              (image.digest ? "@" + image.digest->text() : "");
    Runtime::Repository repository = runtime.open(image.gun, Access::kRead);
    RepositoryReport& described = report.repositories.emplace_back();
    described.gun = image.gun.text();
    described.server = repository.store->name();
    TargetReport target;
    target.name = image.tag.value_or("");
    try {
      const tuf::TrustedRepository trusted = load(repository, report);
      const TagView view = verified_view(trusted, image, shown, roles);
      target = describe_target(view);
      target.verdict = "signed";
      described.trust_root = trust_root_of(trusted);
      for (const tuf::RoleName& role : view.roles) described.roles.push_back(describe_role(trusted, role));
      report.text.push_back(image.gun.text() + ":" + view.name + "@" + view.digest() + ": signed by " +
                            signed_by(view) + " (" + std::to_string(view.target.length) + " bytes, in " +
                            join(names_of(view.roles)) + ")");
      add_health(trusted, report);
    } catch (const Error& error) {
      // Every image gets its verdict; the first failure decides the exit code.
      target.verdict = error.code() == ErrorCode::kNotSigned ? "not signed" : "unknown";
      report.text.push_back(shown + ": " + *target.verdict);
      if (!first_failure) first_failure = error;
    }
    described.targets.push_back(std::move(target));
  }
  if (first_failure) throw *first_failure;
}

}  // namespace agent
