#include "tests/support/policies.h"

#include "tuf/base/error.h"
#include "tuf/keys/pem.h"

namespace test {

std::string pem_of(const tuf::PublicKey& key) {
  return tuf::format_pem({"PUBLIC KEY", {}, key.spki()});
}

tuf::Json make_policy_json(const std::map<std::string, std::vector<std::string>>& users,
                           const std::map<std::string, std::vector<std::string>>& teams,
                           const std::vector<tuf::Json>& rules) {
  tuf::Json json = {{"version", 1}, {"users", tuf::Json::object()}, {"rules", rules}};
  for (const auto& [name, keys] : users) json["users"][name] = {{"keys", keys}};
  if (!teams.empty()) json["teams"] = teams;
  return json;
}

agent::Policy read_policy(const tuf::Json& json) {
  return agent::parse_policy(json.dump(1), "policy.json", [](const std::string& path) -> std::string {
    throw tuf::Error(tuf::ErrorCode::kFileUnreadable, "no key file " + path);
  });
}

}  // namespace test
