// Decision: what a policy says of one image, with everything that speaks against it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace agent {

struct Decision {
  struct Reason {
    std::string code;     // "TEAM_MISSING"; stable
    std::string message;  // one line
    std::string mend;     // who could do what about it, one line
  };
  /// A signature that counts: the user's, over the image's digest, in that role.
  struct Signature {
    std::string user;
    std::string role;
    bool bound = false;  // the entry says that it was signed for this very role and repository
  };

  std::string image;  // as it was asked for
  std::string tag;    // the one that decided; empty if none did
  bool allowed = false;
  std::string rule;    // the pattern that decided; empty if none fits
  std::string digest;  // `sha256:…` of what pullers get, else of what was asked for; may be empty
  std::int64_t length = 0;
  std::string deploy;  // `repository@sha256:…`; only if it is allowed
  std::vector<Signature> signatures;
  std::vector<Reason> reasons;  // empty exactly if it is allowed
};

}  // namespace agent
