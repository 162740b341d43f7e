#include "agent/http/multipart.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/test_data.h"

TEST_CASE("an upload is byte for byte what the official client sends") {
  // The client's order of parts is random: that of the recording is kept.
  const auto* step = GENERATE("5-publish-1.0", "7-rotate-root", "8-odd-target-name");
  const std::string folder = std::string("vectors/repo/") + step + "/";
  const std::string expected = test::read_data(folder + "post-body.bin");
  const std::string type = test::read_data(folder + "post-content-type.txt");
  const std::string boundary = type.substr(type.find('=') + 1, 60);

  std::vector<agent::HttpPart> parts;
  const std::string mark = "filename=\"";
  for (std::size_t at = expected.find(mark); at != std::string::npos; at = expected.find(mark, at)) {
    at += mark.size();
    const std::string name = expected.substr(at, expected.find('"', at) - at);
    const std::size_t start = expected.find("\r\n\r\n", at) + 4;
    parts.push_back({name, expected.substr(start, expected.find("\r\n--" + boundary, start) - start)});
  }
  REQUIRE_FALSE(parts.empty());
  std::string content;
  for (const tuf::SharedText& piece : agent::make_multipart(parts, boundary).pieces) content += piece.view();
  CHECK(content == expected);
  CHECK(agent::make_multipart(parts, boundary).content_type ==
        type.substr(0, type.find_last_not_of('\n') + 1));
}

TEST_CASE("every upload has a boundary of its own") {
  const std::vector<agent::HttpPart> parts = {{"targets", "{}"}};
  CHECK(agent::make_multipart(parts).content_type != agent::make_multipart(parts).content_type);
}

TEST_CASE("a part's name cannot break out of its header") {
  CHECK_ERROR(agent::make_multipart({{"a\"; x=\"", ""}}, "b"), tuf::ErrorCode::kInternal);
  CHECK_ERROR(agent::make_multipart({{"a\r\nX: y", ""}}, "b"), tuf::ErrorCode::kInternal);
}
