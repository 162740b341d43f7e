#include "agent/report/chain.h"

#include <algorithm>

#include "agent/report/chain_mermaid.h"
#include "agent/report/chain_svg.h"
#include "tests/support/catch.h"
#include "tests/support/repository_maker.h"
#include "tuf/view/tag_view.h"

using agent::Chain;
using agent::ChainRole;

namespace {

Chain chain_of(const test::RepositoryMaker& maker) {
  const tuf::TrustedRepository trusted = test::load(maker);
  return Chain::of(trusted, tuf::view_tags(trusted), "https://notary.example.com");
}

const ChainRole& role_of(const Chain& chain, const std::string& name) {
  const auto found = std::find_if(chain.roles.begin(), chain.roles.end(),
                                  [&](const auto& role) { return role.name == name; });
  REQUIRE(found != chain.roles.end());
  return *found;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// The names of the elements, in their order.
std::vector<std::string> elements(const std::string& document) {
  std::vector<std::string> names;
  for (std::size_t at = document.find('<'); at != std::string::npos; at = document.find('<', at + 1))
    names.push_back(document.substr(at, document.find_first_of(" >", at) - at));
  return names;
}

/// A chain in which every text from outside is `text`.
Chain made_of(const std::string& text) {
  Chain chain{"registry.example.com/app", text, "00", test::kNow, {}};
  for (const char* name : {"root", "targets", "snapshot", "timestamp"}) {
    ChainRole role{.name = name, .purpose = "a purpose"};
    if (role.name != "root") role.above = 0;
    chain.roles.push_back(role);
  }
  ChainRole usable{.name = "targets/" + text, .purpose = "signer " + text, .above = 1};
  usable.version = 1;
  usable.expires = test::kNow;
  usable.keys = {{text, text, true}, {text, text, false}};
  usable.paths = {text, text};
  usable.more_paths = 1;
  usable.tags = {{text, text, true}, {text, text, false}};
  ChainRole unusable = usable;
  unusable.state = ChainRole::State::kUnusable;
  unusable.state_word = "expired";
  unusable.problem = text;
  chain.roles.insert(chain.roles.end(), {usable, unusable});
  return chain;
}

}  // namespace

TEST_CASE("the chain names every role once, who vouches for it and with whose keys") {
  test::RepositoryMaker maker;
  const auto jenkins = test::TestSigner::generate();
  maker.add_delegation("targets/jenkins", jenkins);
  maker.add_delegation("targets/releases", {jenkins, test::TestSigner::generate()}, {"v"}, 2);
  maker.set_target("targets/jenkins", "v1", test::make_target("1"));
  maker.set_target("targets/releases", "v1", test::make_target("1"));
  maker.publish();
  const Chain chain = chain_of(maker);
  std::vector<std::string> names;
  for (const ChainRole& role : chain.roles) names.push_back(role.name);
  CHECK(names.size() == 6);
  CHECK(std::vector(names.begin(), names.begin() + 4) ==
        std::vector<std::string>{"root", "targets", "snapshot", "timestamp"});
  CHECK_FALSE(role_of(chain, "root").above);
  CHECK(role_of(chain, "targets/jenkins").above == 1U);
  const ChainRole& releases = role_of(chain, "targets/releases");
  CHECK(agent::demanded_keys(releases) == "2 of 2 keys must sign");
  CHECK(releases.paths == std::vector<std::string>{"v"});
  REQUIRE(releases.tags.size() == 1);
  CHECK(releases.tags[0].released);
  CHECK(releases.keys.size() == 2);
  CHECK(std::all_of(releases.keys.begin(), releases.keys.end(),
                    [](const auto& key) { return key.has_signed; }));
  CHECK(releases.state == ChainRole::State::kUsable);
}

TEST_CASE("what nobody reads is shown as unusable, with why") {
  test::RepositoryMaker maker;
  maker.add_delegation("targets/jenkins", test::TestSigner::generate());
  maker.set_target("targets/jenkins", "1.0", test::make_target("1"));
  maker.publish();
  maker.targets.at("targets/jenkins").expires = maker.now - tuf::Days(1);
  maker.touch("targets/jenkins");
  maker.publish();
  const Chain chain = chain_of(maker);
  const ChainRole& role = role_of(chain, "targets/jenkins");
  CHECK(role.state == ChainRole::State::kUnusable);
  CHECK(role.state_word == "expired");
  CHECK_FALSE(role.problem.empty());
  CHECK(role.tags.empty());
  const std::string svg = agent::chain_svg(chain);
  CHECK(has(svg, "✕ expired, so nothing in it is read"));
  CHECK(has(svg, "class=\"card bad\""));
  CHECK(has(svg, "class=\"line bad\""));
  const std::string mermaid = agent::chain_mermaid(chain);
  CHECK(has(mermaid, "r1 -.-> r4"));
  CHECK(has(mermaid, "class r4 unusable"));
}

TEST_CASE("a picture is bounded, and counts what it leaves out") {
  test::RepositoryMaker maker;
  const auto signer = test::TestSigner::generate();
  maker.add_delegation("targets/releases", signer);
  for (int i = 0; i < 2006; ++i)
    maker.set_target("targets/releases", "v" + std::to_string(i), test::make_target("1"));
  for (int i = 0; i < 60; ++i) maker.add_delegation("targets/d" + std::to_string(i), signer);
  maker.publish();
  const Chain chain = chain_of(maker);
  const ChainRole& releases = role_of(chain, "targets/releases");
  CHECK(releases.tags.size() == Chain::kMaxTags);
  CHECK(releases.tags[0].name == "v2005");  // the newest, not the first of the alphabet
  CHECK(releases.more_tags == 2000);
  CHECK(chain.roles.size() == 4 + Chain::kMaxDelegations);
  CHECK(role_of(chain, "targets").more_below == 61 - Chain::kMaxDelegations);
  for (const std::string& picture : {agent::chain_svg(chain), agent::chain_mermaid(chain)}) {
    CHECK(has(picture, "and 2,000 more tags"));
    CHECK(has(picture, "and 37 more delegations"));
    CHECK(picture.size() < 80'000);
  }
}

TEST_CASE("keys of one role are bounded, those that have signed first") {
  test::RepositoryMaker maker;
  std::vector<tuf::PublicKey> listed;
  for (int i = 0; i < 9; ++i) listed.push_back(test::TestSigner::generate()->public_key());
  const auto signer = test::TestSigner::generate();
  listed.push_back(signer->public_key());
  maker.add_delegation("targets/jenkins", {signer}, {""}, 1, listed);
  maker.set_target("targets/jenkins", "1.0", test::make_target("1"));
  maker.publish();
  const Chain chain = chain_of(maker);
  const ChainRole& role = role_of(chain, "targets/jenkins");
  REQUIRE(role.keys.size() == Chain::kMaxKeys);
  CHECK(role.keys[0].id == signer->public_key().canonical_id().short_form());
  CHECK(role.keys[0].has_signed);
  CHECK_FALSE(role.keys[1].has_signed);
  CHECK(role.more_keys == 6);
  CHECK(agent::demanded_keys(role) == "1 of 10 keys must sign");
}

TEST_CASE("no text from outside becomes an element, an attribute or a line of a picture") {
  const std::vector<std::string> hostile = {"</text><script>alert(1)</script>",
                                            "\" onload=\"alert(1)",
                                            "' onload='alert(1)",
                                            "]]><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///'>]>&e;",
                                            "&#60;script&#62;",
                                            "</style><style>*{display:none}",
                                            "\"]\n  click r0 \"javascript:alert(1)\"",
                                            "a\x1b[31m\xe2\x80\xae\x01\xff",
                                            "`**bold**` #lt;b#gt; %%{init: {}}%% end"};
  const std::string harmless = "harmless";
  const auto expected = elements(agent::chain_svg(made_of(harmless)));
  for (const std::string& text : hostile) {
    CAPTURE(text);
    const std::string svg = agent::chain_svg(made_of(text));
    // A long problem takes more lines than a short one: beside those the picture is the same.
    std::vector<std::string> found = elements(svg);
    const auto count = [](const std::vector<std::string>& all, const char* name) {
      return std::count(all.begin(), all.end(), name);
    };
    const auto more = count(found, "<text") - count(expected, "<text");
    CHECK(more >= 0);
    CHECK(more <= 3);
    CHECK(found.size() == expected.size() + static_cast<std::size_t>(2 * more));
    for (const char* name : {"<script", "<style", "<!DOCTYPE", "<!ENTITY", "<b"})
      CHECK(count(found, name) == count(expected, name));
    CHECK_FALSE(has(svg, "\" onload"));
    for (const char c : {'\x1b', '\x01', '\xff'}) CHECK(svg.find(c) == std::string::npos);
    CHECK_FALSE(has(svg, "\xe2\x80\xae"));

    const std::string mermaid = agent::chain_mermaid(made_of(text));
    const std::string calm = agent::chain_mermaid(made_of(harmless));
    CHECK(std::count(mermaid.begin(), mermaid.end(), '\n') == std::count(calm.begin(), calm.end(), '\n'));
    CHECK(std::count(mermaid.begin(), mermaid.end(), '"') == std::count(calm.begin(), calm.end(), '"'));
    CHECK(std::count(mermaid.begin(), mermaid.end(), '<') == std::count(calm.begin(), calm.end(), '<'));
    CHECK(std::count(mermaid.begin(), mermaid.end(), '`') == 0);
  }
}

TEST_CASE("a picture is one file: no script, and nothing from elsewhere") {
  const std::string svg = agent::chain_svg(made_of("harmless"));
  CHECK(has(svg, "role=\"img\" aria-labelledby=\"chain-title chain-words\""));
  CHECK(has(svg, "<title id=\"chain-title\">Chain of trust of registry.example.com/app</title>"));
  CHECK(has(svg, "targets/harmless, vouched for by targets: "));
  CHECK(has(svg, "prefers-color-scheme:dark"));
  for (const char* part : {"<script", "<image", "<foreignObject", "href", "url(", "@import"})
    CHECK_FALSE(has(svg, part));
}

TEST_CASE("numbers are grouped, and one is not many") {
  CHECK(agent::grouped(999) == "999");
  CHECK(agent::grouped(49990) == "49,990");
  CHECK(agent::grouped(1234567) == "1,234,567");
  CHECK(agent::and_more(0, "tags").empty());
  CHECK(agent::and_more(1, "tags") == "and 1 more tag");
}
