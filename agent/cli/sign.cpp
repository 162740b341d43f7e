// sign: images into the releases role and the signer's own delegations, one transaction for each repository.
#include <algorithm>
#include <map>

#include "agent/cli/commands.h"
#include "agent/cli/operands.h"
#include "agent/cli/sign_options.h"
#include "agent/cli/sign_receipt.h"
#include "agent/cli/signed_report.h"
#include "agent/config/annotations.h"
#include "agent/report/change_report.h"
#include "agent/report/guard_report.h"
#include "agent/report/repository_report.h"
#include "tuf/base/error.h"
#include "tuf/base/warning.h"
#include "tuf/view/health.h"

namespace agent {
namespace {

/// What is to be said of where the images come from: by the CI, and with --annotate.
void set_provenance(const SignOptions& options, Run& run, SignRequest& request, Report& report) {
  request.annotations = parse_annotations(options.annotations);
  if (options.no_provenance) {
    if (request.annotations.empty()) return;
    throw tuf::Error(tuf::ErrorCode::kUsage, "--no-provenance and --annotate exclude each other",
                     "give only one of them");
  }
  request.provenance = request.annotations;
  request.provenance.insert(run.ci().members.begin(), run.ci().members.end());
  if (!request.provenance.empty()) request.provenance.emplace("created", tuf::format_time(run.now()));
  for (const std::string& refused : run.ci().refused)
    report.warnings.push_back({"CI_VALUE_IGNORED", refused});
}

class Signing {
 public:
  Signing(const SignOptions& options, Run& run, Report& report)
      : options_(options),
        run_(run),
        report_(report),
        policy_(read_policy(options.policy, run.settings())),
        receipt_(options.receipt, run) {
    request_.roles = parse_roles(options.roles);
    request_.allow_move = options.allow_move;
    request_.bind = !options.no_bound;
    set_provenance(options, run, request_, report);
  }

  void run() {
    const std::map<tuf::Gun, std::vector<WantedImage>> wanted =
        wanted_images(options_.images, run_, report_.warnings);
    // A release that cannot be published whole is not begun.
    if (wanted.size() > 1 && !run_.dry_run()) {
      for (const auto& [gun, images] : wanted) rehearse_part(gun, images);
    }
    for (const auto& [gun, images] : wanted) publish(gun, images);
    if (policy_) receipt_.set_policy(verdicts_);
    receipt_.write();
    if (options_.images.check_registry && !run_.dry_run()) check_tags(wanted);
  }

  SignedImages rehearse(const tuf::Gun& gun, const std::vector<WantedImage>& images,
                        std::vector<tuf::Warning>& warnings) {
    Run::Repository repository = run_.open(gun, Access::kPublish);
    std::optional<GuardedRepository> guarded;
    return sign(repository, images, true, guarded, warnings);
  }

 private:
  SignedImages sign(Run::Repository& repository, const std::vector<WantedImage>& images, bool dry_run,
                    std::optional<GuardedRepository>& guarded, std::vector<tuf::Warning>& warnings) {
    SignRequest request = request_;
    if (policy_) {
      PolicyChoices choices = options_.policy;
      choices.allow_move = options_.allow_move;
      guarded.emplace(*policy_, choices, repository.load.gun, run_.keys(), run_, warnings);
      request.guard = &guarded->guard();
    }
    for (const WantedImage& image : images) request.images.push_back(image.target);
    if (request.roles.empty()) {
      repository.load.likely.push_back(tuf::RoleName::of("targets/releases"));
    } else {
      for (const tuf::RoleName& role : request.roles) {
        if (role.is_delegation()) repository.load.likely.push_back(role);
      }
    }
    PublishOptions publish = run_.publish_options();
    publish.dry_run = dry_run;
    return sign_images(*repository.store, repository.seen, repository.load, request, run_.keys(), publish,
                       warnings);
  }

  void rehearse_part(const tuf::Gun& gun, const std::vector<WantedImage>& images) {
    std::vector<tuf::Warning> said_when_published;
    try {
      static_cast<void>(rehearse(gun, images, said_when_published));
    } catch (const tuf::Error& error) {
      throw error.with_context("nothing of the release was published, since one part cannot be");
    }
  }

  void publish(const tuf::Gun& gun, const std::vector<WantedImage>& images) {
    Run::Repository repository = run_.open(gun, Access::kPublish);
    RepositoryReport& described = report_.repositories.emplace_back();
    described.gun = gun.text();
    described.server = repository.store->name();
    described.published = false;
    std::optional<GuardedRepository> guarded;
    const SignedImages result = [&] {
      try {
        return sign(repository, images, run_.dry_run(), guarded, report_.warnings);
      } catch (const tuf::Error& error) {
        if (guarded) describe_foreign(guarded->guard(), described);
        throw error.with_value("REPO", gun.text())
            .with_value("IMAGE", gun.text() + ":" + images.front().target.name);
      }
    }();
    if (result.changes.published || run_.dry_run()) {
      std::vector<SigningGate::SignedAnew> told = result.signed_anew;
      std::erase_if(told, [&](const SigningGate::SignedAnew& role) {
        return !role.adopted &&
               std::find(result.renewed.begin(), result.renewed.end(), role.role) == result.renewed.end();
      });
      describe_signed_anew(told, described, report_.warnings);
    }
    describe_signed(result, images, {run_.dry_run(), options_.images.platforms}, described, report_.text);
    if (guarded) {
      describe_guard(guarded->guard(), run_.dry_run(), described, report_.warnings);
      guarded->remember(result.changes, report_.warnings);
      for (const TargetReport& target : described.targets)
        verdicts_[gun.text()][target.name] = target.more.at("policy");
    }
    receipt_.add(described, result);
    for (tuf::Warning& warning : health_warnings(result.changes.repository))
      report_.warnings.push_back(std::move(warning));
  }

  void check_tags(const std::map<tuf::Gun, std::vector<WantedImage>>& wanted) {
    for (const auto& [gun, images] : wanted) {
      Registry registry = run_.open_registry(gun);
      for (const WantedImage& image : images) {
        if (image.image) check_registry(registry, *image.image, "after it was signed");
      }
    }
  }

  const SignOptions& options_;
  Run& run_;
  Report& report_;
  std::optional<Policy> policy_;
  SignReceipt receipt_;
  SignRequest request_;
  tuf::Json verdicts_ = tuf::Json::object();  // of the policy, by repository and tag
};

void sign(const SignOptions& options, Run& run, Report& report) {
  Signing(options, run, report).run();
}

}  // namespace

SignedImages rehearse_signing(const SignOptions& options, const tuf::Gun& gun,
                              const std::vector<WantedImage>& images, Run& run, Report& report) {
  return Signing(options, run, report).rehearse(gun, images, report.warnings);
}

void add_sign_options(CLI::App* command, SignOptions& options) {
  add_source_options(command, options.images);
  add_values(command, "--role", options.roles, "Sign into exactly this role (repeatable)", "ROLE");
  add_flag(command, "--allow-move", options.allow_move, "Sign a tag that is signed with another digest");
  add_value(command, "--receipt", options.receipt, "Write a signed receipt of what was published", "FILE");
  add_values(command, "--annotate", options.annotations, "Say this of the image, signed with it (repeatable)",
             "KEY=VALUE");
  add_flag(command, "--no-provenance", options.no_provenance, "Say nothing of the CI run in what is signed");
  add_flag(command, "--no-bound", options.no_bound, "Do not say for which repository and role it is signed");
  add_policy_options(command, options.policy, "Sign only what this policy allows, and adopt nothing foreign");
  add_flag(command, "--no-resign-guard", options.policy.no_resign_guard,
           "Sign what changes with whatever stands in it");
}

void add_sign(Grammar& grammar) {
  auto options = std::make_shared<SignOptions>();
  CLI::App* c = grammar.command("sign", "Sign image tags and publish them", options, sign);
  add_images_to_sign(c, options->images);
  add_sign_options(c, *options);
  grammar.add_signing_keys(c);
}

}  // namespace agent
