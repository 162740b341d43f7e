// verify: may these images run. Without a policy: is the tag signed. With one: by everybody who must.
#include <algorithm>
#include <map>
#include <set>

#include "agent/cli/commands.h"
#include "agent/cli/looking.h"
#include "agent/cli/operands.h"
#include "agent/image/listed/image_list.h"
#include "agent/image/target_file.h"
#include "agent/names/image_reference.h"
#include "agent/policy/judge.h"
#include "agent/report/repository_report.h"
#include "agent/report/verdict_report.h"
#include "hsm/os/piped_text.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"
#include "tuf/base/warning.h"
#include "tuf/base/words.h"
#include "tuf/view/bound.h"
#include "tuf/view/stored_target.h"
#include "tuf/view/tag_view.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

struct VerifyOptions {
  std::vector<std::string> images;
  std::vector<std::string> roles;
  std::optional<std::string> policy;
  std::optional<std::string> file;
  std::vector<std::string> images_from;
  bool explain = false;
};

/// What is to be verified: an image, or a name with the file that must be what is signed.
struct Subject {
  ImageReference image;
  struct File {
    std::string path;
    tuf::Target content;
  };
  std::optional<File> file = std::nullopt;
};

const tuf::RoleName kReleases = tuf::RoleName::of("targets/releases");
constexpr std::size_t kMaxNamed = 5;  // images in one sentence

std::string shown(const ImageReference& image) {
  return image.gun.text() + (image.tag ? ":" + *image.tag : "") +
         (image.digest ? "@" + image.digest->text() : "");
}

/// "sha256:… (1573 bytes)"
std::string content_of(const tuf::Target& target) {
  return "sha256:" + tuf::to_hex(*target.sha256()) + " (" + std::to_string(target.length) + " bytes)";
}

/// Views of what the image names: a tag, or every tag with the given digest.
std::vector<tuf::TagView> candidates(const tuf::TrustedRepository& repository, const ImageReference& image) {
  if (image.tag) return tuf::view_tag(repository, *image.tag);
  std::vector<tuf::TagView> views = tuf::view_tags(repository);
  std::erase_if(views, [&](const tuf::TagView& view) { return view.digest() != image.digest->text(); });
  return views;
}

/// Why a released tag names no image that anybody could check; nullopt if it does.
std::optional<std::string> unusable(const tuf::TrustedRepository& repository, const tuf::TagView& view) {
  if (!view.target.sha256()) return "it is signed without a SHA-256, so nothing says which image it is";
  if (view.target.length < 0) return "it is signed with " + std::to_string(view.target.length) + " bytes";
  const tuf::RoleName& role = view.releasing_role();
  if (tuf::bound_of(view.target, tuf::bound_to(repository.gun(), role)) == tuf::Bound::kElsewhere)
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
void require_role(const tuf::TrustedRepository& repository, const tuf::TagView& released,
                  const std::string& image, const tuf::RoleName& role) {
  if (released.is_in(role)) return;
  const tuf::Delegation* delegation = repository.find_delegation(role);
  if (delegation && delegation->problem) throw delegation->problem->with_context(image + " is not signed");
  if (const Error none = repository.no_such_role(role);
      !delegation && none.code() != ErrorCode::kRoleNotFound)
    throw none.with_context(image + " is not signed");
  for (const tuf::TagView& view : tuf::view_tag(repository, released.name)) {
    if (!view.is_in(role)) continue;
    throw Error(ErrorCode::kNotSigned, image + " is not signed in " + role.text() + " as " +
                                           released.digest() + ", which is what pullers get, but as " +
                                           view.digest());
  }
  throw Error(ErrorCode::kNotSigned, image + " is not signed in " + role.text());
}

/// What pullers get for the image; each of `roles` must hold that. Throws kNotSigned, and why a role that
/// decides is not read.
tuf::TagView verified_view(const tuf::TrustedRepository& repository, const ImageReference& image,
                           const std::vector<tuf::RoleName>& roles) {
  std::vector<tuf::TagView> views = candidates(repository, image);
  std::erase_if(views, [](const tuf::TagView& view) { return !view.released; });
  if (views.empty()) fail_not_released(repository, shown(image));
  const auto answers = [&](const tuf::TagView& view) {
    return !unusable(repository, view) &&
           std::all_of(roles.begin(), roles.end(), [&](const auto& role) { return view.is_in(role); });
  };
  const auto found = std::find_if(views.begin(), views.end(), answers);
  const tuf::TagView& view = found == views.end() ? views.front() : *found;
  if (const auto why = unusable(repository, view))
    throw Error(ErrorCode::kNotSigned, shown(image) + " is not signed: " + *why);
  if (image.digest && view.digest() != image.digest->text()) {
    throw Error(ErrorCode::kNotSigned,
                shown(image) + " is not signed: the tag is signed as " + view.digest());
  }
  for (const tuf::RoleName& role : roles) require_role(repository, view, shown(image), role);
  return view;
}

/// The identities that hold it; if none does, the keys that signed the file it stands in.
std::vector<std::string> signers_of(const tuf::TrustedRepository& repository, const tuf::TagView& view) {
  std::vector<std::string> signers = view.signers();
  if (signer_kind(view) != std::string_view("unknown")) return signers;
  for (const tuf::KeyId& key : tuf::file_signers(repository, view.releasing_role()))
    signers.push_back(key.hex());
  return signers;
}

/// That the file of `--file` is not what is signed; nullopt if it is, or if there is none. As notary does, by
/// its length and by every digest that the entry has.
std::optional<Error> contradiction(const Subject& subject, const tuf::Target& entry) {
  if (!subject.file) return std::nullopt;
  const tuf::Target& content = subject.file->content;
  const auto is_other = [&](const auto& hash) {
    const auto theirs = entry.hashes.find(hash.first);
    return theirs != entry.hashes.end() && theirs->second != hash.second;
  };
  const bool differs = entry.length != content.length || !tuf::is_same_image(entry, content) ||
                       std::any_of(content.hashes.begin(), content.hashes.end(), is_other);
  if (!differs) return std::nullopt;
  return Error(ErrorCode::kHashMismatch,
               tuf::printable(subject.file->path) + " is not what is signed as " + shown(subject.image) +
                   ": it is " + content_of(content) + ", signed is " + content_of(entry),
               "get the file anew; what is signed, and by whom, is told by: countersign list " +
                   tuf::shell_word(subject.image.gun.text()));
}

/// What stands behind the exit code when images fail for different reasons: first what proves to be wrong,
/// then what could not be looked at, last what is simply not there.
int rank(const Error& error) {
  switch (error_row(error.code()).exit_code) {
    case ExitCode::kUntrusted:
      return 0;
    case ExitCode::kDenied:
      return 1;
    case ExitCode::kUnavailable:
      return 2;
    case ExitCode::kNotFound:
      return 4;
    default:
      return 3;
  }
}

/// Verifies images one by one; each repository is loaded once.
class Verification {
 public:
  Verification(std::vector<tuf::RoleName> roles, std::optional<Policy> policy, Run& run, Report& report)
      : roles_(std::move(roles)), policy_(std::move(policy)), run_(run), report_(report) {}

  void verify(const Subject& subject) {
    if (policy_) {
      judge(subject);
    } else {
      look_up(subject);
    }
  }

  const VerdictReport& verdicts() const { return verdicts_; }

  /// Every image has got its verdict; the worst failure decides the exit code, whatever their order. What
  /// could not be found out is worse than a refusal.
  void finish(bool explained) const {
    const auto worst =
        std::min_element(failures_.begin(), failures_.end(),
                         [](const Error& one, const Error& other) { return rank(one) < rank(other); });
    if (worst != failures_.end()) throw Error(*worst);
    std::vector<std::string> refused;
    for (const Verdict& verdict : verdicts_.verdicts) {
      if (!verdict.decision.allowed) refused.push_back(verdict.decision.image);
    }
    if (refused.empty()) return;
    const std::size_t all = refused.size();
    if (all > kMaxNamed) refused.resize(kMaxNamed);
    throw Error(
        ErrorCode::kPolicy,
        "the policy refuses " + std::to_string(all) + " of " + std::to_string(verdicts_.verdicts.size()) +
            " images: " + tuf::join(refused) + (all > kMaxNamed ? ", …" : ""),
        explained ? ""
                  : "what is missing, and who could give it, is told if you run this again with --explain");
  }

 private:
  struct Looked {
    std::size_t entry = 0;  // in the report
    std::optional<tuf::TrustedRepository> trusted;
    std::optional<Error> failure;
    std::optional<tuf::SignedState> state;  // with a policy
    std::optional<Judge> judge;
  };

  /// Docker's rule, and the roles that the user demands.
  void look_up(const Subject& subject) {
    const ImageReference& image = subject.image;
    Looked& looked = look(image.gun);
    TargetReport target;
    target.name = image.tag.value_or("");
    Verdict verdict;
    verdict.by_policy = false;
    verdict.decision.image = shown(image);
    const auto named = [&](const Error& error) {
      return error.with_value("REPO", image.gun.text()).with_value("IMAGE", shown(image));
    };
    const auto refuse = [&](const Error& error) {
      verdict.decision.reasons.push_back(reason_of(named(error)));
      failures_.push_back(named(error));
    };
    try {
      if (looked.failure) throw Error(*looked.failure);
      const tuf::TagView view = verified_view(*looked.trusted, image, roles_);
      target = describe_target(view);
      target.signers = signers_of(*looked.trusted, view);
      describe_roles_of(view.roles, looked);
      if (const auto error = contradiction(subject, view.target)) {
        refuse(*error);
      } else {
        verdict.decision.allowed = true;
        if (!subject.file) verdict.decision.deploy = image.gun.text() + "@" + view.digest();
        verdict.signed_by = signed_by(*looked.trusted, view);
        report_.text.push_back(image.gun.text() + ":" + view.name + "@" + view.digest() + ": " +
                               verdict.signed_by + " (" + std::to_string(view.target.length) + " bytes, in " +
                               tuf::join(tuf::names_of(view.roles)) + ")");
      }
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kNotSigned) {
        refuse(error);
      } else {
        verdict.failure = named(error);
        failures_.push_back(named(error));
      }
    }
    if (!verdict.decision.allowed) report_.text.push_back(shown(image) + ": " + verdict.word());
    for (const Decision::Reason& reason : verdict.reasons()) {
      report_.text.push_back("  " + tuf::printable(reason.message));
      report_.text.push_back("    " + tuf::printable(reason.mend));
    }
    add(subject, std::move(target), std::move(verdict), looked);
  }

  void judge(const Subject& subject) {
    const ImageReference& image = subject.image;
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
      failures_.push_back(*looked.failure);
    } else {
      verdict.decision = looked.judge->decide(question);
      if (subject.file) compare(subject, *looked.state, verdict.decision);
    }
    TargetReport target = describe(verdict, looked);
    if (target.name.empty()) target.name = image.tag.value_or("");
    add(subject, std::move(target), std::move(verdict), looked);
  }

  /// A file that is not what is signed is more than a refusal.
  void compare(const Subject& subject, const tuf::SignedState& state, Decision& decision) {
    decision.deploy.clear();  // nothing that runs
    const tuf::SignedState::Entry* released = state.released(*subject.image.tag);
    if (released == nullptr || !released->target->sha256()) return;  // refused already
    const auto error = contradiction(subject, *released->target);
    if (!error) return;
    decision.allowed = false;
    decision.reasons.push_back({"OTHER_DIGEST", error->what(), hint_of(*error)});
    failures_.push_back(*error);
  }

  void add(const Subject& subject, TargetReport target, Verdict verdict, const Looked& looked) {
    for (Decision::Reason& reason : verdict.decision.reasons)  // before they stand in XML
      reason.mend = report_.carried.into(reason.mend);
    target.verdict = verdict.word();
    target.more.update(verdict_json(verdict));
    if (subject.file) {
      target.more["file"] = {{"digest", "sha256:" + tuf::to_hex(*subject.file->content.sha256())},
                             {"length", subject.file->content.length}};
    }
    report_.repositories[looked.entry].targets.push_back(std::move(target));
    verdicts_.verdicts.push_back(std::move(verdict));
  }

  TargetReport describe(const Verdict& verdict, const Looked& looked) {
    TargetReport target;
    target.name = verdict.decision.tag;
    target.digest = verdict.decision.digest;
    if (verdict.decision.length != 0) target.length = verdict.decision.length;
    if (!looked.state) return target;
    std::vector<tuf::RoleName> roles;
    for (const tuf::SignedState::Entry& entry : looked.state->entries(target.name)) {
      if (entry.digest() == target.digest) roles.push_back(entry.role->name);
    }
    target.roles = tuf::names_of(roles);
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
      looked.trusted = look_at(gun, run_, report_);
      for (tuf::Warning& warning : health_warnings(*looked.trusted))
        report_.warnings.push_back(std::move(warning));
    } catch (const Error& error) {
      // What went wrong before there was an entry (no server named) has nowhere to be reported.
      if (report_.repositories.size() == looked.entry) throw;
      looked.failure = error.with_value("REPO", gun.text());
      return looked;
    }
    if (policy_) looked.judge.emplace(*policy_, looked.state.emplace(*looked.trusted));
    return looked;
  }

  void describe_roles_of(const std::vector<tuf::RoleName>& names, const Looked& looked) {
    std::vector<tuf::RoleView>& roles = report_.repositories[looked.entry].roles;
    for (const tuf::RoleName& role : names) {
      const auto is_there = [&](const tuf::RoleView& known) { return known.name == role; };
      if (std::none_of(roles.begin(), roles.end(), is_there))
        roles.push_back(tuf::view_role(*looked.trusted, role));
    }
  }

  std::vector<tuf::RoleName> roles_;
  std::optional<Policy> policy_;
  Run& run_;
  Report& report_;
  std::map<std::string, RepositoryRules> rules_;
  std::map<std::string, Looked> looked_;
  std::map<std::string, Looked> mentioned_;
  VerdictReport verdicts_;
  std::vector<Error> failures_;  // in the order of the images
};

void require_subject(const ImageReference& image) {
  if (image.tag || image.digest) return;
  throw Error(ErrorCode::kInvalidReference, image.gun.text() + " is given without tag or digest",
              "name what to verify: " + image.gun.text() + ":TAG");
}

/// The images that a file, or what comes through a pipe, names.
std::vector<ImageReference> listed_images(const std::string& source, Run& run,
                                          std::vector<tuf::Warning>& warnings) {
  const std::string name = hsm::is_standard_input(source) ? hsm::kStandardInput : tuf::printable(source);
  const std::string text =
      hsm::read_piped_text(source, "the list of images", kMaxImageListLength, run.budget());
  const ImageList list = images_in(text, name);
  for (const ListedImage& each : list.unjudged)
    warnings.push_back({"NOT_JUDGED", name + " line " + std::to_string(each.line) + ": " + each.text});
  std::vector<ImageReference> images;
  for (const ListedImage& listed : list.images) {
    try {
      images.push_back(parse_image(listed.text));
      ImageReference& image = images.back();
      if (!image.tag && !image.digest) image.tag = "latest";  // as whoever runs the file takes it
    } catch (const Error& error) {
      throw error.with_context(name + " line " + std::to_string(listed.line));
    }
  }
  return images;
}

Subject file_subject(const VerifyOptions& options) {
  if (options.images.size() != 1 || !options.images_from.empty()) {
    throw Error(ErrorCode::kUsage, "--file is the content of one name",
                "name it: countersign verify REPO:NAME --file " + tuf::shell_path(*options.file));
  }
  TargetName name = parse_target_name(options.images.front());
  ImageReference image{name.gun, registry_of(name.gun), std::move(name.name), std::nullopt};
  return {std::move(image), Subject::File{*options.file, hash_target_file(*options.file)}};
}

std::vector<Subject> subjects(const VerifyOptions& options, Run& run, std::vector<tuf::Warning>& warnings) {
  if (options.file) return {file_subject(options)};
  std::vector<Subject> subjects;
  for (const std::string& text : options.images) {
    subjects.push_back({parse_image(text)});
    require_subject(subjects.back().image);
  }
  if (std::count_if(options.images_from.begin(), options.images_from.end(), hsm::is_standard_input) > 1) {
    throw Error(ErrorCode::kUsage, "--images-from reads standard input twice",
                "name it once: it is read to its end");
  }
  std::set<std::string> seen;  // several lists may name one image
  for (const std::string& source : options.images_from) {
    for (ImageReference& image : listed_images(source, run, warnings)) {
      if (seen.insert(shown(image)).second) subjects.push_back({std::move(image)});
    }
  }
  if (subjects.empty()) {
    throw Error(ErrorCode::kUsage, "no image is given",
                "name images, or a file with --images-from FILE (- is standard input)");
  }
  return subjects;
}

void verify(const VerifyOptions& options, Run& run, Report& report) {
  std::optional<Policy> policy = read_policy(options.policy, run.settings());
  const bool judges = policy.has_value();
  if (options.explain && !judges) {
    throw Error(ErrorCode::kUsage, "--explain explains what a policy says, and none is given",
                "add --policy FILE");
  }
  const std::vector<Subject> all = subjects(options, run, report.warnings);
  if (!options.images_from.empty()) run.distrust_names();
  Verification verification(parse_roles(options.roles), std::move(policy), run, report);
  for (const Subject& subject : all) verification.verify(subject);
  switch (report.format) {
    case OutputFormat::kJunit:
      report.text = {verification.verdicts().junit()};
      break;
    case OutputFormat::kMarkdown:
      report.text = {verification.verdicts().markdown()};
      break;
    default:
      if (judges) report.text = verification.verdicts().text(options.explain);
  }
  verification.finish(options.explain);
}

}  // namespace

void add_verify(Grammar& grammar) {
  auto options = std::make_shared<VerifyOptions>();
  CLI::App* c =
      grammar.command("verify", "May these images run: are they signed, and by whom", options, verify);
  add_optional_operand(c, "image", options->images, "IMAGE", "[registry/]repository[:tag][@sha256:…]");
  add_values(c, "--role", options->roles, "Demand that this role holds the tag (repeatable)", "ROLE");
  add_value(c, "--policy", options->policy, "Demand what this policy demands", "FILE");
  add_values(c, "--images-from", options->images_from,
             "Images of a Kubernetes manifest, a compose file or a list; - is standard input (repeatable)",
             "FILE");
  add_value(c, "--file", options->file, "Demand that this file is what is signed as REPO:NAME", "PATH");
  add_flag(c, "--explain", options->explain, "Say which signature is missing, and who could give it");
  grammar.also_prints(c, OutputFormat::kJunit);
  grammar.also_prints(c, OutputFormat::kMarkdown);
}

}  // namespace agent
