#include "agent/store/notary_server.h"

#include "tests/support/catch.h"
#include "tests/support/error_code.h"
#include "tests/support/errors.h"
#include "tests/support/fake_http.h"
#include "tests/support/test_data.h"
#include "tuf/base/hex.h"
#include "tuf/json/json.h"

using agent::FileRequest;
using agent::HttpMethod;
using agent::HttpRequest;
using agent::HttpResponse;
using agent::NotaryServer;
using agent::PublishResult;
using agent::Url;
using test::FakeHttp;
using test::response;
using tuf::ErrorCode;
using tuf::RoleName;

namespace {

struct Lab {
  explicit Lab(FakeHttp::Answer answer) : http(std::make_shared<FakeHttp>(std::move(answer))) {}
  explicit Lab(const HttpResponse& answer) : Lab([answer](const HttpRequest&) { return answer; }) {}

  std::shared_ptr<FakeHttp> http;
  NotaryServer store{http, Url::of_server("https://n.example:4443/trust/"),
                     tuf::Gun::of("localhost:5000/team/app")};
};

const std::vector<agent::RoleFile> kFiles = {{RoleName::of("targets/releases"), "{\"r\":1}"},
                                             {RoleName::of("targets"), "{\"t\":1}"}};

std::string error_body(const std::string& code) {
  return R"({"errors":[{"code":")" + code + R"(","message":"because","detail":{}}]})";
}

}  // namespace

TEST_CASE("where a file is only guessed, an error of the store is as good as no file") {
  // What a notary-server on a database answers for a delegation that its snapshot does not name.
  const int status = GENERATE(404, 500, 503);
  Lab lab([&](const HttpRequest& request) {
    return request.url.ends_with("/releases.json") ? response(status, error_body("UNKNOWN"))
                                                   : response(200, "{}");
  });
  FileRequest guess{RoleName::of("targets/releases")};
  guess.is_guess = true;
  const auto files = lab.store.fetch({{RoleName::of("timestamp")}, guess});
  CHECK(files[0] == "{}");
  CHECK_FALSE(files[1]);
  if (status == 404) return;
  guess.is_guess = false;
  CHECK_ERROR(lab.store.fetch({guess}), ErrorCode::kServerError);
}

TEST_CASE("a guess that the server may not answer is refused as everything is") {
  Lab lab(response(401));
  FileRequest guess{RoleName::of("targets/releases")};
  guess.is_guess = true;
  CHECK_ERROR(lab.store.fetch({guess}), ErrorCode::kUnauthorized);
}

TEST_CASE("files are asked for by role, hash and version in one batch") {
  Lab lab([](const HttpRequest& request) {
    return request.url.ends_with("/timestamp.json") ? response(404) : response(200, request.url);
  });
  const tuf::Bytes hash(32, 0xab);
  const auto files = lab.store.fetch({{RoleName::of("root")},
                                      {RoleName::of("timestamp")},
                                      {RoleName::of("targets/releases"), FileRequest::WithHash{hash}, 777},
                                      {RoleName::of("root"), FileRequest::WithVersion{2}}});
  const std::string base = "https://n.example:4443/trust/v2/localhost:5000/team/app/_trust/tuf/";
  REQUIRE(files.size() == 4);
  CHECK(files[0] == base + "root.json");
  CHECK_FALSE(files[1]);
  CHECK(files[2] == base + "targets/releases." + tuf::to_hex(hash) + ".json");
  CHECK(files[3] == base + "2.root.json");
  CHECK(lab.http->batch_sizes == std::vector<std::size_t>{4});
  CHECK(lab.http->requests[0].max_response == tuf::kMaxMetadataLength);
  CHECK(lab.http->requests[1].max_response == 1 << 20);
  CHECK(lab.http->requests[2].max_response == 777);
  CHECK(lab.store.name() == "n.example:4443");
}

TEST_CASE("an answer that is neither a file nor its absence is an error") {
  struct Row {
    int status;
    ErrorCode code;
  };
  const Row row = GENERATE(Row{401, ErrorCode::kUnauthorized}, Row{403, ErrorCode::kForbidden},
                           Row{500, ErrorCode::kServerError}, Row{503, ErrorCode::kServerError},
                           Row{301, ErrorCode::kServerError}, Row{204, ErrorCode::kServerError},
                           Row{206, ErrorCode::kServerError}, Row{429, ErrorCode::kServerError},
                           Row{410, ErrorCode::kServerError});
  CAPTURE(row.status);
  Lab lab(response(row.status, error_body("UNKNOWN")));
  CHECK_ERROR(lab.store.fetch({{RoleName::of("root")}}), row.code, std::to_string(row.status));
}

TEST_CASE("a redirect is shown, not followed, and cannot forge a line") {
  Lab lab(response(301, {}, {{"location", "https://evil.example/\x1b[2K"}}));
  CHECK_ERROR(lab.store.fetch({{RoleName::of("root")}}), ErrorCode::kServerError,
              "a redirect to https://evil.example/\\x1b[2K");
}

TEST_CASE("what answers in the place of a trust server is told where its answer tells") {
  const auto refusal = [](HttpResponse answer) {
    Lab lab(std::move(answer));
    return test::error_of([&] { lab.store.fetch({{RoleName::of("root")}, {RoleName::of("timestamp")}}); });
  };
  HttpResponse registry = response(404, "404 page not found\n");
  registry.headers.emplace("docker-distribution-api-version", "registry/2.0");
  const auto images_only = refusal(registry);
  REQUIRE(images_only);
  CHECK(images_only->code() == ErrorCode::kNoTrustData);
  CHECK(images_only->what() ==
        std::string("n.example:4443 is a registry without a trust server, so it has no trust data for "
                    "localhost:5000/team/app"));
  const auto page = refusal(response(200, "\n<!DOCTYPE html><html></html>"));
  REQUIRE(page);
  CHECK(page->code() == ErrorCode::kMalformedMetadata);
  CHECK_THAT(page->what(), Catch::Contains("answers with a web page"));
  CHECK_THAT(page->hint(), Catch::Contains("--server URL"));

  // Docker's own server is both; a folder that a web server serves says that something is not there by a
  // page.
  registry.body = error_body("METADATA_NOT_FOUND");
  CHECK_FALSE(refusal(registry));
  CHECK_FALSE(refusal(response(404, "<html>Not Found</html>")));
}

TEST_CASE("the server's key is rebuilt from its answer") {
  const auto snapshot_key =
      tuf::parse_json(test::read_data("vectors/repo/2-rotate-snapshot/root.json"), "root");
  const auto& signed_part = snapshot_key["signed"];
  const std::string id = signed_part["roles"]["timestamp"]["keyids"][0];
  const auto& object = signed_part["keys"][id];
  Lab lab(response(200, R"({"keyval":{"private":null,"public":")" +
                            object["keyval"]["public"].get<std::string>() + R"("},"keytype":")" +
                            object["keytype"].get<std::string>() + "\"}"));
  CHECK(tuf::key_id(lab.store.server_key(RoleName::of("timestamp"))).hex() == id);
  CHECK(lab.http->requests[0].url ==
        "https://n.example:4443/trust/v2/localhost:5000/team/app/_trust/tuf/timestamp.key");
  CHECK(lab.http->requests[0].max_response == 256 << 10);
}

TEST_CASE("a key that could never verify anything is not taken from the server") {
  const auto* body = GENERATE("", "{}", "[]", R"({"keytype":"ecdsa"})", R"({"keytype":"ecdsa","keyval":{}})",
                              R"({"keytype":"ecdsa","keyval":{"public":1}})",
                              R"({"keytype":"ecdsa","keyval":{"public":"AAAA","private":null}})",
                              R"({"keytype":"dsa","keyval":{"public":"AAAA","private":null}})");
  CAPTURE(body);
  Lab lab(response(200, body));
  CHECK_ERROR(lab.store.server_key(RoleName::of("snapshot")), ErrorCode::kServerError, "snapshot key");
}

TEST_CASE("a publish is one POST whose parts are named after their roles") {
  Lab lab(response(200));
  CHECK(lab.store.publish(kFiles) == PublishResult::kStored);
  REQUIRE(lab.http->requests.size() == 1);
  const HttpRequest& request = lab.http->requests[0];
  CHECK(request.method == HttpMethod::kPost);
  CHECK(request.url == "https://n.example:4443/trust/v2/localhost:5000/team/app/_trust/tuf/");
  REQUIRE(request.parts.size() == 2);
  CHECK(request.parts[0].file_name == "targets/releases");
  CHECK(request.parts[0].content.view() == "{\"r\":1}");
  CHECK(request.parts[1].file_name == "targets");
}

TEST_CASE("a lost race is a conflict in all three of its forms") {
  CHECK(Lab(response(400, error_body("VERSION"))).store.publish(kFiles) == PublishResult::kConflict);
  CHECK(Lab(response(500, error_body("UPDATING"))).store.publish(kFiles) == PublishResult::kConflict);
  CHECK(Lab(response(409)).store.publish(kFiles) == PublishResult::kConflict);
}

TEST_CASE("an answer that does not say what became of a publish leaves it unknown") {
  const int status = GENERATE(201, 202, 204, 500, 502, 503, 504);
  CAPTURE(status);
  CHECK(Lab(response(status, error_body("UNKNOWN"))).store.publish(kFiles) == PublishResult::kUnknown);
}

TEST_CASE("a publish that may have arrived is unknown, one that cannot have is an error") {
  const auto thrower = [](ErrorCode code) {
    return FakeHttp::Answer([code](const HttpRequest&) -> HttpResponse { throw tuf::Error(code, "x"); });
  };
  for (const auto code : {ErrorCode::kConnectionLost, ErrorCode::kTimeout, ErrorCode::kServerError}) {
    CHECK(Lab(thrower(code)).store.publish(kFiles) == PublishResult::kUnknown);
  }
  for (const auto code : {ErrorCode::kServerUnreachable, ErrorCode::kTlsFailed, ErrorCode::kUnauthorized,
                          ErrorCode::kForbidden}) {
    Lab lab(thrower(code));
    CHECK_ERROR(lab.store.publish(kFiles), code);
  }
}

TEST_CASE("a publish that the server refuses says why") {
  struct Row {
    int status;
    ErrorCode code;
    const char* message;
  };
  const Row row =
      GENERATE(Row{400, ErrorCode::kServerRejected, "INVALID_UPDATE: because"},
               Row{413, ErrorCode::kServerRejected, "too large"}, Row{401, ErrorCode::kUnauthorized, "401"},
               Row{403, ErrorCode::kForbidden, "403"}, Row{404, ErrorCode::kServerError, "404"},
               Row{405, ErrorCode::kServerRejected, "405"}, Row{501, ErrorCode::kServerRejected, "501"},
               Row{301, ErrorCode::kServerError, "redirect"}, Row{429, ErrorCode::kServerError, "429"});
  CAPTURE(row.status);
  Lab lab(response(row.status, error_body("INVALID_UPDATE")));
  CHECK_ERROR(lab.store.publish(kFiles), row.code, row.message);
}

TEST_CASE("whether one may publish is asked for without publishing") {
  Lab lab(response(200, "{}"));
  lab.store.require_publishing();
  REQUIRE(lab.http->requests.size() == 1);
  CHECK(lab.http->requests[0].method == HttpMethod::kGet);
  CHECK(lab.http->requests[0].url ==
        "https://n.example:4443/trust/v2/localhost:5000/team/app/_trust/tuf/timestamp.key");
}

TEST_CASE("a server without keys takes nothing, one in trouble may later") {
  CHECK_ERROR(Lab(response(404)).store.require_publishing(), ErrorCode::kServerRejected,
              "nothing can be published");
  CHECK_ERROR(Lab(response(500)).store.require_publishing(), ErrorCode::kServerError, "500");
  CHECK_ERROR(Lab(response(403)).store.require_publishing(), ErrorCode::kForbidden);
}
