// Delegations and who signs them, as `inspect` and `delegation list` show them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/report/report.h"
#include "tuf/trust/trusted_repository.h"

namespace agent {

/// IDs of a role's keys in both forms, with what kind of key each is, and whether it has signed the present
/// file.
OrderedJson describe_keys(const std::map<tuf::KeyId, tuf::KeyObject>& keys,
                          const std::vector<tuf::KeyId>& ids, const std::vector<tuf::KeyId>& signers);
/// Of every delegation, in their order: name, state, paths, threshold, keys, and what there is of its file.
OrderedJson describe_delegations(const tuf::TrustedRepository& repository);

/// Of what describe_keys tells, each once: a key that is listed bare and in a certificate is one key.
std::string shown_keys(const OrderedJson& keys);
/// Which of a role's keys have signed its present file: "639830a"; "-" if none.
std::string shown_file_signers(const tuf::TrustedRepository& repository, const tuf::RoleName& role);
/// "all", "1., 2.", or "none".
std::string shown_paths(const std::vector<std::string>& paths);

}  // namespace agent
