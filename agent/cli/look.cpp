// list, verify: what a repository says of its tags.
#include <algorithm>
#include <map>

#include "agent/cli/commands.h"
#include "agent/cli/looking.h"
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

struct ListOptions {
  std::string repository;
};

struct VerifyOptions {
  std::vector<std::string> images;
  std::vector<std::string> roles;
};

const tuf::RoleName kReleases = tuf::RoleName::of("targets/releases");

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

/// Nothing was found in the roles that decide: because of one that cannot be read, or because it is not
/// there.
[[noreturn]] void fail_not_found(const tuf::TrustedRepository& repository, const std::string& shown,
                                 const std::vector<tuf::RoleName>& roles) {
  for (const tuf::RoleName& role : roles.empty() ? std::vector{kReleases} : roles) {
    const tuf::Delegation* delegation = repository.find_delegation(role);
    if (delegation && delegation->problem) throw delegation->problem->with_context(shown + " is not signed");
  }
  const std::string where = roles.empty() ? "targets/releases or targets" : join(names_of(roles), " and ");
  throw Error(ErrorCode::kNotSigned, shown + " is not signed in " + where);
}

/// The view that answers for the image: in all of `roles`, or else released. Throws kNotSigned, and why a
/// role that decides is not read.
TagView verified_view(const tuf::TrustedRepository& repository, const ImageReference& image,
                      const std::string& shown, const std::vector<tuf::RoleName>& roles) {
  const std::vector<TagView> views = candidates(repository, image);
  const auto answers = [&](const TagView& view) {
    if (roles.empty()) return view.released;
    return std::all_of(roles.begin(), roles.end(),
                       [&](const tuf::RoleName& role) { return view.is_in(role); });
  };
  const auto found = std::find_if(views.begin(), views.end(), answers);
  if (found == views.end()) fail_not_found(repository, shown, roles);
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

/// Verifies images one by one; each repository is loaded once.
class Verification {
 public:
  Verification(std::vector<tuf::RoleName> roles, Runtime& runtime, Report& report)
      : roles_(std::move(roles)), runtime_(runtime), report_(report) {}

  void verify(const ImageReference& image) {
    const std::string shown = image.gun.text() + (image.tag ? ":" + *image.tag : "") +
                              (image.digest ? "@" + image.digest->text() : "");
    Looked& looked = look(image.gun);
    TargetReport target;
    target.name = image.tag.value_or("");
    try {
      if (looked.failure) throw Error(*looked.failure);
      const TagView view = verified_view(*looked.trusted, image, shown, roles_);
      target = describe_target(view);
      target.verdict = "signed";
      describe_roles_of(view, looked);
      report_.text.push_back(image.gun.text() + ":" + view.name + "@" + view.digest() + ": signed by " +
                             signed_by(view) + " (" + std::to_string(view.target.length) + " bytes, in " +
                             join(names_of(view.roles)) + ")");
    } catch (const Error& error) {
      target.verdict = error.code() == ErrorCode::kNotSigned ? "not signed" : "unknown";
      report_.text.push_back(shown + ": " + *target.verdict);
      if (!first_failure_) first_failure_ = error;
    }
    report_.repositories[looked.entry].targets.push_back(std::move(target));
  }

  /// Every image gets its verdict; the first failure decides the exit code.
  void finish() const {
    if (first_failure_) throw Error(*first_failure_);
  }

 private:
  struct Looked {
    std::size_t entry;  // in the report
    std::optional<tuf::TrustedRepository> trusted;
    std::optional<Error> failure;
  };

  Looked& look(const tuf::Gun& gun) {
    const auto [place, is_new] = looked_.try_emplace(gun.text());
    Looked& looked = place->second;
    if (!is_new) return looked;
    looked.entry = report_.repositories.size();
    try {
      looked.trusted = look_at(gun, runtime_, report_);
      add_health(*looked.trusted, report_);
    } catch (const Error& error) {
      // What went wrong before there was an entry (no server named) has nowhere to be reported.
      if (report_.repositories.size() == looked.entry) throw;
      looked.failure = error;
    }
    return looked;
  }

  void describe_roles_of(const TagView& view, const Looked& looked) {
    std::vector<RoleReport>& roles = report_.repositories[looked.entry].roles;
    for (const tuf::RoleName& role : view.roles) {
      const auto is_there = [&](const RoleReport& known) { return known.name == role.text(); };
      if (std::none_of(roles.begin(), roles.end(), is_there))
        roles.push_back(describe_role(*looked.trusted, role));
    }
  }

  std::vector<tuf::RoleName> roles_;
  Runtime& runtime_;
  Report& report_;
  std::map<std::string, Looked> looked_;
  std::optional<Error> first_failure_;
};

void list(const ListOptions& options, Runtime& runtime, Report& report) {
  const tuf::TrustedRepository trusted = look_at(parse_repository(options.repository), runtime, report);
  RepositoryReport& described = report.repositories.back();
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

void verify(const VerifyOptions& options, Runtime& runtime, Report& report) {
  std::vector<ImageReference> images;
  for (const std::string& text : options.images) images.push_back(parse_image(text));
  for (const ImageReference& image : images) require_subject(image);
  Verification verification(parse_roles(options.roles), runtime, report);
  for (const ImageReference& image : images) verification.verify(image);
  verification.finish();
}

}  // namespace

void add_list(Grammar& grammar) {
  auto options = std::make_shared<ListOptions>();
  CLI::App* c = grammar.command("list", "Signed tags of a repository", options, list);
  add_operand(c, "repository", options->repository, "REPO");
}

void add_verify(Grammar& grammar) {
  auto options = std::make_shared<VerifyOptions>();
  CLI::App* c = grammar.command("verify", "Is this tag signed, and by whom", options, verify);
  add_operand(c, "image", options->images, "IMAGE", "[registry/]repository[:tag][@sha256:…]");
  add_values(c, "--role", options->roles, "Demand that this role holds the tag (repeatable)", "ROLE");
}
}  // namespace agent
