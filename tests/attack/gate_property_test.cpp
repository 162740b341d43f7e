// The gate before the key, held to a ground truth: whatever honest and hostile people do in random order,
// never is a tag allowed unless those have asked for that very digest, in a command of their own, who must;
// and never is an honest run refused for what the policy allows.
//
// A failure names its seed and tells the shortest story that was found. To tell it again:
// GATE_SEED=SEED; GATE_SEQUENCES says how many from there (tests/proof/README.md).
#include <cstdlib>
#include <iostream>
#include <numeric>

#include "tests/attack/gate/world.h"
#include "tests/support/catch.h"
#include "tests/support/test_data.h"

namespace {

using gate::Mode;
using gate::Tally;
using gate::World;

constexpr std::size_t kSteps = 24;  // a sequence
constexpr std::size_t kQuick = 30;  // sequences; most of their time goes into reading keys

/// A trust directory in memory where there is such a thing: hundreds of files are flushed for each sequence.
class Folder {
 public:
  Folder() {
    const std::filesystem::path memory = "/dev/shm";
    std::string pattern =
        (std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path()) /
        "countersign-gate-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a folder for the test");
    path_ = pattern;
  }
  Folder(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct Outcome {
  std::string violation;  // empty: none
  std::string story;
};

/// `steps` by their numbers; each makes its own random choices, so that others can be left out.
Outcome play(std::uint64_t seed, Mode mode, const std::vector<std::size_t>& steps, Tally& tally) {
  const Folder folder;
  World world(seed, mode, folder.path(), tally);
  try {
    for (const std::size_t step : steps) world.step(seed * kSteps + step);
  } catch (const gate::Violation& violation) {
    return {violation.what(), world.story()};
  } catch (const std::exception& error) {
    return {std::string("unexpected: ") + error.what(), world.story()};
  }
  return {"", world.story()};
}

/// Leaves out what is not needed for a violation.
Outcome shrink(std::uint64_t seed, Mode mode, std::vector<std::size_t> steps, Outcome outcome) {
  Tally ignored;
  for (bool is_shorter = true; is_shorter;) {
    is_shorter = false;
    for (std::size_t i = steps.size(); i-- > 0;) {
      std::vector<std::size_t> fewer = steps;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      Outcome again = play(seed, mode, fewer, ignored);
      if (again.violation.empty()) continue;
      steps = std::move(fewer);
      outcome = std::move(again);
      is_shorter = true;
    }
  }
  return outcome;
}

std::uint64_t number(const char* variable, std::uint64_t otherwise) {
  const char* value = std::getenv(variable);
  return value ? std::strtoull(value, nullptr, 10) : otherwise;
}

Tally play_all(Mode mode, std::size_t sequences) {
  const std::uint64_t first = number("GATE_SEED", 1);
  sequences = number("GATE_SEQUENCES", std::getenv("GATE_SEED") ? 1 : sequences);
  std::vector<std::size_t> steps(kSteps);
  std::iota(steps.begin(), steps.end(), 0);
  Tally tally;
  for (std::uint64_t seed = first; seed < first + sequences; ++seed) {
    Outcome outcome = play(seed, mode, steps, tally);
    if (outcome.violation.empty()) continue;
    outcome = shrink(seed, mode, steps, outcome);
    FAIL("GATE_SEED=" << seed << ": " << outcome.violation << "\n" << outcome.story);
  }
  return tally;
}

/// What must have happened for the test to have tested anything.
void check_tally(const Tally& tally, std::size_t sequences) {
  for (const auto& [what, times] : tally) UNSCOPED_INFO(what << ": " << times);
  if (std::getenv("GATE_SEED")) return;
  const auto times = [&](const char* what) {
    const auto found = tally.find(what);
    return found == tally.end() ? 0 : found->second;
  };
  for (const char* what : {"verdict allowed", "verdict refused", "foreign found", "honest sign published",
                           "hostile replay stored", "hostile forgery stored"}) {
    INFO(what);
    CHECK(times(what) > sequences / 4);
  }
}

}  // namespace

TEST_CASE(
    "With the policy in every honest run, whatever hostile people do, a tag is allowed only if those have "
    "asked for it who must",
    "[property]") {
  check_tally(play_all(Mode::kGateAlone, kQuick), kQuick);
}

TEST_CASE(
    "With bound entries demanded a tag is allowed only if those have asked for it who must, also where "
    "honest runs had no policy",
    "[property]") {
  check_tally(play_all(Mode::kBound, kQuick), kQuick);
}

TEST_CASE("Ten thousand sequences of honest and hostile commands, half of them with bound entries",
          "[.][slow][property]") {
  const auto mode = GENERATE(Mode::kGateAlone, Mode::kBound);
  check_tally(play_all(mode, 5000), 5000);
}
