#include <map>

#include "agent/cli/commands.h"
#include "agent/cli/operands.h"
#include "agent/cli/wanted_images.h"
#include "agent/report/printable.h"
#include "agent/report/repository_report.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"

namespace agent {
namespace {

struct SignOptions {
  ImageOptions images;
  std::vector<std::string> roles;
  bool allow_move = false;
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

OrderedJson platforms_json(const ResolvedImage& image) {
  OrderedJson platforms = OrderedJson::array();
  for (const ManifestChild& child : image.children) {
    platforms.push_back(
        {{"platform", child.platform.text()}, {"digest", child.digest}, {"length", child.length}});
  }
  return platforms;
}

/// What a puller compares.
std::string digest_of(const ImageToSign& image) {
  return "sha256:" + tuf::to_hex(image.target.hashes.at("sha256"));
}

void describe(const SignedImages& result, const std::vector<WantedImage>& images, const SignOptions& options,
              bool dry_run, RepositoryReport& repository, std::vector<std::string>& text) {
  repository.published = result.changes.published;
  repository.attempts = result.changes.attempts;
  if (!dry_run) {
    for (const tuf::RoleName& role : result.roles)
      repository.roles.push_back(describe_role(result.changes.repository, role));
  }
  const std::vector<std::string> roles = names_of(result.roles);
  for (std::size_t i = 0; i < images.size(); ++i) {
    TargetReport target;
    target.name = images[i].target.name;
    target.digest = digest_of(images[i].target);
    target.length = images[i].target.target.length;
    target.roles = roles;
    target.status = to_string(result.statuses[i]);
    text.push_back(repository.gun + ":" + target.name + ": " +
                   (dry_run && *target.status != "unchanged" ? "would be " : "") + *target.status + " as " +
                   target.digest + " (" + std::to_string(target.length) + " bytes) in " + join(roles));
    target.more["source"] = printable(images[i].source);
    if (options.images.platforms && images[i].image) {
      target.more["platforms"] = platforms_json(*images[i].image);
      for (const ManifestChild& child : images[i].image->children)
        text.push_back("  " + child.platform.text() + "  " + printable(child.digest));
    }
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

class Signing {
 public:
  Signing(const SignOptions& options, Runtime& runtime, Report& report)
      : options_(options), runtime_(runtime), report_(report) {
    request_.roles = parse_roles(options.roles);
    request_.allow_move = options.allow_move;
  }

  void run() {
    const std::map<tuf::Gun, std::vector<WantedImage>> wanted = wanted_images(options_.images, runtime_);
    // A release that cannot be published whole is not begun.
    if (wanted.size() > 1 && !runtime_.dry_run()) {
      for (const auto& [gun, images] : wanted) rehearse(gun, images);
    }
    for (const auto& [gun, images] : wanted) publish(gun, images);
    if (options_.images.check_registry && !runtime_.dry_run()) check_tags(wanted);
  }

 private:
  SignedImages sign(Runtime::Repository& repository, const std::vector<WantedImage>& images, bool dry_run,
                    std::vector<Warning>& warnings) {
    SignRequest request = request_;
    for (const WantedImage& image : images) request.images.push_back(image.target);
    if (request.roles.empty()) {
      repository.load.likely.push_back(tuf::RoleName::of("targets/releases"));
    } else {
      for (const tuf::RoleName& role : request.roles) {
        if (role.is_delegation()) repository.load.likely.push_back(role);
      }
    }
    PublishOptions publish;
    publish.dry_run = dry_run;
    return sign_images(*repository.store, repository.seen, repository.load, request, runtime_.keys(), publish,
                       warnings);
  }

  void rehearse(const tuf::Gun& gun, const std::vector<WantedImage>& images) {
    Runtime::Repository repository = runtime_.open(gun, Access::kPublish);
    std::vector<Warning> said_when_published;
    try {
      static_cast<void>(sign(repository, images, true, said_when_published));
    } catch (const tuf::Error& error) {
      throw error.with_context("nothing of the release was published, since one part cannot be");
    }
  }

  void publish(const tuf::Gun& gun, const std::vector<WantedImage>& images) {
    Runtime::Repository repository = runtime_.open(gun, Access::kPublish);
    RepositoryReport& described = report_.repositories.emplace_back();
    described.gun = gun.text();
    described.server = repository.store->name();
    described.published = false;
    const SignedImages result = sign(repository, images, runtime_.dry_run(), report_.warnings);
    describe(result, images, options_, runtime_.dry_run(), described, report_.text);
    for (Warning& warning : health_warnings(result.changes.repository))
      report_.warnings.push_back(std::move(warning));
  }

  void check_tags(const std::map<tuf::Gun, std::vector<WantedImage>>& wanted) {
    for (const auto& [gun, images] : wanted) {
      Registry registry = runtime_.open_registry(gun);
      for (const WantedImage& image : images) {
        if (image.image) check_registry(registry, *image.image, "after it was signed");
      }
    }
  }

  const SignOptions& options_;
  Runtime& runtime_;
  Report& report_;
  SignRequest request_;
};

void sign(const SignOptions& options, Runtime& runtime, Report& report) {
  Signing(options, runtime, report).run();
}

}  // namespace

void add_sign(Grammar& grammar) {
  auto options = std::make_shared<SignOptions>();
  CLI::App* c = grammar.command("sign", "Sign image tags and publish them", options, sign);
  add_image_options(c, options->images);
  grammar.add_signing_keys(c);
  add_values(c, "--role", options->roles, "Sign into exactly this role (repeatable)", "ROLE");
  c->add_flag("--allow-move", options->allow_move, "Sign a tag that is signed with another digest");
}
}  // namespace agent
