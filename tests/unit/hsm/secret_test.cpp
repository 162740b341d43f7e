#include "hsm/secret.h"

#include <string>
#include <type_traits>

#include "tests/support/catch.h"

using hsm::Secret;

TEST_CASE("a secret holds its text, also a long one and an empty one") {
  const std::string long_text(10000, 'x');
  CHECK(Secret("hunter2").reveal().view() == "hunter2");
  CHECK(Secret(long_text).reveal().view() == long_text);
  CHECK(Secret("").empty());
  CHECK(Secret("").reveal().view().data() != nullptr);  // fit for C interfaces
}

TEST_CASE("a secret moves and leaves nothing behind") {
  Secret first("first");
  Secret second(std::move(first));
  CHECK(second.reveal().view() == "first");
  CHECK(first.empty());  // NOLINT: that is the point
  Secret third("third");
  third = std::move(second);
  CHECK(third.reveal().view() == "first");
  CHECK(second.empty());  // NOLINT
}

TEST_CASE("a secret cannot be copied") {
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<Secret>);
  STATIC_REQUIRE_FALSE(std::is_copy_assignable_v<Secret>);
}

TEST_CASE("a sealed secret does not stand in its memory and comes back whole") {
  const std::string text = "s3cret " + std::string(5000, 'x');
  const Secret secret(text);
  const Secret empty("");
  Secret moved(std::string_view("moved"));
  const char* memory = secret.reveal().view().data();
  Secret::seal_all();
  CHECK(std::string_view(memory, text.size()).find("s3cret") == std::string_view::npos);
  CHECK(std::string_view(memory, text.size()).find("xxxxxxxx") == std::string_view::npos);
  Secret::seal_all();  // twice changes nothing
  const Secret taken(std::move(moved));
  CHECK(secret.reveal().view() == text);
  CHECK(taken.reveal().view() == "moved");
  CHECK(empty.reveal().view().empty());
  Secret::seal_all();
  CHECK(secret.reveal().view() == text);
}

TEST_CASE("a secret that somebody looks at stays as it is until they are done") {
  const Secret secret("s3cret");
  const char* memory = nullptr;
  {
    const Secret::Text text = secret.reveal();
    memory = text.view().data();
    Secret::seal_all();
    CHECK(text.view() == "s3cret");
  }
  Secret::seal_all();
  CHECK(std::string_view(memory, 6) != "s3cret");
}
