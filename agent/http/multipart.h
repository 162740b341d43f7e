// The body of a publish: multipart/form-data as section 1.4 has it.
#pragma once

#include <string>
#include <vector>

#include "agent/http/http_client.h"

namespace agent {

struct MultipartBody {
  std::string content_type;             // with the boundary
  std::vector<tuf::SharedText> pieces;  // one after the other
};

/// `boundary` must not occur in the parts: 30 random bytes in hex never do. Throws kInternal for a file name
/// that would need quoting; role names do not.
MultipartBody make_multipart(const std::vector<HttpPart>& parts, const std::string& boundary);

/// As above with a new random boundary.
MultipartBody make_multipart(const std::vector<HttpPart>& parts);

}  // namespace agent
