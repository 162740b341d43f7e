// Two ends for tests of the workflow: a store that serves what a RepositoryMaker makes, and a machine with a
// trust directory that looks at it.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "agent/work/load_repository.h"
#include "tests/support/memory_store.h"
#include "tests/support/repository_maker.h"
#include "tests/support/test_data.h"
#include "tuf/base/digest.h"
#include "tuf/base/hex.h"
#include "tuf/base/warning.h"

namespace test {

/// Puts the newest files, and the roots that led to them, into the store; what it had stays there by hash.
inline void serve(const RepositoryMaker& maker, MemoryStore& store) {
  for (const auto& [name, bytes] : maker.files()) {
    const tuf::RoleName role = tuf::RoleName::of(name);
    store.newest.insert_or_assign(role, bytes);
    store.by_hash[{role, tuf::to_hex(tuf::sha256(tuf::as_bytes(bytes)))}] = bytes;
  }
  const tuf::RoleName root = tuf::RoleName::of("root");
  for (std::int64_t version = 1; version <= maker.root.version; ++version) {
    store.by_version[{root, version}] = maker.with_version("root", version).value();
  }
}

inline MemoryStore make_store(const tuf::Gun& gun) {
  return MemoryStore(gun, [] { return kNow; });
}

/// A trust directory, and what was said during the last load.
struct Machine {
  explicit Machine(const tuf::Gun& gun) : seen(dir.path(), gun), request{gun, {}, kNow, {}} {}

  tuf::TrustedRepository load(agent::TrustStore& store) {
    warnings.clear();
    return agent::load_repository({store, seen, request}, warnings);
  }
  void pin(const tuf::KeyId& id) { request.policy.pin = tuf::TrustPin{{id}, ""}; }
  std::optional<std::string> remembered(const std::string& role) const {
    return seen.load(tuf::RoleName::of(role));
  }
  bool warned_of(const std::string& code) const {
    return std::any_of(warnings.begin(), warnings.end(),
                       [&](const tuf::Warning& warning) { return warning.code == code; });
  }

  TempDir dir;
  agent::SeenRepository seen;
  agent::LoadRequest request;
  std::vector<tuf::Warning> warnings;
};

inline tuf::KeyId root_id(const RepositoryMaker& maker) {
  return maker.root.roles.at("root").key_ids.front();
}

inline void rotate_root(RepositoryMaker& maker, MemoryStore& store) {
  maker.rotate("root");
  maker.publish();
  serve(maker, store);
}

/// A repository with one delegation that holds the tag 1.0, and the store that serves it.
struct Served {
  Served() : store(make_store(maker.gun)) {
    maker.add_delegation("targets/releases", TestSigner::generate());
    maker.set_target("targets/releases", "1.0", make_target("1.0"));
    maker.publish();
    serve(maker, store);
  }
  void publish() {
    maker.publish();
    serve(maker, store);
  }
  RepositoryMaker maker;
  MemoryStore store;
};

}  // namespace test
