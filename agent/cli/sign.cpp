// sign: images into the releases role and the signer's own delegations, one transaction for each repository.
#include "agent/cli/commands.h"
#include "agent/cli/policy_options.h"
#include "agent/cli/repository_command.h"
#include "agent/cli/role_operand.h"
#include "agent/cli/sign_options.h"
#include "agent/config/annotations.h"
#include "agent/report/change_report.h"
#include "agent/report/guard_report.h"
#include "agent/report/sign_report.h"
#include "agent/work/release_signer.h"
#include "agent/work/sign_receipt.h"
#include "tuf/base/error.h"
#include "tuf/base/words.h"
#include "tuf/view/health.h"

namespace agent {
namespace {

/// What a release comes to, told repository by repository.
class Release {
 public:
  Release(const SignOptions& options, std::size_t repositories, Run& run, Report& report,
          SignReceipt& receipt)
      : options_(options), repositories_(repositories), run_(run), report_(report), receipt_(receipt) {}

  void tell(ReleasePart& part);
  /// Throws the first failure; of several repositories it names all that have failed.
  void finish() const;

 private:
  void tell_failure(const ReleasePart& part);

  const SignOptions& options_;
  std::size_t repositories_;
  Run& run_;
  Report& report_;
  SignReceipt& receipt_;
  std::size_t told_ = 0;
  std::vector<std::string> failed_;
  std::optional<tuf::Error> first_failure_;
};

void Release::tell(ReleasePart& part) {
  ++told_;
  report_.warnings.insert(report_.warnings.end(), part.warnings.begin(), part.warnings.end());
  if (part.failure) return tell_failure(part);
  const SignedImages& result = *part.signing.result;
  const auto& guarded = part.signing.guarded;
  RepositoryReport& described = start_report(part.gun, part.server, report_);
  if (result.changes.published || run_.dry_run())
    describe_signed_anew(part.signing.told_anew(), described, report_.warnings);
  describe_signed(result, part.images, {run_.dry_run(), options_.images.platforms}, described, report_.text);
  if (guarded) describe_guard(guarded->guard(), run_.dry_run(), described, report_.warnings);
  receipt_.add(*part.told, result);
  for (tuf::Warning& warning : tuf::health_warnings(result.changes.repository))
    report_.warnings.push_back(std::move(warning));
}

void Release::tell_failure(const ReleasePart& part) {
  failed_.push_back(part.gun.text());
  if (!first_failure_) first_failure_ = part.failure;
  const bool is_opened = !part.server.empty();
  if (!is_opened && repositories_ == 1) return;
  RepositoryReport& described = start_report(part.gun, part.server, report_);
  if (part.signing.guarded) describe_foreign(part.signing.guarded->guard(), described);
  if (repositories_ == 1) return;
  describe_failure(*part.failure, described, report_.text);
  PublishedRepository& told = part.told ? *part.told : run_.told().emplace_back();
  told.gun = part.gun.text();
  told.more["error"] = tuf::Json(to_json(*part.failure));
}

void Release::finish() const {
  if (!first_failure_) return;
  if (repositories_ == 1) throw tuf::Error(*first_failure_);
  const std::size_t left = repositories_ - told_;
  const std::string rest = left == 0 ? ""
                                     : "; " + std::to_string(left) + " of " + std::to_string(repositories_) +
                                           " repositories were not begun";
  throw first_failure_->with_context("failed for " + tuf::first_of(failed_) + rest);
}

void sign(const SignOptions& options, Run& run, Report& report) {
  const std::unique_ptr<const Policy> policy = find_signing_policy(options.policy, run.settings());
  SignReceipt receipt(options.receipt, run);
  ReleaseSigner signer(options.choices(), policy.get(), run, report.warnings);
  const ImagesToSign wanted = images_to_sign(options.images, run, report.warnings);
  Release release(options, wanted.size(), run, report, receipt);
  signer.sign(wanted, options.keep_going ? AfterFailure::kGoOn : AfterFailure::kStop,
              [&](ReleasePart& part) { release.tell(part); });
  release.finish();
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
  add_values(command, "--role", options.roles, "Sign into exactly this role", "ROLE");
  place(add_flag(command, "--allow-move", options.policy.allow_move,
                 "Sign a tag that stands for another image, too"),
        kGuards);
  add_flag(command, "--keep-going", options.keep_going,
           "Of several repositories, sign the others where one fails");
  place(add_value(command, "--receipt", options.receipt, "Write a signed receipt of what was published",
                  "FILE"),
        kOutput);
  add_values(command, "--annotate", options.annotations, "Say this of the image, signed with it",
             "KEY=VALUE");
  add_flag(command, "--no-provenance", options.no_provenance, "Say nothing of the CI run in what is signed");
  add_flag(command, "--no-bound", options.no_bound, "Do not say for which repository and role it is signed");
  add_policy_options(command, options.policy, "Sign only what this policy allows");
  place(add_flag(command, "--no-resign-guard", options.policy.no_resign_guard,
                 "With --policy: sign what changes with whatever stands in it"),
        kRarely);
}

void add_sign(Grammar& grammar) {
  auto options = std::make_shared<SignOptions>();
  CLI::App* c = grammar.command("sign", "Sign image tags and publish them", options, sign);
  add_images_to_sign(c, options->images);
  add_sign_options(c, *options);
  grammar.add_signing_keys(c);
  grammar.example(c, "countersign sign example.com/app:1.2 --metadata-file build.json");
  grammar.example(c, "countersign sign --release release.json --policy policy.json --receipt r.json");
  grammar.example(c, "countersign sign example.com/app:1.2 --key 'pkcs11:token=ci;object=jenkins'");
}

}  // namespace agent
