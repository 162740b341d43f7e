#include "agent/report/carried_options.h"

#include "tests/support/catch.h"

using agent::CarriedOptions;

namespace {

CarriedOptions given(const std::vector<std::pair<std::string, std::string>>& options) {
  CarriedOptions carried;
  for (const auto& [name, value] : options) carried.add(name, value);
  return carried;
}

const CarriedOptions kAll = given({{"--server", "https://trust.example"},
                                   {"--trust-dir", "/keys of ci"},
                                   {"--config", "c.json"},
                                   {"--allow-http", ""},
                                   {"--signing-key", "ci.pem"},
                                   {"--output", "json"},
                                   {"--policy", "p.json"}});

}  // namespace

TEST_CASE("A printed command gets the options that say where and with what it acts") {
  CHECK(kAll.into("countersign sign r.example/a:1") ==
        "countersign --server https://trust.example --trust-dir '/keys of ci' --config c.json --allow-http "
        "--signing-key ci.pem sign --policy p.json r.example/a:1");
  CHECK(kAll.into("see it (countersign list r.example/a), then") ==
        "see it (countersign --server https://trust.example --trust-dir '/keys of ci' --config c.json "
        "--allow-http list r.example/a), then");
  CHECK(kAll.into("see the keys with: countersign key list, or countersign token list") ==
        "see the keys with: countersign --trust-dir '/keys of ci' --config c.json key list, or countersign "
        "--config c.json token list");
  CHECK(kAll.into("countersign delegation list r.example/a").find("--signing-key") == std::string::npos);
  CHECK(given({}).into("countersign list r.example/a") == "countersign list r.example/a");
}

TEST_CASE("A command for somebody else gets what holds on their machine, too") {
  const std::string theirs = "countersign --server https://trust.example --allow-http ";
  for (const std::string before :
       {"an administrator adds it with: ", "whoever holds its key runs: ",
        "the repository's owner prints it: ", "first, where one of the remaining keys is: ",
        "alice (targets/alice) signs it: "}) {
    CHECK(kAll.into(before + "countersign witness r.example/a targets/a --policy FILE") ==
          before + theirs + "witness r.example/a targets/a --policy FILE");
  }
  CHECK_THAT(kAll.into("ask its owner; then: countersign list r.example/a"), Catch::Contains("--trust-dir"));
}

TEST_CASE("A command for somebody else names the server that only this machine has in a setting") {
  CarriedOptions standing;
  standing.set_standing_server("https://trust.example:4443");
  const std::string own = "run: countersign list r.example/a";
  CHECK(standing.into(own) == own);
  for (const std::string before :
       {"an administrator adds it with: ", "whoever holds its key runs: ",
        "the repository's owner prints it: ", "first, where one of the remaining keys is: ",
        "alice (targets/alice) signs it: "}) {
    const std::string theirs = before + "countersign --server https://trust.example:4443 list r.example/a";
    CHECK(standing.into(before + "countersign list r.example/a") == theirs);
    CHECK(standing.into(theirs) == theirs);
    for (const std::string local : {"countersign key list", "countersign token list"})
      CHECK(standing.into(before + local) == before + local);
  }
  CarriedOptions both = given({{"--server", "https://given.example"}, {"--allow-http", ""}});
  both.set_standing_server("https://given.example");
  CHECK(
      both.into("whoever holds it runs: countersign repo init r.example/a") ==
      "whoever holds it runs: countersign --server https://given.example --allow-http repo init r.example/a");
  standing.set_standing_server("file:/srv/my trust");
  CHECK(standing.into("its owner prints it:  countersign repo pin r.example/a") ==
        "its owner prints it:  countersign --server 'file:/srv/my trust' repo pin r.example/a");
}

TEST_CASE("A command that goes by the policy names the one that was given") {
  CHECK(given({{"--policy", "-p.json"}})
            .into("countersign witness r.example/a targets/a --policy FILE --bind") ==
        "countersign witness r.example/a targets/a --policy ./-p.json --bind");
  CHECK(given({{"--policy", "p.json"}}).into("add --policy FILE") == "add --policy FILE");
  CHECK(given({}).into("countersign witness r.example/a b --policy FILE") ==
        "countersign witness r.example/a b --policy FILE");
}

TEST_CASE("Every printed command that signs or takes away goes by the policy that the run went by") {
  const CarriedOptions by_option = given({{"--policy", "p.json"}});
  CarriedOptions by_file;
  by_file.set_standing_policy();
  for (const std::string command :
       {"repo refresh", "repo rotate", "signer rotate", "delegation remove", "revoke"}) {
    const std::string own = "run: countersign " + command + " r.example/a";
    const std::string theirs = "whoever holds it runs: countersign " + command;
    CHECK(by_option.into(own) == "run: countersign " + command + " --policy p.json r.example/a");
    CHECK(by_file.into(own) == own);
    CHECK(by_file.into(own + " --policy FILE") == own);
    for (const CarriedOptions& carried : {by_option, by_file})
      CHECK(carried.into(theirs + " r.example/a") == theirs + " --policy FILE r.example/a");
    CHECK(by_option.into(by_option.into(own)) == by_option.into(own));
  }
  CHECK(by_option.into("countersign repo init r.example/a") == "countersign repo init r.example/a");
}

TEST_CASE("Docker's folder is called by its name where it is not in the home directory") {
  CarriedOptions carried;
  CHECK(carried.into("put it into ~/.docker/tls/h/") == "put it into ~/.docker/tls/h/");
  carried.set_docker_dir("/etc/my docker");
  CHECK(carried.into("put it into ~/.docker/tls/h/") == "put it into '/etc/my docker'/tls/h/");
}

TEST_CASE("Carrying twice changes nothing more, and the name of the program in a sentence is left alone") {
  const std::string once =
      kAll.into("countersign repo init r.example/a; then countersign sign r.example/a:1");
  CHECK(kAll.into(once) == once);
  for (const std::string text : {"pipe it in: COMMAND | countersign …", "see: countersign --help",
                                 "what countersign does", "countersign"})
    CHECK(kAll.into(text) == text);
}

TEST_CASE("A folder is carried by its whole path, which holds wherever the command is run") {
  const std::string here = std::filesystem::current_path().string();
  for (const std::string before : {"", "whoever holds its key runs: "}) {
    CHECK(given({{"--server", "file:srv/../srv"}}).into(before + "countersign list r.example/a") ==
          before + "countersign --server file:" + here + "/srv list r.example/a");
    CHECK(given({{"--server", "file:///srv"}}).into(before + "countersign list r.example/a") ==
          before + "countersign --server file:///srv list r.example/a");
  }
}

TEST_CASE("A token's URI is carried without its PIN, so that it can be run") {
  CHECK(given({{"--signing-key", "pkcs11:token=a?pin-value=86420975&module-path=/m.so"}})
            .into("countersign sign r.example/a:1") ==
        "countersign --signing-key 'pkcs11:token=a?module-path=/m.so' sign r.example/a:1");
}

TEST_CASE("A secret that stands in an option is not carried") {
  CHECK_THAT(given({{"--signing-key", "pkcs11:token=a?pin-value=86420975"},
                    {"--server", "https://user:86420975@trust.example"}})
                 .into("countersign sign r.example/a:1"),
             !Catch::Contains("86420975"));
  for (const std::string server :
       {"file:user:86420975@trust.example", "file:user:8642/86420975@trust.example",
        "file:/srv/user:86420975@trust.example", "file:86420975@trust.example"}) {
    CAPTURE(server);
    CHECK_THAT(given({{"--server", server}}).into("countersign list r.example/a"),
               !Catch::Contains("86420975"));
    CarriedOptions standing;
    standing.set_standing_server(server);
    CHECK_THAT(standing.into("whoever has it: countersign list r.example/a"), !Catch::Contains("86420975"));
  }
}
