#include "tuf/base/shared_text.h"

#include "tests/support/catch.h"
#include "tuf/base/digest.h"

using tuf::SharedText;

TEST_CASE("A text has the digest of what it shows, whether it is a whole one or a part") {
  const SharedText whole = std::string("one and another");
  const SharedText part = whole.of(whole.view().substr(8));
  const auto digest_of = [](std::string_view text) { return tuf::sha256(tuf::as_bytes(text)); };
  for (int i = 0; i < 2; ++i) {  // also when it was computed before
    CHECK(whole.sha256() == digest_of("one and another"));
    CHECK(part.sha256() == digest_of("another"));
    CHECK(SharedText(whole).sha256() == whole.sha256());
    CHECK(SharedText().sha256() == digest_of(""));
  }
}
