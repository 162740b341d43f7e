// What `docker trust inspect` prints, for scripts that read it (section 8.4).
#pragma once

#include <string>
#include <vector>

#include "tuf/trust/trusted_repository.h"
#include "tuf/view/tag_view.h"

namespace agent {

/// The JSON array, indented as Docker does it. `name` is the argument as the user wrote it.
std::string docker_json(const tuf::TrustedRepository& repository, const std::vector<tuf::TagView>& tags,
                        const std::string& name);

/// The text of `docker trust inspect --pretty`, by lines.
std::vector<std::string> docker_pretty(const tuf::TrustedRepository& repository,
                                       const std::vector<tuf::TagView>& tags, const std::string& name);

}  // namespace agent
