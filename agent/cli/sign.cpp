#include <map>

#include "agent/cli/commands.h"
#include "agent/cli/guarding.h"
#include "agent/cli/operands.h"
#include "agent/image/image_source.h"
#include "agent/report/repository_report.h"
#include "agent/workflow/sign_images.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

struct SignOptions {
  std::vector<std::string> images;
  std::vector<std::string> roles;
  std::optional<std::string> size;
  std::optional<std::string> oci_layout;
  bool allow_move = false;
  PolicyOptions policy;
};

std::string to_string(SignStatus status) {
  switch (status) {
    case SignStatus::kSigned:
      return "signed";
    case SignStatus::kUnchanged:
      return "unchanged";
    case SignStatus::kMoved:
      return "moved";
  }
  return "";
}

std::vector<ResolvedImage> resolve(const SignOptions& options) {
  std::vector<ResolvedImage> images;
  if (options.images.size() > 1 && (options.size || options.oci_layout)) {
    throw tuf::Error(tuf::ErrorCode::kUsage,
                     "--size and --oci-layout speak of one image, but " +
                         std::to_string(options.images.size()) + " are given",
                     "sign the images one by one");
  }
  SourceOptions sources;
  if (options.size) sources.size = parse_size(*options.size);
  sources.oci_layout = options.oci_layout;
  for (const std::string& text : options.images) {
    const ImageReference reference = parse_image(text);
    if (!reference.tag) {
      throw tuf::Error(tuf::ErrorCode::kInvalidReference, reference.gun.text() + " is given without a tag",
                       "name the tag to sign: " + reference.gun.text() + ":TAG");
    }
    images.push_back(resolve_image(reference, sources));
  }
  return images;
}

ImageToSign to_target(const ResolvedImage& image) {
  return {*image.reference.tag, {{{"sha256", image.digest.bytes()}}, image.length, std::nullopt}};
}

void describe(const SignedImages& result, const std::vector<ResolvedImage>& images, bool dry_run,
              RepositoryReport& repository, std::vector<std::string>& text) {
  repository.published = result.changes.published;
  repository.attempts = result.changes.attempts;
  if (!dry_run) {
    for (const tuf::RoleName& role : result.roles)
      repository.roles.push_back(describe_role(result.changes.repository, role));
  }
  const std::vector<std::string> roles = names_of(result.roles);
  for (std::size_t i = 0; i < images.size(); ++i) {
    TargetReport target;
    target.name = *images[i].reference.tag;
    target.digest = images[i].digest.text();
    target.length = images[i].length;
    target.roles = roles;
    target.status = to_string(result.statuses[i]);
    text.push_back(repository.gun + ":" + target.name + ": " +
                   (dry_run && *target.status != "unchanged" ? "would be " : "") + *target.status + " as " +
                   target.digest + " (" + std::to_string(target.length) + " bytes) in " + join(roles));
    repository.targets.push_back(std::move(target));
  }
  if (dry_run) {
    OrderedJson files = OrderedJson::array();
    for (const auto& file : result.changes.files) {
      files.push_back({{"role", file.role.text()}, {"version", file.version}, {"bytes", file.bytes.size()}});
      text.push_back("  would publish " + file.role.text() + " version " + std::to_string(file.version) +
                     " (" + std::to_string(file.bytes.size()) + " bytes)");
    }
    repository.more["would_publish"] = std::move(files);
  }
}

void sign(const SignOptions& options, Runtime& runtime, Report& report) {
  const std::optional<Policy> policy = read_policy(options.policy);
  SignRequest request;
  request.roles = parse_roles(options.roles);
  request.allow_move = options.allow_move;
  std::map<tuf::Gun, std::vector<ResolvedImage>> by_repository;  // one transaction for each
  for (ResolvedImage& image : resolve(options))
    by_repository[image.reference.gun].push_back(std::move(image));

  for (const auto& [gun, images] : by_repository) {
    Runtime::Repository repository = runtime.open(gun, Access::kPublish);
    RepositoryReport& described = report.repositories.emplace_back();
    described.gun = gun.text();
    described.server = repository.store->name();
    described.published = false;
    request.images.clear();
    for (const ResolvedImage& image : images) request.images.push_back(to_target(image));
    if (request.roles.empty()) {
      repository.load.likely.push_back(tuf::RoleName::of("targets/releases"));
    } else {
      for (const tuf::RoleName& role : request.roles) {
        if (role.is_delegation()) repository.load.likely.push_back(role);
      }
    }
    PublishOptions publish;
    publish.dry_run = runtime.dry_run();
    std::optional<GuardedRepository> guarded;
    if (policy) guarded.emplace(*policy, options.policy, options.allow_move, gun, runtime, report.warnings);
    request.guard = guarded ? &guarded->guard() : nullptr;
    const SignedImages result = [&] {
      try {
        return sign_images(*repository.store, repository.seen, repository.load, request, runtime.keys(),
                           publish, report.warnings);
      } catch (const tuf::Error&) {
        if (guarded) guarded->describe_refusal(described);
        throw;
      }
    }();
    describe(result, images, runtime.dry_run(), described, report.text);
    if (guarded) {
      guarded->describe(described, report.warnings);
      guarded->remember(result.changes, report.warnings);
    }
    for (Warning& warning : health_warnings(result.changes.repository))
      report.warnings.push_back(std::move(warning));
  }
}

}  // namespace

void add_sign(Grammar& grammar) {
  auto options = std::make_shared<SignOptions>();
  CLI::App* c = grammar.command("sign", "Sign image tags and publish them", options, sign);
  add_operand(c, "image", options->images, "IMAGE", "[registry/]repository:tag[@sha256:…]");
  grammar.add_signing_keys(c);
  add_values(c, "--role", options->roles, "Sign into exactly this role (repeatable)", "ROLE");
  add_value(c, "--size", options->size, "Bytes of the manifest, with an explicit digest", "N");
  add_value(c, "--oci-layout", options->oci_layout, "Digest and size from an OCI image layout", "DIR[:REF]");
  c->add_flag("--allow-move", options->allow_move, "Sign a tag that is signed with another digest");
  PolicyOptions& policy = options->policy;
  add_value(c, "--policy", policy.file, "Sign only what this policy allows, and adopt nothing foreign",
            "FILE");
  c->add_flag("--quarantine", policy.quarantine,
              "Drop foreign entries of targets/releases instead of stopping");
  c->add_flag("--no-resign-guard", policy.no_resign_guard,
              "Sign targets/releases with whatever stands in it");
}

}  // namespace agent
