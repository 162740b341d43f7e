#include "agent/report/report.h"

#include "tests/support/catch.h"

TEST_CASE("The report of success has every member and no error") {
  agent::Report report;
  report.command = "sign";
  report.repositories.emplace_back().gun = "registry.example.com/app";
  report.repositories.back().published = true;
  report.repositories.back().targets.emplace_back().name = "1.0";
  report.warnings.push_back({"NO_IDENTITY_ROLE", "line\nbreak"});

  const auto json = nlohmann::json::parse(to_json(report, std::nullopt));

  CHECK(json["schema"] == "countersign/v1");
  CHECK(json["command"] == "sign");
  CHECK(json["ok"] == true);
  CHECK(json["exit_code"] == 0);
  CHECK(json["error"].is_null());
  CHECK(json["repositories"][0]["gun"] == "registry.example.com/app");
  CHECK(json["repositories"][0]["published"] == true);
  CHECK_FALSE(json["repositories"][0].contains("attempts"));
  CHECK(json["repositories"][0]["roles"].is_array());
  CHECK(json["repositories"][0]["targets"][0]["name"] == "1.0");
  CHECK_FALSE(json["repositories"][0]["targets"][0].contains("verdict"));
  CHECK(json["warnings"][0]["message"] == "line\\nbreak");
}

TEST_CASE("The report of a failure says what, with which exit code, and what mends it") {
  agent::Report report;
  report.command = "verify";
  const tuf::Error error(tuf::ErrorCode::kNotSigned, "app:1.0 is not signed \x1b[2J", "sign \x1b[2J it");

  const auto json = nlohmann::json::parse(to_json(report, error));

  CHECK(json["ok"] == false);
  CHECK(json["exit_code"] == 6);
  CHECK(json["error"]["code"] == "NOT_SIGNED");
  CHECK(json["error"]["message"] == "app:1.0 is not signed \\x1b[2J");
  CHECK(json["error"]["hint"] == "sign \\x1b[2J it");
  CHECK(json["repositories"].empty());
}
