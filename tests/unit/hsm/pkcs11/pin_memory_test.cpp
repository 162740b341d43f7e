// The PIN is in memory while it may be needed again, and nowhere once the token is closed.
#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <sstream>

#include "tests/support/catch.h"
#include "tests/support/fake_module.h"
#include "tests/unit/hsm/pkcs11/token_fixture.h"

namespace {

/// How often `needle` XOR 0x5a stands in this process's writable memory.
int copies_in_memory(const std::vector<char>& masked) {
  int count = 0;
  const int memory = ::open("/proc/self/mem", O_RDONLY);
  std::ifstream maps("/proc/self/maps");
  static std::vector<char> block(64 * 1024 * 1024);
  for (std::string line; std::getline(maps, line);) {
    unsigned long first = 0;
    unsigned long last = 0;
    char rights[5] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &first, &last, rights) != 3 || rights[1] != 'w') continue;
    const auto own = reinterpret_cast<unsigned long>(block.data());
    if (first <= own && own < last) continue;  // what this function reads into
    const std::size_t size = std::min<std::size_t>(last - first, block.size());
    const ssize_t got = ::pread(memory, block.data(), size, static_cast<off_t>(first));
    for (ssize_t at = 0; at + static_cast<ssize_t>(masked.size()) <= got; ++at) {
      std::size_t same = 0;
      while (same < masked.size() && (block[static_cast<std::size_t>(at) + same] ^ 0x5a) == masked[same])
        ++same;
      if (same == masked.size()) ++count;
    }
  }
  ::close(memory);
  return count;
}

}  // namespace

TEST_CASE("no copy of the PIN is left once the token is closed, libp11's included") {
  // A PIN that is long enough to be found by chance nowhere, and known here in masked form only.
  const char* masked_text = "\x6b\x68\x69\x6e";  // 1234, the fake token's PIN
  REQUIRE((masked_text[0] ^ 0x5a) == '1');
  const test::FakeModule fake("pin-length=24");
  std::vector<char> masked;
  for (int i = 0; i < 6; ++i) masked.insert(masked.end(), masked_text, masked_text + 4);
  const auto open_and_close = [&](int* while_open) {
    std::string pin;
    for (const char c : masked) pin += static_cast<char>(c ^ 0x5a);
    hsm::SecretSource secrets(
        std::map<std::string, std::string>{{"COUNTERSIGN_PIN_FILE", (fake.dir() / "pin").string()}});
    test::write_file(fake.dir() / "pin", pin);
    std::filesystem::permissions(fake.dir() / "pin", std::filesystem::perms::owner_read);
    std::memset(pin.data(), 0, pin.size());
    hsm::TokenSettings settings;
    settings.lock_folders = {fake.dir() / "lock"};
    const auto tokens = hsm::Tokens::create(settings, secrets);
    const auto key = tokens->open_key(hsm::TokenUri::parse(fake.uri(";object=key")));
    CHECK(test::signs(*key));
    *while_open = copies_in_memory(masked);
  };
  int while_open = 0;
  open_and_close(&while_open);
  CHECK(while_open > 0);  // the search finds what is there
  CHECK(copies_in_memory(masked) == 0);
}
