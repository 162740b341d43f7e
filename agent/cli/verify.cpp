// verify: may these images run. Without a policy: is the tag signed. With one: by everybody who must.
#include <algorithm>
#include <map>
#include <set>

#include "agent/cli/commands.h"
#include "agent/cli/policy_options.h"
#include "agent/cli/role_operand.h"
#include "agent/image/listed/image_list.h"
#include "agent/image/target_file.h"
#include "agent/names/image_reference.h"
#include "agent/report/repository_report.h"
#include "agent/report/verdict_page.h"
#include "agent/report/verdict_report.h"
#include "agent/work/verify_images.h"
#include "hsm/os/piped_text.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"
#include "tuf/base/warning.h"
#include "tuf/base/words.h"
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

constexpr std::size_t kMaxNamed = 5;  // images in one sentence

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

/// What the images come to, told one by one.
class Verdicts {
 public:
  explicit Verdicts(Report& report) : report_(report) {}

  void add(const VerifiedImage& verified) {
    Verdict verdict = verdict_of(verified);
    for (Decision::Reason& reason : verdict.decision.reasons)  // before they stand in XML
      reason.mend = report_.carried.into(reason.mend);
    if (!verified.by_policy) tell(verified, verdict);
    RepositoryReport& repository = entry_of(*verified.repository);
    for (const tuf::RoleName& role : verified.roles) add_role(role, *verified.repository, repository);
    repository.targets.push_back(describe_verified(verified, verdict));
    if (const Error* error = verified.error()) errors_.push_back(*error);
    verdicts_.verdicts.push_back(std::move(verdict));
  }

  const VerdictReport& report() const { return verdicts_; }

  /// Every image has got its verdict; the worst failure decides the exit code, whatever their order. What
  /// could not be found out is worse than a refusal.
  void finish(bool explained) const {
    const auto worst =
        std::min_element(errors_.begin(), errors_.end(),
                         [](const Error& one, const Error& other) { return rank(one) < rank(other); });
    if (worst != errors_.end()) throw Error(*worst);
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
  /// Without a policy.
  void tell(const VerifiedImage& verified, const Verdict& verdict) {
    if (verdict.decision.allowed) {
      const tuf::TagView& view = *verified.view;
      report_.text.push_back(verified.repository->gun.text() + ":" + view.name + "@" + view.digest() + ": " +
                             verdict.signed_by + " (" + std::to_string(view.target.length) + " bytes, in " +
                             tuf::join(tuf::names_of(view.roles)) + ")");
      return;
    }
    report_.text.push_back(verdict.decision.image + ": " + verdict.word());
    for (const Decision::Reason& reason : verdict.reasons()) {
      report_.text.push_back("  " + tuf::printable(reason.message));
      report_.text.push_back("    " + tuf::printable(reason.mend));
    }
  }

  RepositoryReport& entry_of(const LookedRepository& looked) {
    const auto [place, is_new] = entries_.try_emplace(&looked, report_.repositories.size());
    if (is_new) {
      RepositoryReport& entry = report_.repositories.emplace_back();
      entry.gun = looked.gun.text();
      entry.server = looked.server;
      if (looked.is_offline) entry.more["offline"] = true;
      if (looked.trusted) describe_trust_root(*looked.trusted, entry);
    }
    return report_.repositories[place->second];
  }

  static void add_role(const tuf::RoleName& role, const LookedRepository& looked, RepositoryReport& entry) {
    const auto is_there = [&](const tuf::RoleView& known) { return known.name == role; };
    if (std::none_of(entry.roles.begin(), entry.roles.end(), is_there))
      entry.roles.push_back(tuf::view_role(*looked.trusted, role));
  }

  Report& report_;
  std::map<const LookedRepository*, std::size_t> entries_;
  VerdictReport verdicts_;
  std::vector<Error> errors_;  // in the order of the images
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

ImageToVerify file_subject(const VerifyOptions& options) {
  if (options.images.size() != 1 || !options.images_from.empty()) {
    throw Error(ErrorCode::kUsage, "--file is the content of one name",
                "name it: countersign verify REPO:NAME --file " + tuf::shell_path(*options.file));
  }
  TargetName name = parse_target_name(options.images.front());
  ImageReference image{name.gun, registry_of(name.gun), std::move(name.name), std::nullopt};
  return {std::move(image), ImageToVerify::File{*options.file, hash_target_file(*options.file)}};
}

std::vector<ImageToVerify> subjects(const VerifyOptions& options, Run& run,
                                    std::vector<tuf::Warning>& warnings) {
  if (options.file) return {file_subject(options)};
  std::vector<ImageToVerify> subjects;
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
      ImageToVerify subject{std::move(image)};
      if (seen.insert(subject.text()).second) subjects.push_back(std::move(subject));
    }
  }
  if (subjects.empty()) {
    throw Error(ErrorCode::kUsage, "no image is given",
                "name images, or a file with --images-from FILE (- is standard input)");
  }
  return subjects;
}

void verify(const VerifyOptions& options, Run& run, Report& report) {
  PolicyOrigin origin;
  const std::unique_ptr<const Policy> policy = find_policy(options.policy, run.settings(), &origin);
  const bool judges = policy != nullptr;
  if (options.explain && !judges) {
    throw Error(ErrorCode::kUsage, "--explain explains what a policy says, and none is given",
                "add --policy FILE");
  }
  std::vector<ImageToVerify> all = subjects(options, run, report.warnings);
  if (!options.images_from.empty()) run.distrust_names();
  ImageVerifier verifier(parse_roles(options.roles), policy.get(), run, report.warnings);
  Verdicts verdicts(report);
  verifier.look_ahead(all);
  for (ImageToVerify& subject : all) verdicts.add(verifier.verify(std::move(subject)));
  switch (report.format) {
    case OutputFormat::kJunit:
      report.text = {verdicts.report().junit()};
      break;
    case OutputFormat::kMarkdown:
      report.text = {verdicts.report().markdown()};
      break;
    case OutputFormat::kHtml:
      report.document = [told = verdicts.report(), facts = RunFacts::of(run, report.repositories),
                         by = judges ? std::optional(origin) : std::nullopt](const Report& end,
                                                                             const auto& error) {
        return verdict_page(told, by, facts, end, error).text();
      };
      break;
    default:
      if (judges) report.text = verdicts.report().text(options.explain);
  }
  verdicts.finish(options.explain);
}

}  // namespace

void add_verify(Grammar& grammar) {
  auto options = std::make_shared<VerifyOptions>();
  CLI::App* c =
      grammar.command("verify", "May these images run: are they signed, and by whom", options, verify);
  add_optional_operand(c, "image", options->images, "IMAGE", "[registry/]repository[:tag][@sha256:…]");
  under(c, "What to verify");
  add_values(c, "--images-from", options->images_from,
             "Images of a Kubernetes manifest, a compose file or a list; - is standard input", "FILE");
  under(c, "What is demanded");
  add_values(c, "--role", options->roles, "Demand that this role holds the tag", "ROLE");
  add_value(c, "--policy", options->policy, "Demand what this policy demands", "FILE");
  add_value(c, "--file", options->file, "Demand that this file is what is signed as REPO:NAME", "PATH");
  under(c, kOutput);
  add_flag(c, "--explain", options->explain, "Say which signature is missing, and who could give it");
  grammar.example(c, "countersign verify example.com/app:1.2 --policy policy.json --explain");
  grammar.example(c, "helm template . | countersign verify --images-from - --policy policy.json");
  grammar.also_prints(c, OutputFormat::kJunit);
  grammar.also_prints(c, OutputFormat::kMarkdown);
  grammar.also_prints(c, OutputFormat::kHtml);
}

}  // namespace agent
