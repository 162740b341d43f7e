#include "agent/cli/foreign_command.h"

#include <algorithm>
#include <array>

namespace agent {
namespace {

constexpr std::array kForeign = {ForeignCommand{"trust sign", "docker", "sign"},
                                 ForeignCommand{"trust revoke", "docker", "revoke"},
                                 ForeignCommand{"trust inspect", "docker", "inspect"},
                                 ForeignCommand{"trust view", "docker", "inspect"},
                                 ForeignCommand{"trust key", "docker", "key"},
                                 ForeignCommand{"trust signer", "docker", "signer"},
                                 ForeignCommand{"trust", "docker", "sign"},
                                 ForeignCommand{"addhash", "notary", "sign"},
                                 ForeignCommand{"add", "notary", "sign"},
                                 ForeignCommand{"publish", "notary", "sign"},
                                 ForeignCommand{"remove", "notary", "revoke"},
                                 ForeignCommand{"lookup", "notary", "verify"},
                                 ForeignCommand{"init", "notary", "repo init"},
                                 ForeignCommand{"rotate", "notary", "repo rotate"},
                                 ForeignCommand{"delete", "notary", "repo delete"},
                                 ForeignCommand{"generate-key-pair", "cosign", "key generate"},
                                 ForeignCommand{"import-key-pair", "cosign", "key import"},
                                 ForeignCommand{"public-key", "cosign", "key export"},
                                 ForeignCommand{"tree", "cosign", "inspect"}};

std::optional<ForeignCommand> find(std::string_view words) {
  const auto found =
      std::find_if(kForeign.begin(), kForeign.end(), [&](const auto& row) { return row.theirs == words; });
  return found == kForeign.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

std::optional<ForeignCommand> command_for(const std::string& first, const std::string& second) {
  if (const auto both = second.empty() ? std::nullopt : find(first + " " + second)) return both;
  return find(first);
}

}  // namespace agent
