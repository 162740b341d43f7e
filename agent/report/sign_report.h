// What `sign` says of one repository: where each image stands now, or with --dry-run would.
#pragma once

#include <string>
#include <vector>

#include "agent/report/report.h"
#include "agent/work/images_to_sign.h"
#include "agent/work/sign_images.h"

namespace agent {

struct SignedReportOptions {
  bool dry_run = false;
  bool platforms = false;  // list the platforms of each image
};

void describe_signed(const SignedImages& result, const std::vector<SourcedImage>& images,
                     const SignedReportOptions& options, RepositoryReport& repository,
                     std::vector<std::string>& text);

}  // namespace agent
