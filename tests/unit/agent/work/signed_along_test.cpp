// What stands in releases and was not asked for is signed along only if the policy allows it whole.
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/unit/agent/work/guarding.h"
#include "tuf/base/time.h"
#include "tuf/view/provenance.h"

using test::Guarding;
using tuf::ErrorCode;

TEST_CASE("What is signed along is held by the roles that the rule demands") {
  Guarding g;
  g.rule["roles"] = {"targets/alice"};
  g.outside(g.jenkins, {"targets/jenkins", "targets/releases"}, "old", "old");
  g.outside(g.alice, {"targets/alice"}, "1.0", "a");
  CHECK_ERROR(g.sign("1.0", "a"), ErrorCode::kForeignEntry, "old");
  g.outside(g.alice, {"targets/alice"}, "old", "another");
  CHECK_ERROR(g.sign("1.0", "a"), ErrorCode::kForeignEntry, "old");
  g.outside(g.alice, {"targets/alice"}, "old", "old");
  CHECK(g.sign("1.0", "a").changes.published);
}

TEST_CASE("What is signed along was made when somebody says it was whom the rule asks") {
  Guarding g;
  g.rule = {{"images", {"**"}},
            {"signatures", {{"needed", 1}, {"of", {"ci", "qa"}}}},
            {"max_age_days", 30},
            {"provenance_by", {"qa"}}};
  const tuf::Json created = {
      {std::string(tuf::kProvenanceMember), {{"created", tuf::format_time(test::kNow)}}}};
  g.outside(g.jenkins, {"targets/jenkins", "targets/releases"}, "old", "old", created);
  g.outside(g.alice, {"targets/alice"}, "1.0", "a", created);
  CHECK_ERROR(g.sign("1.0", "a"), ErrorCode::kForeignEntry, "old");
  g.outside(g.alice, {"targets/alice"}, "old", "old", created);
  CHECK(g.sign("1.0", "a").changes.published);
}
