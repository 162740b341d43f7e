// SoftHSM loses its token when processes start together; the start-up lock is what keeps it.
#include "tests/support/catch.h"
#include "tests/support/forked.h"
#include "tests/support/soft_hsm.h"
#include "tests/unit/hsm/pkcs11/token_fixture.h"

TEST_CASE("sixteen processes that start together all find the token, log in and sign") {
  const test::SoftHsm hsm;
  hsm.add_token("ci");
  hsm.add_key("ci", "EC:prime256v1", "k", "01");
  for (int round = 0; round < 3; ++round) {
    const auto results = test::forked(16, [&] {
      test::TokenBench bench(hsm.dir().path());
      auto source = bench.tokens().key_source(hsm::TokenUri::parse(test::SoftHsm::uri("token=ci;object=k")));
      const auto keys = source->list();
      const auto signer = source->open(keys.at(0).canonical_id);
      for (int i = 0; i < 5; ++i) {
        if (!test::signs(*signer)) return 1;
      }
      return 0;
    });
    for (const auto& result : results) {
      INFO(result.errors);
      CHECK(result.exit_code == 0);
    }
  }
}
