// World: two repositories with the same people at a server, and everything that honest and hostile ones do
// there. After every step it is held to the truth.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "agent/store/seen_repository.h"
#include "agent/work/policy_guard.h"
#include "agent/work/signing_gate.h"
#include "hsm/key_ring.h"
#include "tests/attack/gate/people.h"
#include "tests/attack/gate/truth.h"
#include "tests/support/memory_store.h"
#include "tuf/trust/trust_pin.h"

namespace gate {

/// What must never happen has happened.
struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// How often what has happened, so that it can be seen that the test tests something.
using Tally = std::map<std::string, std::size_t>;

class World {
 public:
  /// `folder` is empty, for the trust directory. Everything follows from the seed.
  World(std::uint64_t seed, Mode mode, const std::filesystem::path& folder, Tally& tally);

  /// One step by somebody. Throws Violation.
  void step(std::uint64_t number);
  /// What has happened, a line a step.
  const std::string& story() const { return story_; }

 private:
  struct Repository {
    Repository(const std::string& name, const std::filesystem::path& folder,
               const std::function<tuf::Time()>& clock)
        : gun(tuf::Gun::of(name)), store(gun, clock), seen(folder, gun) {}
    tuf::Gun gun;
    test::MemoryStore store;
    agent::SeenRepository seen;
    tuf::TrustPin pin;
    std::map<std::string, std::string> checked =
        {};  // by machine: the releases that a guarded run signed last
    std::optional<tuf::TrustedRepository> state = {};  // as a reader loads it
    bool is_changed = true;                            // since it was loaded
    /// Somebody has taken back, or said otherwise, what was asked for: what stands in releases may be allowed
    /// no more.
    bool is_unmade = false;
  };
  /// A signed file of targets or a delegation, by whomever, and where it was shown first.
  struct Body {
    std::string where;
    tuf::Metadata<tuf::Targets> file;
  };
  /// A command of an honest person.
  struct Run {
    std::string words;
    std::vector<Key> keys;
    std::string machine;
    bool has_policy = true;
    agent::PolicyGuard::Options options = {};
    bool has_race = false;
    bool is_unmaking = false;
    bool binds = false;
    std::vector<tuf::PublicKey> adds = {};  // keys that get a role in this run
    std::set<tuf::RoleName> named = {};
  };
  using Command = std::function<agent::PublishedChanges(agent::PolicyGuard*, hsm::KeyRing&)>;

  // --- setting up
  void create(Repository& repository, Dice& dice);

  // --- honest people (honest.cpp)
  void honest_step(Repository& repository, Dice& dice);
  void sign(Repository& repository, Dice& dice);
  void revoke(Repository& repository, Dice& dice);
  void refresh(Repository& repository, Dice& dice);
  void add_signer(Repository& repository, Dice& dice);
  void remove_signer(Repository& repository, Dice& dice);
  void rotate_signer(Repository& repository, Dice& dice);
  void change_delegation(Repository& repository, Dice& dice);
  void purge(Repository& repository, Dice& dice);
  void witness(Repository& repository, Dice& dice);
  void repair(Repository& repository, Dice& dice);
  void rotate_targets(Repository& repository, Dice& dice);
  Run run_by(const Person& person, Dice& dice) const;
  Run run_by_administrator(Dice& dice) const;
  using How = std::function<agent::ChangeRepository(hsm::KeyRing&, const agent::PolicyGuard*)>;
  using Load = std::function<void(agent::LoadRequest&)>;
  /// A command that signs no image.
  void change(Repository& repository, const Run& run, const How& how, Dice& dice, const Load& prepare = {});
  /// Any command, with whatever is to be seen of it afterwards.
  void run(Repository& repository, const Run& run, const std::vector<agent::ImageToSign>& images,
           const tuf::Provenance& provenance, const Command& command, Dice& dice);
  /// Its publications since then that no hostile one has slipped in.
  std::vector<std::size_t> own_posts(const Repository& repository, std::size_t from) const;
  agent::LoadRequest load_request(const Repository& repository) const;
  std::vector<std::string> tags_in(const Repository& repository) const;
  tuf::RoleName some_role(const Repository& repository, Dice& dice) const;

  // --- hostile people (hostile.cpp)
  void hostile_step(Repository& repository, Dice& dice);
  void replay(Repository& repository, const Person& person, Dice& dice);
  void forge(Repository& repository, const Person& person, Dice& dice);
  tuf::Target forged_entry(const std::string& tag, Dice& dice);
  void post(Repository& repository, const Person& person, const tuf::RoleName& role, const std::string& file,
            const std::string& words);

  // --- looking at it (looking.cpp)
  void load(Repository& repository);
  void keep_bodies(const Repository& repository, std::size_t post);
  /// Never is a tag allowed unless those have asked for it who must.
  void check_allowed(Repository& repository);
  /// Tags that the policy allows, with the digests of their images.
  std::map<std::string, std::string> allowed(const Repository& repository) const;
  /// Whoever takes nothing back takes from nobody what the policy allows.
  void check_still_allowed(const Repository& repository, const std::map<std::string, std::string>& before,
                           const std::vector<agent::ImageToSign>& images);
  /// What a run that looks has signed was asked for by whoever signs it, or is allowed without them; so is
  /// what one that does not look has signed in an identity, where it is bound to that.
  void check_signed(const Repository& repository, const tuf::RoleName& role,
                    const tuf::Metadata<tuf::Targets>& file, bool looks);
  /// What a run has signed of the images it was asked for is what it was asked for.
  void record_asked(const Repository& repository, const Run& run,
                    const std::vector<agent::ImageToSign>& images, const tuf::Provenance& provenance,
                    const tuf::RoleName& role, const tuf::Metadata<tuf::Targets>& file);
  /// Never is an honest run refused for what the policy allows.
  void check_foreign(const Repository& repository, const Run& run,
                     const std::vector<agent::ForeignEntry>& foreign);
  bool must_pass(const Repository& repository, const Run& run, const agent::ForeignEntry& entry) const;
  [[noreturn]] void fail(const std::string& what) const { throw Violation(what); }

  Mode mode_;
  Tally& tally_;
  tuf::Time now_;
  bool is_all_honest_;
  People people_;
  Truth truth_;
  Truth asked_here_;  // of each repository alone
  std::vector<std::unique_ptr<Repository>> repositories_;
  Key root_;
  std::set<std::pair<const Repository*, std::size_t>> hostile_posts_;
  std::vector<Body> bodies_;
  std::string story_;
  bool was_unguarded_ = false;  // some honest run did not look
};

}  // namespace gate
