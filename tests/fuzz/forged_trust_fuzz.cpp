// Forged trust data: whatever bytes take the place of a file of a genuine repository, they are refused unless
// their canonical form is that of a file that its owners have signed; and a refusal changes nothing.
//
// The first byte of an input chooses the file: 0 first root, 1 next root, 2 timestamp, 3 snapshot, 4 targets,
// 5 delegation.
#include <filesystem>
#include <functional>
#include <set>

#include "tests/fuzz/fuzz.h"
#include "tests/support/repository_maker.h"
#include "tests/support/test_data.h"

namespace {

using tuf::RoleName;
using tuf::TrustedRepository;

std::string genuine(const std::string& file) {
  return test::read_data("vectors/repo/" + file);
}

/// What the owners of the repository have ever signed.
std::set<std::string> signed_texts() {
  std::set<std::string> texts;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(TEST_DATA_DIR "/vectors/repo")) {
    if (!entry.is_regular_file() || entry.path().extension() != ".json") continue;
    const tuf::Json file = tuf::Json::parse(test::read_file(entry.path()));
    if (file.contains("signed")) texts.insert(tuf::canonical_json(file["signed"]));
  }
  return texts;
}

struct Step {
  std::function<void(TrustedRepository&, std::string)> accept;
  std::function<std::string(const TrustedRepository&)> accepted_text;
  std::string bytes;
};

/// In the order in which they are accepted.
const std::vector<Step>& steps() {
  static const RoleName releases = RoleName::of("targets/releases");
  static const std::string folder = "5-publish-1.0/";
  static const std::vector<Step> all = {
      {[](auto& r, std::string b) { r.accept_first_root(std::move(b), nullptr); },
       [](const auto& r) { return std::string(r.root().signed_text); }, genuine("1.root.json")},
      {[](auto& r, std::string b) { r.accept_next_root(std::move(b)); },
       [](const auto& r) { return std::string(r.root().signed_text); }, genuine("2.root.json")},
      {[](auto& r, std::string b) { r.accept_timestamp(std::move(b)); },
       [](const auto& r) { return std::string(r.timestamp().signed_text); },
       genuine(folder + "timestamp.json")},
      {[](auto& r, std::string b) { r.accept_snapshot(std::move(b)); },
       [](const auto& r) { return std::string(r.snapshot().signed_text); },
       genuine(folder + "snapshot.json")},
      {[](auto& r, std::string b) { r.accept_targets(std::move(b)); },
       [](const auto& r) { return std::string(r.targets().signed_text); }, genuine(folder + "targets.json")},
      {[](auto& r, std::string b) { r.accept_delegation(releases, std::move(b)); },
       [](const auto& r) { return std::string(r.find_delegation(releases)->metadata->signed_text); },
       genuine(folder + "targets+releases.json")}};
  return all;
}

/// The repository before each step.
std::vector<TrustedRepository> genuine_states() {
  std::vector<TrustedRepository> states{{tuf::Gun::of("registry.example.com/team/app"), test::kNow}};
  for (const Step& step : steps()) {
    states.push_back(states.back());
    step.accept(states.back(), step.bytes);
  }
  return states;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<TrustedRepository> states = genuine_states();
  static const std::set<std::string> all_signed = signed_texts();
  if (size == 0 || data[0] >= steps().size()) return 0;
  const std::size_t at = data[0];
  const Step& step = steps()[at];
  TrustedRepository repository = states[at];
  const std::string_view bytes = fuzz::as_text(data + 1, size - 1);
  const bool accepted = fuzz::attempt([&] {
                          step.accept(repository, std::string(bytes));
                          return true;
                        }).has_value();
  if (accepted) {
    fuzz::require(all_signed.contains(step.accepted_text(repository)), "only what was signed is accepted");
  } else if (tuf::Json::accept(bytes)) {  // for others it would be a waste of time
    step.accept(repository, step.bytes);  // throws if the refusal has changed anything
  }
  return 0;
}
