#include "tests/support/memory_store.h"

#include "tests/support/test_signer.h"
#include "tuf/base/digest.h"
#include "tuf/base/error.h"
#include "tuf/base/hex.h"
#include "tuf/json/json.h"

namespace test {
namespace {

template <class Map, class Key>
std::optional<std::string> look_up(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

MemoryStore::MemoryStore(tuf::Gun gun, std::function<tuf::Time()> clock)
    : gun_(std::move(gun)), clock_(std::move(clock)) {}

std::shared_ptr<tuf::Signer> MemoryStore::Keys::make(const tuf::RoleName& role) {
  return signers_[role].emplace_back(TestSigner::generate());
}

agent::ServerState MemoryStore::state() {
  return {gun_, clock_(), [this](const tuf::RoleName& role) { return look_up(newest, role); }, keys_};
}

void MemoryStore::store(const agent::RoleFiles& files) {
  for (const auto& [role, bytes] : files) {
    newest[role] = bytes;
    by_hash[{role, tuf::to_hex(tuf::sha256(tuf::as_bytes(bytes)))}] = bytes;
    by_version[{role, tuf::parse_json(bytes, role.text())["signed"]["version"].get<std::int64_t>()}] = bytes;
  }
}

std::optional<std::string> MemoryStore::answer(const agent::FileRequest& request) const {
  if (const auto* hash = std::get_if<agent::FileRequest::WithHash>(&request.which)) {
    return look_up(by_hash, std::pair(request.role, tuf::to_hex(hash->sha256)));
  }
  if (const auto* version = std::get_if<agent::FileRequest::WithVersion>(&request.which)) {
    return look_up(by_version, std::pair(request.role, version->version));
  }
  return look_up(newest, request.role);
}

std::vector<std::optional<std::string>> MemoryStore::fetch(const std::vector<agent::FileRequest>& wanted) {
  ++fetches;
  requests.insert(requests.end(), wanted.begin(), wanted.end());
  if (before_fetch) before_fetch(wanted);
  store(agent::refresh_due(state()));
  std::vector<std::optional<std::string>> answers;
  for (const agent::FileRequest& request : wanted) {
    answers.push_back(answer(request));
    if (answers.back() && answers.back()->size() > request.max_length) {
      if (request.is_guess) {
        answers.back().reset();
        continue;
      }
      throw tuf::Error(tuf::ErrorCode::kServerError, request.role.text() + " is too long");
    }
  }
  return answers;
}

tuf::KeyObject MemoryStore::server_key(const tuf::RoleName& role) {
  return agent::current_server_key(state(), role)->public_key().object();
}

tuf::KeyObject MemoryStore::make_server_key(const tuf::RoleName& role) {
  return keys_.make(role)->public_key().object();
}

void MemoryStore::remove() {
  newest.clear();
  by_hash.clear();
  by_version.clear();
}

agent::PublishResult MemoryStore::publish(const std::vector<agent::RoleFile>& files) {
  ++publishes;
  publications.push_back(files);
  if (before_publish) before_publish(publishes);
  const auto planned = outcomes.find(publishes);
  const Outcome outcome = planned == outcomes.end() ? Outcome::kHonest : planned->second;
  if (outcome == Outcome::kConflict) return agent::PublishResult::kConflict;
  if (outcome == Outcome::kUnknownLost) return agent::PublishResult::kUnknown;
  const auto update = agent::accept_publish(state(), files);
  if (!update) return agent::PublishResult::kConflict;
  if (outcome == Outcome::kForgotten) return agent::PublishResult::kStored;
  store(*update);
  return outcome == Outcome::kUnknownStored ? agent::PublishResult::kUnknown : agent::PublishResult::kStored;
}

}  // namespace test
