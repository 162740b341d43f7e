// sign: images into the releases role and the signer's own delegations, one transaction for each repository.
#include "agent/cli/commands.h"
#include "agent/cli/policy_options.h"
#include "agent/cli/role_operand.h"
#include "agent/cli/sign_options.h"
#include "agent/config/annotations.h"
#include "agent/report/change_report.h"
#include "agent/report/guard_report.h"
#include "agent/report/sign_report.h"
#include "agent/work/release_signer.h"
#include "agent/work/sign_receipt.h"
#include "tuf/base/error.h"
#include "tuf/view/health.h"

namespace agent {
namespace {

/// One release, repository by repository.
struct Release {
  ReleaseSigner& signer;
  Run& run;
  Report& report;
  SignReceipt& receipt;
  bool shows_platforms;

  void sign(const tuf::Gun& gun, const std::vector<SourcedImage>& images) const;
};

/// Reports it also after a refusal.
void Release::sign(const tuf::Gun& gun, const std::vector<SourcedImage>& images) const {
  Run::Repository repository = run.open(gun, Access::kPublish);
  RepositoryReport& described = start_report(repository, report);
  SignedRepository part;
  try {
    signer.sign(repository, images, part);
  } catch (const tuf::Error&) {
    if (part.guarded) describe_foreign(part.guarded->guard(), described);
    throw;
  }
  const SignedImages& result = *part.result;
  if (result.changes.published || run.dry_run())
    describe_signed_anew(part.told_anew(), described, report.warnings);
  describe_signed(result, images, {run.dry_run(), shows_platforms}, described, report.text);
  if (part.guarded) {
    describe_guard(part.guarded->guard(), run.dry_run(), described, report.warnings);
  }
  receipt.add(run.told().back(), result);
  for (tuf::Warning& warning : tuf::health_warnings(result.changes.repository))
    report.warnings.push_back(std::move(warning));
}

void sign(const SignOptions& options, Run& run, Report& report) {
  const std::unique_ptr<const Policy> policy = find_signing_policy(options.policy, run.settings());
  SignReceipt receipt(options.receipt, run);
  ReleaseSigner signer(options.choices(), policy.get(), run, report.warnings);
  const ImagesToSign wanted = images_to_sign(options.images, run, report.warnings);
  if (wanted.size() > 1 && !run.dry_run()) signer.rehearse(wanted);
  const Release release{signer, run, report, receipt, options.images.platforms};
  for (const auto& [gun, images] : wanted) release.sign(gun, images);
  receipt.write();
  if (options.images.check_registry && !run.dry_run()) signer.check_registry(wanted);
}

}  // namespace

SigningChoices SignOptions::choices() const {
  return {parse_roles(roles), !no_bound, !no_provenance, parse_annotations(annotations), policy,
          images.platforms};
}

void add_sign_options(CLI::App* command, SignOptions& options) {
  add_source_options(command, options.images);
  add_values(command, "--role", options.roles, "Sign into exactly this role (repeatable)", "ROLE");
  add_flag(command, "--allow-move", options.policy.allow_move,
           "Sign a tag that is signed with another digest");
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
