#include "tuf/keys/pem.h"

#include "tests/support/catch.h"
#include "tests/support/test_data.h"

using tuf::PemBlock;

namespace {

const tuf::Bytes kContent(70, 0x41);

std::string block(const std::string& label = "DATA") {
  return tuf::format_pem({label, {}, kContent});
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::size_t blocks_in(const std::string& text) {
  return tuf::parse_pem(text).size();
}

}  // namespace

TEST_CASE("PEM is written as Go writes it") {
  CHECK(tuf::format_pem({"TEST", {}, {}}) == "-----BEGIN TEST-----\n-----END TEST-----\n");
  CHECK(tuf::format_pem({"TEST", {{"role", "alice"}, {"gun", "x"}}, tuf::Bytes(49, 'a')}) ==
        "-----BEGIN TEST-----\ngun: x\nrole: alice\n\n"
        "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh\nYQ==\n-----END TEST-----\n");
  const std::string crt = test::read_data("vectors/repo/rel.crt");
  const std::vector<PemBlock> blocks = tuf::parse_pem(crt);
  REQUIRE(blocks.size() == 1);
  CHECK(tuf::format_pem(blocks[0]) == crt);
}

TEST_CASE("PEM as users bring it is read: line ends, widths, text around it, headers") {
  const std::string plain = block();
  const std::string text = GENERATE_COPY(values<std::string>(
      {plain, replaced(plain, "\n", "\r\n"), "text before\n" + plain + "text after\n",
       plain.substr(0, plain.size() - 1), "\n\n" + plain, replaced(plain, "QUFB", "QUFB\n"),
       replaced(plain, "-----BEGIN DATA-----\n", "-----BEGIN DATA-----\nrole: x\n\n"),
       replaced(plain, "\n-----END", "  \n-----END")}));
  CAPTURE(text);
  const std::vector<PemBlock> blocks = tuf::parse_pem(text);
  REQUIRE(blocks.size() == 1);
  CHECK(blocks[0].label == "DATA");
  CHECK(blocks[0].content == kContent);
}

TEST_CASE("headers are told apart from the body") {
  const auto blocks = tuf::parse_pem(
      "-----BEGIN K-----\nProc-Type: 4,ENCRYPTED\nrole:alice\nempty:\n\nQUFB\n-----END K-----\n");
  REQUIRE(blocks.size() == 1);
  CHECK(blocks[0].headers ==
        std::map<std::string, std::string>{{"Proc-Type", "4,ENCRYPTED"}, {"role", "alice"}, {"empty", ""}});
  CHECK(blocks[0].content == tuf::Bytes{'A', 'A', 'A'});
}

TEST_CASE("what is not a whole block is skipped, what follows is not") {
  const std::string plain = block();
  CHECK(blocks_in("") == 0);
  CHECK(blocks_in("-----BEGIN DATA-----\n") == 0);
  CHECK(blocks_in("-----BEGIN DATA-----\nQUFB\n") == 0);
  CHECK(blocks_in("-----END DATA-----\n") == 0);
  CHECK(blocks_in("-----BEGIN -----") == 0);
  CHECK(blocks_in("-----BEGIN ----") == 0);
  CHECK(blocks_in(replaced(plain, "END DATA", "END OTHER")) == 0);
  CHECK(blocks_in(replaced(plain, "QUFB", "Q*FB")) == 0);
  CHECK(blocks_in(replaced(plain, "END DATA", "END OTHER") + plain) == 1);
  CHECK(blocks_in(replaced(plain, "QUFB", "Q*FB") + plain) == 1);
  CHECK(blocks_in("-----BEGIN DATA-----\nQUFB\n" + plain) == 1);
  CHECK(blocks_in(plain + block("OTHER") + plain) == 3);
}

TEST_CASE("a recorded key file gives its headers and its content") {
  const auto blocks = tuf::parse_pem(test::read_data(
      "vectors/keystore/81370532e0762fc0f0a7f063ab6246bd446f4f6d0d578d65d052a5bf0e491716.key"));
  REQUIRE(blocks.size() == 1);
  CHECK(blocks[0].label == "ENCRYPTED PRIVATE KEY");
  CHECK(blocks[0].headers.at("role") == "targets");
  CHECK(blocks[0].headers.at("gun") == "registry.example.com/team/app");
  CHECK(blocks[0].content.size() == 241);
}

TEST_CASE("a byte order mark before a block does not hide it") {
  const std::string mark = "\xef\xbb\xbf";
  CHECK(blocks_in(mark + block()) == 1);
  CHECK(blocks_in(mark + replaced(block(), "\n", "\r\n")) == 1);
  CHECK(blocks_in(mark + block() + mark + block()) == 2);
  CHECK(blocks_in(mark + mark + block()) == 0);
}
