#include "agent/image/source_claim.h"

#include <algorithm>

#include "tuf/base/error.h"

namespace agent {
namespace {

std::string value_text(const Digest& digest) {
  return digest.text();
}
std::string value_text(std::int64_t length) {
  return std::to_string(length) + " bytes";
}

/// The one value of `member` that the claims have; nullopt if none has any.
template <class Value>
std::optional<Value> common_value(const std::string& image, const std::vector<SourceClaim>& claims,
                                  std::optional<Value> SourceClaim::*member) {
  std::optional<Value> common;
  bool disagree = false;
  std::string said;
  for (const SourceClaim& claim : claims) {
    const std::optional<Value>& value = claim.*member;
    if (!value) continue;
    said += (said.empty() ? "" : ", ") + value_text(*value) + " (" + claim.origin + ")";
    disagree = disagree || (common && *common != *value);
    common = value;
  }
  if (disagree) {
    throw tuf::Error(tuf::ErrorCode::kSourcesDisagree, image + ": its sources disagree: " + said);
  }
  return common;
}

}  // namespace

SourceClaim SourceClaim::of(std::string origin, Manifest manifest) {
  SourceClaim claim{std::move(origin), manifest.digest, manifest.length, std::nullopt};
  claim.manifest = std::move(manifest);
  return claim;
}

SourceClaim agree(const std::string& image, const std::vector<SourceClaim>& claims) {
  SourceClaim all;
  for (const SourceClaim& claim : claims) all.origin += (all.origin.empty() ? "" : ", ") + claim.origin;
  all.digest = common_value(image, claims, &SourceClaim::digest);
  all.length = common_value(image, claims, &SourceClaim::length);
  const auto bytes = std::find_if(claims.begin(), claims.end(),
                                  [](const SourceClaim& claim) { return claim.manifest.has_value(); });
  if (bytes != claims.end()) all.manifest = bytes->manifest;
  return all;
}

}  // namespace agent
