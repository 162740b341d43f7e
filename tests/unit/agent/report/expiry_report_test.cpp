#include "agent/report/expiry_report.h"

#include "tests/support/catch.h"
#include "tests/support/repository_maker.h"

using agent::ExpiryReport;
using tuf::RoleExpiry;

namespace {

tuf::Time at(const char* text) {
  return tuf::parse_time(text).value();
}

/// One repository with a role that has ended, one that ends within the warning, one that does not; another
/// repository that could not be read.
ExpiryReport example() {
  return {at("2027-01-01T00:00:00Z"),
          at("2027-01-31T00:00:00Z"),
          {{"registry.example.com/app",
            {{"root", 3, at("2036-01-01T00:00:00Z"), false},
             {"root certificate", 0, at("2030-01-01T00:00:00Z"), false},
             {"root certificate", 0, at("2031-01-01T00:00:00Z"), false},
             {"timestamp", 9, at("2027-01-05T00:00:00Z"), true},
             {"targets/old", 1, at("2026-12-30T12:00:00Z"), false},
             {"targets/soon", 2, at("2027-01-31T00:00:00Z"), false}},
            ""},
           {"registry.example.com/gone", {}, "no <trust> data"}}};
}

}  // namespace

TEST_CASE("due is what ends by the day asked for, unless the server renews it") {
  CHECK(example().due() == std::vector<std::string>{"targets/old of registry.example.com/app",
                                                    "targets/soon of registry.example.com/app"});
}

TEST_CASE("the table tells what is left of each role in whole days") {
  const std::vector<std::string> lines = example().text();
  REQUIRE(lines.size() == 8);
  CHECK(lines[1] == "registry.example.com/app   root              3        2036-01-01T00:00:00Z  3287  ok");
  CHECK(lines[4] ==
        "registry.example.com/app   timestamp         9        2027-01-05T00:00:00Z  4     renewed by the "
        "server");
  CHECK(lines[5] ==
        "registry.example.com/app   targets/old       1        2026-12-30T12:00:00Z  -2    expired");
  CHECK(lines[6] == "registry.example.com/app   targets/soon      2        2027-01-31T00:00:00Z  30    due");
  CHECK(lines[7] ==
        "registry.example.com/gone  -                 -        -                     -     no <trust> data");
}

TEST_CASE("JUnit counts what is due as failed, what cannot be read as an error, and escapes it") {
  const std::string xml = example().junit();
  CHECK(xml.find("tests=\"7\" failures=\"2\" errors=\"1\"") != std::string::npos);
  CHECK(xml.find("<error message=\"no &lt;trust&gt; data\"/>") != std::string::npos);
  CHECK(xml.find("<testcase name=\"targets/soon\" classname=\"registry.example.com/app\"><failure message="
                 "\"targets/soon expires at 2027-01-31T00:00:00Z\"/></testcase>") != std::string::npos);
}

TEST_CASE("Prometheus gets one series for each role, with Unix seconds") {
  const std::string text = example().prometheus();
  CHECK(text.find("countersign_role_expiry_timestamp_seconds{gun=\"registry.example.com/app\",role=\"targets/"
                  "soon\"} 1801353600\n") != std::string::npos);
  CHECK(text.find("role=\"root certificate\"} 1893456000\n") != std::string::npos);
  CHECK(text.find("1924992000") == std::string::npos);  // the second certificate
  CHECK(text.find("countersign_role_due{gun=\"registry.example.com/app\",role=\"targets/old\"} 1\n") !=
        std::string::npos);
  CHECK(text.find("countersign_repository_readable{gun=\"registry.example.com/gone\"} 0") !=
        std::string::npos);
}

TEST_CASE("every part of a repository has its end, the root's certificate too") {
  test::RepositoryMaker maker;
  maker.add_delegation("targets/jenkins", test::TestSigner::generate());
  maker.set_target("targets/jenkins", "1.0", test::make_target("1.0"));
  maker.publish();
  const auto expiries = tuf::role_expiries(test::load(maker), true);
  std::vector<std::string> names;
  for (const tuf::RoleExpiry& role : expiries) names.push_back(role.name);
  CHECK(names == std::vector<std::string>{"root", "root certificate", "targets", "snapshot", "timestamp",
                                          "targets/jenkins"});
  CHECK(expiries[1].expires == maker.root_certificate().not_after);
  CHECK(expiries[4].renewed_by_server);
  CHECK_FALSE(tuf::role_expiries(test::load(maker), false)[4].renewed_by_server);
}
