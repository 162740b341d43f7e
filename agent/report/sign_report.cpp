#include "agent/report/sign_report.h"

#include "agent/report/change_report.h"
#include "agent/report/repository_report.h"
#include "tuf/base/hex.h"
#include "tuf/base/printable.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

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

}  // namespace

void describe_signed(const SignedImages& result, const std::vector<SourcedImage>& images,
                     const SignedReportOptions& options, RepositoryReport& repository,
                     std::vector<std::string>& text) {
  repository.published = result.changes.published;
  repository.attempts = result.changes.attempts;
  if (!options.dry_run) {
    for (const tuf::RoleName& role : result.roles)
      repository.roles.push_back(tuf::view_role(result.changes.repository, role));
  }
  const std::vector<std::string> roles = tuf::names_of(result.roles);
  for (std::size_t i = 0; i < images.size(); ++i) {
    TargetReport target;
    target.name = images[i].target.name;
    target.digest = digest_of(images[i].target);
    target.length = images[i].target.target.length;
    target.roles = roles;
    target.status = to_string(result.statuses[i]);
    OrderedJson provenance = describe_provenance(result.changes.repository, result.roles, target.name);
    if (!provenance.empty()) target.more["provenance"] = std::move(provenance);
    text.push_back(repository.gun + ":" + target.name + ": " +
                   (options.dry_run && *target.status != "unchanged" ? "would be " : "") + *target.status +
                   " as " + target.digest + " (" + std::to_string(*target.length) + " bytes) in " +
                   tuf::join(roles));
    target.more["source"] = tuf::printable(images[i].source);
    if (options.platforms && images[i].image) {
      target.more["platforms"] = platforms_json(*images[i].image);
      for (const ManifestChild& child : images[i].image->children)
        text.push_back("  " + child.platform.text() + "  " + tuf::printable(child.digest));
    }
    repository.targets.push_back(std::move(target));
  }
  if (!result.renewed.empty()) repository.more["renewed"] = tuf::names_of(result.renewed);
  for (const tuf::RoleName& role : result.renewed) {
    text.push_back("  " + role.text() + (options.dry_run ? " would be" : " is") +
                   " signed anew: a key that signs here had not signed it");
  }
  if (options.dry_run) describe_rehearsal(result.changes.files, repository, text);
}

}  // namespace agent
