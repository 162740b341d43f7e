#include "agent/report/delegation_report.h"

#include <algorithm>

#include "agent/report/repository_report.h"
#include "tuf/base/printable.h"
#include "tuf/base/words.h"
#include "tuf/keys/public_key.h"

namespace agent {

OrderedJson describe_keys(const std::map<tuf::KeyId, tuf::KeyObject>& keys,
                          const std::vector<tuf::KeyId>& ids, const std::vector<tuf::KeyId>& signers) {
  OrderedJson list = OrderedJson::array();
  for (const tuf::KeyId& id : ids) {
    OrderedJson entry = {{"id", id.hex()}};
    const auto found = keys.find(id);
    const auto key = found == keys.end() ? std::nullopt : tuf::PublicKey::from_object(found->second);
    if (key) {
      entry["canonical_id"] = key->canonical_id().hex();
      entry["type"] = key->description();
      entry["certificate"] = key->id() != key->canonical_id();
    }
    entry["signed"] = key && std::find(signers.begin(), signers.end(), key->canonical_id()) != signers.end();
    list.push_back(std::move(entry));
  }
  return list;
}

OrderedJson describe_delegations(const tuf::TrustedRepository& repository) {
  OrderedJson list = OrderedJson::array();
  for (const tuf::Delegation& delegation : repository.delegations()) {
    OrderedJson entry = {{"name", delegation.role.name.text()},
                         {"state", tuf::to_string(delegation.state)},
                         {"paths", delegation.role.paths},
                         {"threshold", delegation.role.threshold},
                         {"keys", describe_keys(delegation.keys, delegation.role.key_ids,
                                                tuf::file_signers(repository, delegation.role.name))}};
    if (delegation.stored_version) entry["version"] = delegation.stored_version;
    if (delegation.metadata) entry["expires"] = tuf::format_time(delegation.metadata->body.expires);
    if (delegation.problem) entry["problem"] = tuf::printable(delegation.problem->what());
    list.push_back(std::move(entry));
  }
  return list;
}

std::string shown_keys(const OrderedJson& keys) {
  std::map<std::string, int> forms;
  std::vector<std::string> ids;
  for (const OrderedJson& key : keys) {
    const std::string id = key.value("canonical_id", key.value("id", ""));
    if (++forms[id] == 1) ids.push_back(id);
  }
  for (std::string& id : ids)
    if (forms[id] > 1) id += " (in " + std::to_string(forms[id]) + " forms)";
  return tuf::join(ids);
}

std::string shown_file_signers(const tuf::TrustedRepository& repository, const tuf::RoleName& role) {
  const std::string signers = short_forms(tuf::file_signers(repository, role));
  return signers.empty() ? "-" : signers;
}

std::string shown_paths(const std::vector<std::string>& paths) {
  std::vector<std::string> shown;
  for (const std::string& path : paths) shown.push_back(path.empty() ? "all" : path);
  return shown.empty() ? "none" : tuf::join(shown);
}

}  // namespace agent
