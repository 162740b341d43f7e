#include "agent/work/signer_name.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"

using tuf::ErrorCode;

TEST_CASE("Signer names are those that Docker takes") {
  for (const char* name : {"jenkins", "a", "0", "ci-prod_2"}) {
    INFO(name);
    CHECK_NOTHROW(agent::require_signer_name(name));
  }
  for (const char* name :
       {"", "releases", "Jenkins", "-a", "_a", "a/b", "a.b", "a b", "a\n", "\x1b[2J", "é", ".."}) {
    INFO(name);
    CHECK_ERROR(agent::require_signer_name(name), ErrorCode::kInvalidRole);
  }
}
