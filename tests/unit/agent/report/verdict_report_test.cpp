#include "agent/report/verdict_report.h"

#include "tests/support/catch.h"

using agent::Verdict;
using agent::VerdictReport;

namespace {

/// One that is allowed, one that is refused for two reasons, one that could not be asked for.
VerdictReport example() {
  Verdict allowed;
  allowed.decision.image = "registry.example.com/app:1.0";
  allowed.decision.allowed = true;
  allowed.decision.rule = "registry.example.com/**";
  allowed.decision.deploy = "registry.example.com/app@sha256:00";
  allowed.decision.signatures = {{"jenkins", "targets/jenkins", true}, {"alice", "targets/alice"}};
  Verdict refused;
  refused.decision.image = "registry.example.com/app:2.0";
  refused.decision.rule = "registry.example.com/**";
  refused.decision.reasons = {{"TEAM_MISSING", "no member of qa & co\nhas signed", "alice signs it"},
                              {"PROVENANCE_REFUSED", "ref \"<b>|x</b>\"", "jenkins signs it"}};
  Verdict unknown;
  unknown.decision.image = "registry.example.com/gone:1";
  unknown.failure = tuf::Error(tuf::ErrorCode::kServerUnreachable, "no <route>");
  return {{allowed, refused, unknown}};
}

}  // namespace

TEST_CASE("Verdicts as text: what to deploy, or every reason; explained: who could mend it") {
  CHECK(example().text(false) ==
        std::vector<std::string>{"registry.example.com/app:1.0: allowed: registry.example.com/app@sha256:00",
                                 "registry.example.com/app:2.0: refused",
                                 "  no member of qa & co\\nhas signed", "  ref \"<b>|x</b>\"",
                                 "registry.example.com/gone:1: unknown", "  no <route>"});
  const std::vector<std::string> explained = example().text(true);
  CHECK(explained.at(2) ==
        "  signed by jenkins in targets/jenkins, alice in targets/alice (an entry that does not say for "
        "which role)");
  CHECK(explained.at(6) == "    alice signs it");
}

TEST_CASE("Without a policy a verdict says whether it is signed and by whom, in every format") {
  Verdict is_signed;
  is_signed.by_policy = false;
  is_signed.decision.image = "registry.example.com/app:1.0";
  is_signed.decision.allowed = true;
  is_signed.decision.deploy = "registry.example.com/app@sha256:00";
  is_signed.signed_by = "signed by <jenkins>";
  Verdict absent;
  absent.by_policy = false;
  absent.decision.image = "registry.example.com/app:2.0";
  absent.decision.reasons = {{"NOT_SIGNED", "it is not signed", "sign it"}};
  Verdict unknown = absent;
  unknown.failure = tuf::Error(tuf::ErrorCode::kServerUnreachable, "no <route>", "wait");
  CHECK(std::string(is_signed.word()) == "signed");
  CHECK(std::string(absent.word()) == "not signed");
  CHECK(std::string(unknown.word()) == "unknown");

  const VerdictReport report{{is_signed, absent, unknown}};
  CHECK(report.markdown() ==
        "| Image | Verdict | Deploy, or why not |\n|---|---|---|\n"
        "| registry.example.com/app:1.0 | signed | `registry.example.com/app@sha256:00`<br>"
        "signed by &lt;jenkins> |\n"
        "| registry.example.com/app:2.0 | not signed | it is not signed |\n"
        "| registry.example.com/app:2.0 | unknown | no &lt;route> |");
  CHECK(report.junit().find("<system-out>signed: registry.example.com/app@sha256:00, signed by "
                            "&lt;jenkins&gt;</system-out>") != std::string::npos);

  const agent::OrderedJson json = agent::verdict_json(unknown);
  CHECK(!json.contains("signatures"));
  CHECK(json["reasons"].dump() == R"([{"code":"SERVER_UNREACHABLE","message":"no <route>","mend":"wait"}])");
}

TEST_CASE("Verdicts as JUnit: a test for each image") {
  CHECK(example().junit() ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
        "  <testsuite name=\"countersign verify\" tests=\"3\" failures=\"1\" errors=\"1\">\n"
        "    <testcase name=\"registry.example.com/app:1.0\" classname=\"image\">"
        "<system-out>allowed: registry.example.com/app@sha256:00</system-out></testcase>\n"
        "    <testcase name=\"registry.example.com/app:2.0\" classname=\"image\">"
        "<failure message=\"no member of qa &amp; co\\nhas signed (alice signs it)\">"
        "no member of qa &amp; co\\nhas signed (alice signs it)\n"
        "ref &quot;&lt;b&gt;|x&lt;/b&gt;&quot; (jenkins signs it)\n</failure>"
        "<system-out>refused</system-out></testcase>\n"
        "    <testcase name=\"registry.example.com/gone:1\" classname=\"image\">"
        "<error message=\"no &lt;route&gt;\"/><system-out>unknown</system-out></testcase>\n"
        "  </testsuite>\n</testsuites>");
}

TEST_CASE("Verdicts as Markdown: a table that no name or claim can break") {
  CHECK(example().markdown() ==
        "| Image | Verdict | Deploy, or why not |\n|---|---|---|\n"
        "| registry.example.com/app:1.0 | allowed | `registry.example.com/app@sha256:00` |\n"
        "| registry.example.com/app:2.0 | refused | no member of qa &amp; co\\\\nhas signed<br>"
        "ref \"&lt;b>\\|x&lt;/b>\" |\n"
        "| registry.example.com/gone:1 | unknown | no &lt;route> |");
}
