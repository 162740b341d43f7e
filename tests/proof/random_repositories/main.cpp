// Publishes random repositories to a trust server with the code that `sign` and `repo` publish with, and
// tells on standard output what each of them holds: one line of JSON per repository.
//
//   random_repositories URL CA_FILE SEED FIRST COUNT
//
// The repositories have the numbers FIRST to FIRST + COUNT - 1 of the seed.
#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>
#include <set>
#include <stdexcept>

#include "agent/http/curl_client.h"
#include "agent/store/notary_server.h"
#include "agent/work/publish_changes.h"
#include "hsm/certificate/certificate_maker.h"
#include "tests/proof/random_repositories/random_content.h"
#include "tests/support/open_gate.h"
#include "tests/support/test_data.h"
#include "tests/support/test_signer.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/base/warning.h"

namespace proof {
namespace {

using test::TestSigner;
using Signers = std::vector<std::shared_ptr<TestSigner>>;

const tuf::RoleName kTargets = tuf::RoleName::of("targets");
const tuf::RoleName kSnapshot = tuf::RoleName::of("snapshot");
const tuf::RoleName kTimestamp = tuf::RoleName::of("timestamp");

/// Key pairs for everybody: making them anew for every repository would take longer than all the rest.
Signers make_keys() {
  using Kind = TestSigner::Kind;
  Signers keys;
  for (const auto& [kind, count] : {std::pair(Kind::kP224, 1),
                                    {Kind::kP256, 6},
                                    {Kind::kP384, 3},
                                    {Kind::kP521, 2},
                                    {Kind::kRsa2048, 2}}) {
    for (int i = 0; i < count; ++i) keys.push_back(TestSigner::generate(kind));
  }
  return keys;
}

tuf::SignerFor all_of(const Signers& keys) {
  return [&keys](const tuf::KeyId& id) -> std::shared_ptr<tuf::Signer> {
    for (const auto& key : keys) {
      if (key->public_key().canonical_id() == id) return key;
    }
    return nullptr;
  };
}

tuf::Time current_time() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

/// A file as other writers sign it: with a fraction of a second, or with a time zone.
tuf::PublishTransaction::File with_foreign_date(const tuf::PublishTransaction::File& file,
                                                const tuf::RepositoryDraft::Pending& by,
                                                const std::string& date_suffix,
                                                const tuf::SignerFor& signer_for) {
  std::string text(file.role == kTargets ? tuf::decode<tuf::Targets>(file.bytes, "targets").signed_text
                                         : tuf::decode<tuf::Root>(file.bytes, "root").signed_text);
  const std::string date = tuf::format_time(by.expires);
  text.replace(text.find(date), date.size(), date.substr(0, date.size() - 1) + date_suffix);
  return {file.role, file.version, tuf::sign_metadata("foreign file", text, by.authorities, signer_for)};
}

/// One random repository, and what was put into it.
class RandomRepository {
 public:
  RandomRepository(std::uint64_t seed, std::uint64_t number, const Signers& keys,
                   const std::shared_ptr<agent::HttpClient>& http, const agent::Url& server)
      : random_(seed, number),
        keys_(keys),
        gun_(tuf::Gun::of(random_gun(number))),
        // Old enough that the expiry dates differ, young enough that nothing has expired.
        now_(current_time() - std::chrono::seconds(random_.between(0, 300 * 86400))),
        store_(http, server, gun_),
        seen_(trust_dir_.path(), gun_) {}

  void publish() {
    create();
    for (std::int64_t rounds = random_.between(1, 4); rounds > 0; --rounds) change();
  }

  tuf::Json description() const {
    tuf::Json roles = tuf::Json::array();
    for (const Role& role : roles_) {
      tuf::Json targets = tuf::Json::object();
      for (const auto& [name, target] : role.targets) {
        targets[name] = {{"sha256", tuf::to_hex(*target.sha256())}, {"length", target.length}};
        if (target.custom) targets[name]["custom"] = *target.custom;
      }
      roles.push_back({{"name", role.name.text()}, {"paths", role.paths}, {"targets", targets}});
    }
    return {{"gun", gun_.text()}, {"roles", roles}};
  }

 private:
  struct Role {
    tuf::RoleName name;
    std::vector<std::string> paths;
    std::map<std::string, tuf::Target> targets;
    bool has_file = false;  // only such a role can delegate
    bool needs_several = false;
  };

  std::string random_gun(std::uint64_t number) {
    static const std::vector<std::string> kHosts = {"registry.example.com", "127.0.0.1:5000",
                                                    "Example.COM:443", "[::1]:5000", "r"};
    static const std::vector<std::string> kTails = {
        "app",       "Team/App", "a.b__c-d/e",
        "x/y/z/w/v", "UPPER",    "a-name-that-is-longer-than-the-64-characters-of-a-common-name/app"};
    // The number first: a memory server mixes up repositories of which one is the beginning of the other.
    return random_.pick(kHosts) + "/n" + std::to_string(number) + "/" + random_.pick(kTails);
  }

  const std::shared_ptr<TestSigner>& random_key() { return random_.pick(keys_); }

  /// Root and targets by our keys. The snapshot's may be ours too, and the first files may bear dates as
  /// other clients write them.
  void create() {
    const auto root_key = random_key();
    const bool own_snapshot = random_.one_in(3);
    const auto draft = tuf::RepositoryDraft::for_new_repository(
        gun_, now_,
        {tuf::PublicKey::from_certificate(hsm::make_root_certificate(*root_key, gun_, now_)),
         random_key()->public_key(),
         own_snapshot ? random_key()->public_key().object() : store_.server_key(kSnapshot),
         store_.server_key(kTimestamp)});
    std::vector<agent::RoleFile> files;
    const bool foreign_dates = !own_snapshot && random_.one_in(2);
    static const std::vector<std::string> kSuffixes = {".5Z", ".123456789Z", ".000000001Z", "+02:00",
                                                       ".25-11:30"};
    const auto pending = draft.pending();
    const tuf::PublishTransaction transaction = draft.sign(all_of(keys_));
    for (std::size_t i = 0; i < transaction.files().size(); ++i) {
      const auto& file = transaction.files()[i];
      files.push_back(
          {file.role, foreign_dates
                          ? with_foreign_date(file, pending[i], random_.pick(kSuffixes), all_of(keys_)).bytes
                          : file.bytes});
    }
    if (store_.publish(files) != agent::PublishResult::kStored) {
      throw std::runtime_error(gun_.text() + " could not be created");
    }
    roles_.push_back({kTargets, {""}, {}, true});
  }

  /// One publish with several changes, all drawn beforehand: they are made in several drafts.
  void change() {
    using Step = std::function<void(tuf::RepositoryDraft&)>;
    std::vector<Step> steps;
    for (std::int64_t left = random_.between(0, 2); left > 0; --left) {
      if (auto step = random_delegation()) steps.push_back(std::move(step));
    }
    for (std::int64_t left = random_.between(1, 6); left > 0; --left) {
      Role& role =
          roles_[static_cast<std::size_t>(random_.between(0, static_cast<std::int64_t>(roles_.size()) - 1))];
      if (!role.targets.empty() && random_.one_in(5)) {
        const std::string name = role.targets.begin()->first;
        role.targets.erase(name);
        steps.push_back(
            [name, role = role.name](tuf::RepositoryDraft& draft) { draft.remove_target(role, name); });
        continue;
      }
      const auto name = random_name(role);
      if (!name) continue;
      const tuf::Target target = random_target(random_);
      role.targets[*name] = target;
      role.has_file = true;
      steps.push_back([name = *name, target, role = role.name](tuf::RepositoryDraft& draft) {
        draft.remove_target(role, name);
        draft.set_target(role, name, target);
      });
    }
    publish(steps);
  }

  template <class Steps>
  void publish(const Steps& steps) {
    agent::LoadRequest request{gun_, {}, now_, {}, nullptr};
    request.policy.trust_on_first_use = true;
    bool made = false;
    const auto change = [&](const tuf::TrustedRepository& repository, tuf::RepositoryDraft& draft) {
      if (made) return check(repository);  // asked again of what was read back
      for (const auto& step : steps) step(draft);
      made = true;
    };
    std::vector<tuf::Warning> warnings;
    agent::publish_changes({store_, seen_, request}, {change, test::open_gate, all_of(keys_), {}}, warnings);
  }

  Role* find(const tuf::RoleName& name) {
    const auto found =
        std::find_if(roles_.begin(), roles_.end(), [&](const Role& r) { return r.name == name; });
    return found == roles_.end() ? nullptr : &*found;
  }

  /// Throws unless what was read back is what was put in.
  void check(const tuf::TrustedRepository& repository) const {
    for (const Role& role : roles_) {
      const tuf::Delegation* delegation = repository.find_delegation(role.name);
      if (role.name.is_delegation() && (!delegation || !delegation->metadata)) {
        if (delegation && role.targets.empty()) continue;
        throw std::runtime_error(role.name.text() + " of " + gun_.text() + " cannot be read back");
      }
      const tuf::Targets& body = delegation ? delegation->metadata->body : repository.targets().body;
      const auto same = [](const tuf::TargetMap::Entry& read, const auto& put) {
        return read.name() == put.first && read.target() == put.second;
      };
      if (!std::equal(body.targets.begin(), body.targets.end(), role.targets.begin(), role.targets.end(),
                      same)) {
        throw std::runtime_error(role.name.text() + " of " + gun_.text() + " holds what was not put in");
      }
    }
  }

  /// A new delegation below any role, or more keys and paths for one.
  std::function<void(tuf::RepositoryDraft&)> random_delegation() {
    static const std::vector<std::string> kLeaves = {"releases", "jenkins", "a", "0", "-", "_", "qa-team_1"};
    const Role& parent = random_.pick(roles_);
    const std::string text = parent.name.text() + "/" + random_.pick(kLeaves);
    if (text.size() > 60 || !parent.has_file) return nullptr;
    const tuf::RoleName name = tuf::RoleName::of(text);
    std::vector<tuf::PublicKey> keys;
    for (std::int64_t left = random_.between(1, 4); left > 0; --left) {
      const auto& key = random_key();
      keys.push_back(random_.one_in(3)
                         ? tuf::PublicKey::from_certificate(hsm::make_delegation_certificate(
                               *key, "signer <&> " + random_text(random_, 8), now_, tuf::Days{900}))
                         : key->public_key());
    }
    std::set<tuf::KeyId> pairs;
    for (const tuf::PublicKey& key : keys) pairs.insert(key.canonical_id());
    std::vector<std::string> paths;
    const bool all = random_.one_in(2);
    for (std::int64_t left = random_.between(0, 3); left > 0 && !all; --left) {
      // Below a parent with paths of its own, only what starts with one of them admits anything.
      const std::string start = !parent.paths.empty() && !random_.one_in(4) ? random_.pick(parent.paths) : "";
      paths.push_back(start + random_text(random_, 3));
    }
    if (all) paths = {""};
    // A role that needs several signatures lists each key in one form.
    const auto most = static_cast<std::int64_t>(keys.size() == pairs.size() ? pairs.size() : 1);
    const int threshold = static_cast<int>(random_.between(1, most));

    const bool is_new = !find(name);
    if (is_new) roles_.push_back({name, {}, {}, false});
    Role& role = *find(name);
    if (is_new) role.needs_several = threshold > 1;
    if (!is_new && role.needs_several) keys.clear();
    for (const std::string& path : paths) {
      if (std::find(role.paths.begin(), role.paths.end(), path) == role.paths.end())
        role.paths.push_back(path);
    }
    // A role that exists keeps its threshold; then the file it has stays signed by enough keys.
    const auto given = is_new ? std::optional(threshold) : std::nullopt;
    return [=](tuf::RepositoryDraft& draft) { draft.add_delegation(name, keys, paths, given); };
  }

  /// The paths of a role that count: those that start with a path of its parent that counts (section 3.6).
  std::vector<std::string> effective_paths(const Role& role) {
    if (!role.name.is_delegation()) return role.paths;
    const std::vector<std::string> above = effective_paths(*find(role.name.parent()));
    std::vector<std::string> paths = role.paths;
    std::erase_if(paths, [&](const std::string& path) {
      return std::none_of(above.begin(), above.end(),
                          [&](const std::string& start) { return path.starts_with(start); });
    });
    return paths;
  }

  /// A name that readers accept from the role; nullopt if there is none.
  std::optional<std::string> random_name(const Role& role) {
    if (!role.targets.empty() && random_.one_in(4)) return role.targets.rbegin()->first;
    const std::vector<std::string> paths = effective_paths(role);
    if (paths.empty()) return std::nullopt;
    return random_.pick(paths) + random_text(random_, 12);
  }

  Random random_;
  const Signers& keys_;
  tuf::Gun gun_;
  tuf::Time now_;
  agent::NotaryServer store_;
  test::TempDir trust_dir_;
  agent::SeenRepository seen_;
  std::vector<Role> roles_;  // parents before children, in order of priority below each parent
};

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() != 5) {
    std::cerr << "usage: random_repositories URL CA_FILE SEED FIRST COUNT\n";
    return 2;
  }
  agent::CurlOptions options;
  options.trust = agent::TlsTrust::only(arguments[1]);
  const auto http = std::make_shared<agent::CurlClient>(options);
  const agent::Url server = agent::Url::of_server(arguments[0]);
  const std::uint64_t seed = std::stoull(arguments[2]);
  const std::uint64_t first = std::stoull(arguments[3]);
  const std::uint64_t count = std::stoull(arguments[4]);
  const Signers keys = make_keys();
  for (std::uint64_t number = first; number < first + count; ++number) {
    try {
      RandomRepository repository(seed, number, keys, http, server);
      repository.publish();
      std::cout << repository.description().dump() << std::endl;
    } catch (const std::exception& error) {
      std::cerr << "repository " << number << " of seed " << seed << ": " << error.what() << "\n";
      return 1;
    }
  }
  return 0;
}

}  // namespace
}  // namespace proof

int main(int argc, char** argv) {
  return proof::run({argv + 1, argv + argc});
}
