#include "agent/http/error_body.h"

#include "tests/support/catch.h"

using agent::ErrorBody;

TEST_CASE("a server's reason is shown with code, message and detail") {
  const ErrorBody error = ErrorBody::parse(
      R"({"errors":[{"code":"INVALID_UPDATE","message":"Update sent by the client is invalid.",)"
      R"("detail":{"Name":"ErrValidation","Error":{"Msg":"no root"}}}]})");
  CHECK(error.code == "INVALID_UPDATE");
  CHECK(
      error.text() ==
      R"(INVALID_UPDATE: Update sent by the client is invalid. ({"Error":{"Msg":"no root"},"Name":"ErrValidation"}))");
  CHECK(ErrorBody::parse(R"({"errors":[{"code":"VERSION","message":"m","detail":{}}]})").text() ==
        "VERSION: m");
  CHECK(ErrorBody::parse(R"({"errors":[{"code":"X","detail":null}]})").text() == "X");
  CHECK(ErrorBody::parse(R"({"errors":[{"code":"INVALID_ROLE","detail":"a/b"}]})").text() ==
        "INVALID_ROLE (a/b)");
}

TEST_CASE("a body that gives no reason is none") {
  const auto* body =
      GENERATE("", "<html>", "[]", "{}", R"({"errors":[]})", R"({"errors":{}})", R"({"errors":[1]})",
               R"({"errors":[{}]})", R"({"errors":[{"code":1,"message":[]}]})");
  CAPTURE(body);
  CHECK(ErrorBody::parse(body).text().empty());
}

TEST_CASE("a server's reason can neither forge lines nor flood the log") {
  const std::string body =
      R"({"errors":[{"code":"X","message":"a\nerror[OK]: \u001b[2K)" + std::string(5000, 'y') + R"("}]})";
  const std::string text = ErrorBody::parse(body).text();
  CHECK(text.size() <= 1024);
  CHECK(text.find('\n') == std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
}
