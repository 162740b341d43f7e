// doctor: can this machine sign for this repository; if not, the one cause and the one command that mends it.
#include "agent/cli/changing.h"
#include "agent/cli/commands.h"
#include "agent/doctor/key_checks.h"
#include "agent/doctor/machine_checks.h"
#include "agent/doctor/repository_checks.h"
#include "agent/doctor/role_checks.h"
#include "agent/doctor/server_checks.h"
#include "agent/image/image_reference.h"
#include "agent/report/printable.h"
#include "agent/report/text_table.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

struct DoctorOptions {
  std::optional<std::string> subject;  // repository or image
};

/// A tag is taken where there is one; everything else is for `parse_repository` to judge.
Patient make_patient(const DoctorOptions& options, Runtime& runtime) {
  Patient patient{runtime, std::nullopt, std::nullopt};
  if (!options.subject) return patient;
  const std::size_t slash = options.subject->rfind('/');
  const bool has_tag =
      options.subject->find(':', slash == std::string::npos ? 0 : slash) != std::string::npos;
  if (!has_tag) {
    patient.gun = parse_repository(*options.subject);
    return patient;
  }
  const ImageReference image = parse_image(*options.subject);
  if (image.digest) {
    throw Error(
        ErrorCode::kInvalidReference, *options.subject + " names a digest, which nobody signs for by itself",
        "name the repository, and a tag if its paths are to be looked at: " + image.gun.text() + ":TAG");
  }
  patient.gun = image.gun;
  patient.tag = image.tag;
  return patient;
}

void tell(const Diagnosis& diagnosis, Report& report) {
  OrderedJson checks = OrderedJson::array();
  TextTable table({"CHECK", "", "FOUND"});
  for (const CheckResult& check : diagnosis.checks) {
    checks.push_back({{"name", check.name}, {"ok", check.ok}, {"detail", printable(check.detail)}});
    table.add({check.name, check.ok ? "ok" : "BROKEN", check.detail});
  }
  report.more["checks"] = std::move(checks);
  report.more["diagnosis"] = nullptr;
  for (std::string& line : table.lines()) report.text.push_back(std::move(line));
  if (!diagnosis.ailment) return;
  report.more["diagnosis"] = diagnosis.ailment->diagnosis();
  report.text.push_back("diagnosis: " + diagnosis.ailment->diagnosis());
}

void doctor(const DoctorOptions& options, Runtime& runtime, Report& report) {
  if (runtime.offline()) {
    throw Error(ErrorCode::kUsage, "--offline leaves nothing of what signing depends on",
                "leave --offline out");
  }
  Patient patient = make_patient(options, runtime);
  ServerChecks server(patient);
  RepositoryChecks repository(patient, server);
  KeyChecks keys(patient);
  RoleChecks roles(patient, server, repository, keys);

  std::vector<Check> chain;
  add_machine_checks(patient, chain);
  server.add_to(chain);
  if (patient.gun) repository.add_to(chain);
  keys.add_listing_to(chain);
  if (patient.gun) roles.add_to(chain);
  keys.add_signing_to(chain);
  add_administrator_key_check(patient, chain);

  const Diagnosis diagnosis = diagnose(chain);
  for (Warning& warning : patient.warnings) report.warnings.push_back(std::move(warning));
  if (patient.gun) {
    RepositoryReport& described = report.repositories.emplace_back();
    described.gun = patient.gun->text();
    described.server = server.name();
    if (repository.is_loaded()) describe(repository.trusted(), described);
    described.more["keys"] = roles.keys_with_roles();
  }
  tell(diagnosis, report);
  if (diagnosis.ailment) throw Error(*diagnosis.ailment);
  report.text.push_back(patient.gun ? "this machine can sign for " + patient.gun->text()
                                    : "nothing is broken as far as it can be seen without a repository");
}

/// Settings are the first link; without them there is no Runtime to look further with.
void report_bad_settings(const Error& error, Report& report) {
  const std::vector<Check> chain = {{"configuration", [&]() -> std::string { throw Error(error); }}};
  tell(diagnose(chain), report);
}

}  // namespace

void add_doctor(Grammar& grammar) {
  auto options = std::make_shared<DoctorOptions>();
  CLI::App* c = grammar.command("doctor", "Can this machine sign; if not, what mends it", options, doctor);
  add_optional_operand(c, "repository", options->subject, "REPO[:TAG]",
                       "Also what needs a repository; with a tag, whether it is admitted");
  grammar.add_signing_keys(c);
  grammar.also_reports_bad_settings(c, report_bad_settings);
}

}  // namespace agent
