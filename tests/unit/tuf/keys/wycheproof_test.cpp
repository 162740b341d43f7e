// Project Wycheproof's signatures in Notary's forms, one JSON object a line: keytype, public (base64),
// method, msg (hex), sig (base64), valid. The file is not part of the project: WYCHEPROOF names it, and the
// test is hidden ([.wycheproof]) because it means nothing without.
#include <cstdlib>
#include <sstream>

#include "tests/support/catch.h"
#include "tests/support/test_data.h"
#include "tuf/base/base64.h"
#include "tuf/base/hex.h"
#include "tuf/json/json.h"
#include "tuf/keys/public_key.h"

TEST_CASE("every Wycheproof signature is judged as Wycheproof judges it", "[.wycheproof]") {
  const char* path = std::getenv("WYCHEPROOF");
  REQUIRE(path != nullptr);
  std::istringstream lines(test::read_file(path));
  std::size_t valid = 0;
  std::size_t invalid = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    const tuf::Json vector = tuf::Json::parse(line);
    CAPTURE(vector["id"]);
    const auto key = tuf::PublicKey::from_object({vector["keytype"], vector["public"]});
    const auto value = tuf::from_base64(vector["sig"].get<std::string>());
    const auto message = tuf::from_hex(vector["msg"].get<std::string>());
    REQUIRE(message);
    const bool verified =
        key && value && key->verifies({key->id().hex(), vector["method"], *value}, *message);
    CHECK(verified == vector["valid"].get<bool>());
    ++(vector["valid"].get<bool>() ? valid : invalid);
  }
  CHECK(valid > 0);
  CHECK(invalid > 0);
  WARN(valid << " valid and " << invalid << " invalid signatures");
}
