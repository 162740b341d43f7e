// doctor: can this machine sign for this repository; if not, the one cause and the one command that mends it.
#include "agent/cli/commands.h"
#include "agent/cli/policy_options.h"
#include "agent/cli/role_operand.h"
#include "agent/cli/sign_options.h"
#include "agent/doctor/key_checks.h"
#include "agent/doctor/machine_checks.h"
#include "agent/doctor/repository_checks.h"
#include "agent/doctor/role_checks.h"
#include "agent/doctor/server_checks.h"
#include "agent/image/target_file.h"
#include "agent/names/image_reference.h"
#include "agent/report/change_report.h"
#include "agent/report/repository_report.h"
#include "agent/report/text_table.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/base/printable.h"
#include "tuf/base/warning.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

struct DoctorOptions {
  std::optional<std::string> subject;  // repository or image
  SignOptions sign;
};

/// What names content to be signed, beside a tag.
bool names_content(const ImageOptions& images) {
  return images.size || images.oci_layout || images.metadata_file || images.digest_file ||
         images.manifest_file || images.file;
}

Patient make_patient(const DoctorOptions& options, Run& run) {
  Patient patient{run, std::nullopt, std::nullopt, parse_roles(options.sign.roles)};
  const ImageOptions& images = options.sign.images;
  if (!options.subject) {
    if (!names_content(images)) return patient;
    throw Error(ErrorCode::kUsage, "what is to be signed is named, but not where",
                "name the image, too, as for sign: REPO:TAG");
  }
  if (images.file) {
    TargetName name = parse_target_name(*options.subject);
    patient.gun = std::move(name.gun);
    patient.tag = std::move(name.name);
    return patient;
  }
  // A tag is taken where there is one; everything else is for `parse_repository` to judge.
  const std::size_t slash = options.subject->rfind('/');
  const bool has_tag =
      options.subject->find(':', slash == std::string::npos ? 0 : slash) != std::string::npos;
  if (!has_tag) {
    patient.gun = parse_repository(*options.subject);
    if (!names_content(images)) return patient;
    throw Error(ErrorCode::kUsage, "the source of an image is named, but not its tag",
                "name the tag, too: " + patient.gun->text() + ":TAG");
  }
  const ImageReference image = parse_image(*options.subject);
  if (!image.tag) {
    throw Error(
        ErrorCode::kInvalidReference, *options.subject + " names a digest, which nobody signs for by itself",
        "name the repository, and a tag if its paths are to be looked at: " + image.gun.text() + ":TAG");
  }
  patient.gun = image.gun;
  patient.tag = image.tag;
  return patient;
}

/// What `sign` itself would do: find the image, and with the keys open all but publish it.
class Rehearsal {
 public:
  Rehearsal(const DoctorOptions& options, Patient& patient) : options_(options.sign), patient_(patient) {
    if (options.subject) options_.images.images = {*options.subject};
  }

  std::string find_image() {
    wanted_ = images_to_sign(options_.images, patient_.run, patient_.warnings);
    const SourcedImage& image = wanted_.begin()->second.front();
    return to_digest(image.target.target) + " (" + image.source + ")";
  }

  std::string sign() {
    std::vector<tuf::Warning> warnings;
    const std::unique_ptr<const Policy> policy =
        find_signing_policy(options_.policy, patient_.run.settings());
    ReleaseSigner signer(options_.choices(), policy.get(), patient_.run, warnings);
    const auto& [gun, images] = *wanted_.begin();
    const SignedImages result = signer.rehearse(gun, images, warnings);
    // What a look at the repository has warned of is not said twice.
    for (tuf::Warning& warning : warnings) {
      if (warning.code != "NO_IDENTITY_ROLE") patient_.warnings.push_back(std::move(warning));
    }
    return "would sign " + *patient_.tag + " in " + tuf::join(tuf::names_of(result.roles));
  }

 private:
  static std::string to_digest(const tuf::Target& target) {
    return "sha256:" + tuf::to_hex(target.hashes.at("sha256"));
  }

  SignOptions options_;
  Patient& patient_;
  ImagesToSign wanted_;
};

void tell(const Diagnosis& diagnosis, Report& report) {
  OrderedJson checks = OrderedJson::array();
  TextTable table({"CHECK", "", "FOUND"});
  for (const CheckResult& check : diagnosis.checks) {
    checks.push_back({{"name", check.name}, {"ok", check.ok}, {"detail", tuf::printable(check.detail)}});
    table.add({check.name, check.ok ? "ok" : "BROKEN", check.detail});
  }
  report.more["checks"] = std::move(checks);
  report.more["diagnosis"] = nullptr;
  for (std::string& line : table.lines()) report.text.push_back(std::move(line));
  if (!diagnosis.ailment) return;
  report.more["diagnosis"] = diagnosis.ailment->diagnosis();
  report.text.push_back("diagnosis: " + diagnosis.ailment->diagnosis());
}

void doctor(const DoctorOptions& options, Run& run, Report& report) {
  if (run.offline()) {
    throw Error(ErrorCode::kUsage, "--offline leaves nothing of what signing depends on",
                "leave --offline out");
  }
  run.only_look();
  Patient patient = make_patient(options, run);
  ServerChecks server(patient);
  RepositoryChecks repository(patient, server);
  KeyChecks keys(patient);
  RoleChecks roles(patient, server, repository, keys);

  Rehearsal rehearsal(options, patient);
  const auto& policy_file = options.sign.policy.file;
  const bool has_policy = policy_file || run.settings().policy();

  std::vector<Check> chain;
  add_machine_checks(patient, chain);
  if (options.sign.receipt) add_receipt_check(*options.sign.receipt, chain);
  if (has_policy) {
    chain.push_back({"policy", [&] {
                       find_signing_policy(options.sign.policy, run.settings());
                       const std::filesystem::path file =
                           policy_file ? std::filesystem::path(*policy_file) : *run.settings().policy();
                       warn_if_others_can_change(file, patient);
                       return tuf::printable(file.string());
                     }});
  }
  server.add_to(chain);
  if (patient.gun) repository.add_to(chain);
  keys.add_listing_to(chain);
  if (patient.gun) roles.add_to(chain);
  if (patient.tag) chain.push_back({"image", [&] { return rehearsal.find_image(); }});
  keys.add_signing_to(chain);
  if (patient.tag) chain.push_back({"rehearsal", [&] { return rehearsal.sign(); }});
  add_administrator_key_check(patient, chain);

  const Diagnosis diagnosis = diagnose(chain);
  for (tuf::Warning& warning : patient.warnings) report.warnings.push_back(std::move(warning));
  if (patient.gun) {
    RepositoryReport& described = report.repositories.emplace_back();
    described.gun = patient.gun->text();
    described.server = server.name();
    if (repository.is_loaded()) describe(repository.trusted(), described);
    described.more["keys"] = roles.keys_with_roles();
  }
  tell(diagnosis, report);
  if (diagnosis.ailment) throw Error(static_cast<const Error&>(*diagnosis.ailment));
  // Only what was really looked at is promised.
  report.text.push_back(patient.tag ? "this machine can sign " + patient.gun->text() + ":" + *patient.tag
                        : patient.gun
                            ? "nothing is broken as far as it can be seen without an image: name it and its "
                              "source as for sign: countersign doctor " +
                                  patient.gun->text() + ":TAG"
                            : "nothing is broken as far as it can be seen without a repository");
}

/// Settings are the first link; without them there is no host to look further with.
void report_bad_settings(const Error& error, Report& report) {
  const std::vector<Check> chain = {{"configuration", [&]() -> std::string { throw Error(error); }}};
  tell(diagnose(chain), report);
}

}  // namespace

void add_doctor(Grammar& grammar) {
  auto options = std::make_shared<DoctorOptions>();
  CLI::App* c = grammar.command("doctor", "Can this machine sign; if not, what mends it", options, doctor);
  add_optional_operand(c, "repository", options->subject, "REPO[:TAG]",
                       "With a tag: all that signing it needs");
  add_sign_options(c, options->sign);
  grammar.add_signing_keys(c);
  grammar.example(c, "countersign doctor registry.example.com/team/app:1.2");
  grammar.also_reports_bad_settings(c, report_bad_settings);
}

}  // namespace agent
