// verify: may these images run. Without a policy: is the tag signed. With one: by everybody who must.
#include <algorithm>
#include <map>

#include "agent/cli/commands.h"
#include "agent/cli/looking.h"
#include "agent/cli/operands.h"
#include "agent/config/input_file.h"
#include "agent/image/image_list.h"
#include "agent/image/image_reference.h"
#include "agent/policy/judge.h"
#include "agent/proof/bound.h"
#include "agent/report/printable.h"
#include "agent/report/repository_report.h"
#include "agent/report/verdict_report.h"
#include "agent/workflow/tag_view.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

struct VerifyOptions {
  std::vector<std::string> images;
  std::vector<std::string> roles;
  std::optional<std::string> policy;
  std::optional<std::string> images_from;
  bool explain = false;
};

const tuf::RoleName kReleases = tuf::RoleName::of("targets/releases");
constexpr std::size_t kMaxNamed = 5;  // images in one sentence

std::string shown(const ImageReference& image) {
  return image.gun.text() + (image.tag ? ":" + *image.tag : "") +
         (image.digest ? "@" + image.digest->text() : "");
}

/// Views of what the image names: a tag, or every tag with the given digest.
std::vector<TagView> candidates(const tuf::TrustedRepository& repository, const ImageReference& image) {
  if (image.tag) return view_tag(repository, *image.tag);
  std::vector<TagView> views = view_tags(repository);
  std::erase_if(views, [&](const TagView& view) { return view.digest() != image.digest->text(); });
  return views;
}

/// Why a released tag names no image that anybody could check; nullopt if it does.
std::optional<std::string> unusable(const tuf::TrustedRepository& repository, const TagView& view) {
  if (!view.target.sha256()) return "it is signed without a SHA-256, so nothing says which image it is";
  if (view.target.length < 0) return "it is signed with " + std::to_string(view.target.length) + " bytes";
  const tuf::RoleName& role = view.releasing_role();
  if (bound_of(view.target, bound_to(repository.gun(), role)) == Bound::kElsewhere)
    return "what stands in " + role.text() + " was signed for another role or repository";
  return std::nullopt;
}

/// That pullers get no such image: because of a role that cannot be read, or because it is not there.
[[noreturn]] void fail_not_released(const tuf::TrustedRepository& repository, const std::string& image) {
  const tuf::Delegation* releases = repository.find_delegation(kReleases);
  if (releases && releases->problem) throw releases->problem->with_context(image + " is not signed");
  throw Error(ErrorCode::kNotSigned, image + " is not signed in targets/releases or targets");
}

/// That a demanded role does not hold what pullers get.
void require_role(const tuf::TrustedRepository& repository, const TagView& released, const std::string& image,
                  const tuf::RoleName& role) {
  if (released.is_in(role)) return;
  const tuf::Delegation* delegation = repository.find_delegation(role);
  if (delegation && delegation->problem) throw delegation->problem->with_context(image + " is not signed");
  if (const Error none = repository.no_such_role(role);
      !delegation && none.code() != ErrorCode::kRoleNotFound)
    throw none.with_context(image + " is not signed");
  for (const TagView& view : view_tag(repository, released.name)) {
    if (!view.is_in(role)) continue;
    throw Error(ErrorCode::kNotSigned, image + " is not signed in " + role.text() + " as " +
                                           released.digest() + ", which is what pullers get, but as " +
                                           view.digest());
  }
  throw Error(ErrorCode::kNotSigned, image + " is not signed in " + role.text());
}

/// What pullers get for the image; each of `roles` must hold that. Throws kNotSigned, and why a role that
/// decides is not read.
TagView verified_view(const tuf::TrustedRepository& repository, const ImageReference& image,
                      const std::vector<tuf::RoleName>& roles) {
  std::vector<TagView> views = candidates(repository, image);
  std::erase_if(views, [](const TagView& view) { return !view.released; });
  if (views.empty()) fail_not_released(repository, shown(image));
  const auto answers = [&](const TagView& view) {
    return !unusable(repository, view) &&
           std::all_of(roles.begin(), roles.end(), [&](const auto& role) { return view.is_in(role); });
  };
  const auto found = std::find_if(views.begin(), views.end(), answers);
  const TagView& view = found == views.end() ? views.front() : *found;
  if (const auto why = unusable(repository, view))
    throw Error(ErrorCode::kNotSigned, shown(image) + " is not signed: " + *why);
  if (image.digest && view.digest() != image.digest->text()) {
    throw Error(ErrorCode::kNotSigned,
                shown(image) + " is not signed: the tag is signed as " + view.digest());
  }
  for (const tuf::RoleName& role : roles) require_role(repository, view, shown(image), role);
  return view;
}

/// Who has signed it: the identities that hold it; if none does, the keys that signed the file it stands in.
std::vector<std::string> signers_of(const tuf::TrustedRepository& repository, const TagView& view) {
  std::vector<std::string> signers = view.signers();
  const tuf::Delegation* delegation = repository.find_delegation(view.releasing_role());
  if (!signers.empty() || !delegation) return signers;
  for (const tuf::PublicKey& key : delegation->authority.keys()) {
    if (tuf::is_signed_by(key, delegation->metadata->signed_text, delegation->metadata->signatures))
      signers.push_back(key.canonical_id().hex());
  }
  return signers;
}

/// The same in words.
std::string signed_by(const tuf::TrustedRepository& repository, const TagView& view) {
  if (!view.signers().empty()) return join(view.signers());
  if (view.releasing_role() != kReleases) return "the repository's administrator";
  std::string keys;
  for (const std::string& id : signers_of(repository, view))
    keys += (keys.empty() ? "key " : " and key ") + tuf::KeyId::parse(id)->short_form();
  return keys + " of targets/releases";
}

/// Verifies images one by one; each repository is loaded once.
class Verification {
 public:
  Verification(std::vector<tuf::RoleName> roles, std::optional<Policy> policy, Runtime& runtime,
               Report& report)
      : roles_(std::move(roles)), policy_(std::move(policy)), runtime_(runtime), report_(report) {}

  void verify(const ImageReference& image) {
    if (policy_) {
      judge(image);
    } else {
      look_up(image);
    }
  }

  const VerdictReport& verdicts() const { return verdicts_; }

  /// Every image gets its verdict; the first failure decides the exit code. What could not be found out is
  /// worse than a refusal.
  void finish() const {
    if (first_failure_) throw Error(*first_failure_);
    std::vector<std::string> refused;
    for (const Verdict& verdict : verdicts_.verdicts) {
      if (!verdict.decision.allowed) refused.push_back(verdict.decision.image);
    }
    if (refused.empty()) return;
    const std::size_t all = refused.size();
    if (all > kMaxNamed) refused.resize(kMaxNamed);
    throw Error(ErrorCode::kPolicy,
                "the policy refuses " + std::to_string(all) + " of " +
                    std::to_string(verdicts_.verdicts.size()) + " images: " + join(refused) +
                    (all > kMaxNamed ? ", …" : ""),
                "what is missing, and who could give it, is told by: countersign verify --explain");
  }

 private:
  struct Looked {
    std::size_t entry = 0;  // in the report
    std::optional<tuf::TrustedRepository> trusted;
    std::optional<Error> failure;
    std::optional<SignedState> state;  // with a policy
    std::optional<Judge> judge;
  };

  /// Docker's rule, and the roles that the user demands.
  void look_up(const ImageReference& image) {
    Looked& looked = look(image.gun);
    TargetReport target;
    target.name = image.tag.value_or("");
    Verdict verdict;
    verdict.decision.image = shown(image);
    try {
      if (looked.failure) throw Error(*looked.failure);
      const TagView view = verified_view(*looked.trusted, image, roles_);
      target = describe_target(view);
      target.signers = signers_of(*looked.trusted, view);
      target.verdict = "signed";
      describe_roles_of(view.roles, looked);
      verdict.decision.allowed = true;
      verdict.decision.deploy = image.gun.text() + "@" + view.digest();
      report_.text.push_back(image.gun.text() + ":" + view.name + "@" + view.digest() + ": signed by " +
                             signed_by(*looked.trusted, view) + " (" + std::to_string(view.target.length) +
                             " bytes, in " + join(names_of(view.roles)) + ")");
    } catch (const Error& error) {
      const bool is_known = error.code() == ErrorCode::kNotSigned;
      target.verdict = is_known ? "not signed" : "unknown";
      report_.text.push_back(shown(image) + ": " + *target.verdict);
      if (is_known) {
        verdict.decision.reasons.push_back(reason_of(error));
      } else {
        verdict.failure = error;
      }
      if (!first_failure_) first_failure_ = error;
    }
    report_.repositories[looked.entry].targets.push_back(std::move(target));
    verdicts_.verdicts.push_back(std::move(verdict));
  }

  void judge(const ImageReference& image) {
    const Question question{image.tag, image.digest ? std::optional(image.digest->text()) : std::nullopt,
                            roles_};
    const RepositoryRules& rules = rules_.try_emplace(image.gun.text(), *policy_, image.gun).first->second;
    const bool has_rule = image.tag ? rules.find(*image.tag) != nullptr : !rules.empty();
    // What the policy does not speak of is not even asked for.
    Looked& looked = has_rule ? look(image.gun) : mention(image.gun);
    Verdict verdict;
    if (!has_rule) {
      verdict.decision = refuse_without_rule(image.gun, question);
    } else if (looked.failure && looked.failure->code() == ErrorCode::kNoTrustData) {
      verdict.decision.image = shown(image);
      verdict.decision.reasons.push_back(reason_of(*looked.failure));
    } else if (looked.failure) {
      verdict.decision.image = shown(image);
      verdict.failure = looked.failure;
      if (!first_failure_) first_failure_ = looked.failure;
    } else {
      verdict.decision = looked.judge->decide(question);
    }
    report_.repositories[looked.entry].targets.push_back(describe(verdict, looked));
    verdicts_.verdicts.push_back(std::move(verdict));
  }

  static Decision::Reason reason_of(const Error& error) {
    return {std::string(error_row(error.code()).name), error.what(), std::string(hint_of(error))};
  }

  TargetReport describe(const Verdict& verdict, const Looked& looked) {
    TargetReport target;
    target.name = verdict.decision.tag;
    target.digest = verdict.decision.digest;
    target.length = verdict.decision.length;
    target.verdict = verdict.word();
    target.more = decision_json(verdict.decision);
    if (!looked.state) return target;
    std::vector<tuf::RoleName> roles;
    for (const SignedState::Entry& entry : looked.state->entries(target.name)) {
      if (entry.digest() == target.digest) roles.push_back(entry.role->name);
    }
    target.roles = names_of(roles);
    describe_roles_of(roles, looked);
    return target;
  }

  /// An entry in the report for a repository that is not loaded.
  Looked& mention(const tuf::Gun& gun) {
    const auto [place, is_new] = mentioned_.try_emplace(gun.text());
    if (is_new) {
      place->second.entry = report_.repositories.size();
      report_.repositories.emplace_back().gun = gun.text();
    }
    return place->second;
  }

  Looked& look(const tuf::Gun& gun) {
    const auto [place, is_new] = looked_.try_emplace(gun.text());
    Looked& looked = place->second;
    if (!is_new) return looked;
    looked.entry = report_.repositories.size();
    try {
      looked.trusted = look_at(gun, runtime_, report_);
      for (Warning& warning : health_warnings(*looked.trusted))
        report_.warnings.push_back(std::move(warning));
    } catch (const Error& error) {
      // What went wrong before there was an entry (no server named) has nowhere to be reported.
      if (report_.repositories.size() == looked.entry) throw;
      looked.failure = error;
      return looked;
    }
    if (policy_) looked.judge.emplace(*policy_, looked.state.emplace(*looked.trusted));
    return looked;
  }

  void describe_roles_of(const std::vector<tuf::RoleName>& names, const Looked& looked) {
    std::vector<RoleReport>& roles = report_.repositories[looked.entry].roles;
    for (const tuf::RoleName& role : names) {
      const auto is_there = [&](const RoleReport& known) { return known.name == role.text(); };
      if (std::none_of(roles.begin(), roles.end(), is_there))
        roles.push_back(describe_role(*looked.trusted, role));
    }
  }

  std::vector<tuf::RoleName> roles_;
  std::optional<Policy> policy_;
  Runtime& runtime_;
  Report& report_;
  std::map<std::string, RepositoryRules> rules_;
  std::map<std::string, Looked> looked_;
  std::map<std::string, Looked> mentioned_;
  VerdictReport verdicts_;
  std::optional<Error> first_failure_;
};

void require_subject(const ImageReference& image) {
  if (image.tag || image.digest) return;
  throw Error(ErrorCode::kInvalidReference, image.gun.text() + " is given without tag or digest",
              "name what to verify: " + image.gun.text() + ":TAG");
}

std::vector<ImageReference> subjects(const VerifyOptions& options, std::vector<Warning>& warnings) {
  std::vector<ImageReference> images;
  for (const std::string& text : options.images) {
    images.push_back(parse_image(text));
    require_subject(images.back());
  }
  if (options.images_from) {
    const std::string name = printable(*options.images_from);
    const std::string text = InputFile(*options.images_from, "the list of images", Links::kWithinFolder)
                                 .read_text(kMaxImageListLength);
    const ImageList list = images_in(text, name);
    for (const ListedImage& each : list.unjudged)
      warnings.push_back({"NOT_JUDGED", name + " line " + std::to_string(each.line) + ": " + each.text});
    for (const ListedImage& listed : list.images) {
      try {
        ImageReference image = parse_image(listed.text);
        if (!image.tag && !image.digest) image.tag = "latest";  // as whoever runs the file takes it
        images.push_back(std::move(image));
      } catch (const Error& error) {
        throw error.with_context(name + " line " + std::to_string(listed.line));
      }
    }
  }
  if (images.empty())
    throw Error(ErrorCode::kUsage, "no image is given", "name images, or a file with --images-from FILE");
  return images;
}

void verify(const VerifyOptions& options, Runtime& runtime, Report& report) {
  if (options.explain && !options.policy) {
    throw Error(ErrorCode::kUsage, "--explain explains what a policy says, and none is given",
                "add --policy FILE");
  }
  std::optional<Policy> policy;
  if (options.policy) policy = read_policy(*options.policy);
  const std::vector<ImageReference> images = subjects(options, report.warnings);
  if (options.images_from) runtime.distrust_names();
  Verification verification(parse_roles(options.roles), std::move(policy), runtime, report);
  for (const ImageReference& image : images) verification.verify(image);
  switch (runtime.line().output.format) {
    case OutputFormat::kJunit:
      report.text = {verification.verdicts().junit()};
      break;
    case OutputFormat::kMarkdown:
      report.text = {verification.verdicts().markdown()};
      break;
    default:
      if (options.policy) report.text = verification.verdicts().text(options.explain);
  }
  verification.finish();
}

}  // namespace

void add_verify(Grammar& grammar) {
  auto options = std::make_shared<VerifyOptions>();
  CLI::App* c =
      grammar.command("verify", "May these images run: are they signed, and by whom", options, verify);
  add_optional_operand(c, "image", options->images, "IMAGE", "[registry/]repository[:tag][@sha256:…]");
  add_values(c, "--role", options->roles, "Demand that this role holds the tag (repeatable)", "ROLE");
  add_value(c, "--policy", options->policy, "Demand what this policy demands", "FILE");
  add_value(c, "--images-from", options->images_from,
            "Images of a Kubernetes manifest, a compose file or a list", "FILE");
  add_flag(c, "--explain", options->explain, "Say which signature is missing, and who could give it");
  grammar.also_prints(c, OutputFormat::kJunit);
  grammar.also_prints(c, OutputFormat::kMarkdown);
}

}  // namespace agent
