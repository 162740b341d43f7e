#include "tests/support/repository_maker.h"

#include <algorithm>
#include <stdexcept>

#include "tuf/base/digest.h"
#include "tuf/edit/repository_draft.h"
#include "tuf/json/json.h"

namespace test {
namespace {

constexpr const char* kTopRoles[] = {"root", "targets", "snapshot", "timestamp"};

tuf::RoleKeys keys_of(const std::vector<tuf::PublicKey>& keys, int threshold = 1) {
  tuf::RoleKeys role{{}, threshold};
  for (const tuf::PublicKey& key : keys) role.key_ids.push_back(key.id());
  return role;
}

std::string parent_of(const std::string& role) {
  return tuf::RoleName::of(role).parent().text();
}

}  // namespace

tuf::Target make_target(std::string_view content) {
  return {{{"sha256", tuf::sha256(tuf::as_bytes(content))}},
          static_cast<std::int64_t>(content.size()),
          std::nullopt};
}

RepositoryMaker::RepositoryMaker(const std::string& name, tuf::Time at) : gun(tuf::Gun::of(name)), now(at) {
  for (const char* role : kTopRoles) {
    signers[role] = {TestSigner::generate()};
    const tuf::PublicKey key =
        role == std::string("root") ? certified(signer(role), root_certificate()) : signer(role).public_key();
    root.keys.emplace(key.id(), key.object());
    root.roles[role] = keys_of({key});
  }
  root.expires = now + tuf::kRootLifetime;
  targets["targets"].expires = now + tuf::kTargetsLifetime;
  changed_ = {"root", "targets"};
  publish();
}

tuf::SignerFor RepositoryMaker::signer_for() const {
  std::map<tuf::KeyId, std::shared_ptr<tuf::Signer>> by_id;
  for (const auto& [role, all] : signers) {
    for (const auto& signer : all) by_id.emplace(signer->public_key().canonical_id(), signer);
  }
  return [by_id = std::move(by_id)](const tuf::KeyId& id) {
    const auto found = by_id.find(id);
    return found == by_id.end() ? nullptr : found->second;
  };
}

void RepositoryMaker::add_delegation(const std::string& role, Signers by, std::vector<std::string> paths,
                                     int threshold, std::vector<tuf::PublicKey> listed) {
  if (listed.empty()) {
    for (const auto& signer : by) listed.push_back(signer->public_key());
  }
  tuf::Targets& parent = targets[parent_of(role)];
  for (const tuf::PublicKey& key : listed) parent.keys.emplace(key.id(), key.object());
  parent.roles.push_back({tuf::RoleName::of(role), keys_of(listed).key_ids, threshold, std::move(paths)});
  touch(parent_of(role));
  signers[role] = std::move(by);
}

void RepositoryMaker::remove_delegation(const std::string& role) {
  tuf::Targets& parent = targets.at(parent_of(role));
  std::erase_if(parent.roles, [&](const tuf::DelegationRole& r) { return r.name.text() == role; });
  std::erase_if(parent.keys, [&](const auto& key) {
    return std::none_of(parent.roles.begin(), parent.roles.end(), [&](const tuf::DelegationRole& r) {
      return std::find(r.key_ids.begin(), r.key_ids.end(), key.first) != r.key_ids.end();
    });
  });
  touch(parent_of(role));
  changed_.erase(role);
}

void RepositoryMaker::set_target(const std::string& role, const std::string& name,
                                 const tuf::Target& target) {
  targets[role].targets.set(name, target);
  touch(role);
}

void RepositoryMaker::remove_target(const std::string& role, const std::string& name) {
  targets.at(role).targets.erase(name);
  touch(role);
}

void RepositoryMaker::rotate(const std::string& role, std::shared_ptr<TestSigner> to,
                             std::optional<CertificateSpec> spec) {
  const bool is_root = role == "root";
  const tuf::PublicKey key = is_root ? certified(*to, spec.value_or(root_certificate())) : to->public_key();
  for (const tuf::KeyId& id : root.roles.at(role).key_ids) root.keys.erase(id);
  root.keys.emplace(key.id(), key.object());
  root.roles[role] = keys_of({key});
  touch("root");
  if (is_root) {
    signers[role].insert(signers[role].begin(), std::move(to));
  } else {
    signers[role] = {std::move(to)};
    if (role == "targets") touch(role);
  }
}

CertificateSpec RepositoryMaker::root_certificate() const {
  CertificateSpec spec;
  spec.common_name = gun.text();
  spec.not_before = now - tuf::Days{1};
  spec.not_after = now + tuf::kRootLifetime;
  return spec;
}

tuf::PublicKey RepositoryMaker::certified(const TestSigner& signer, const CertificateSpec& spec) {
  return tuf::PublicKey::from_certificate(make_certificate(signer, spec));
}

void RepositoryMaker::publish() {
  if (changed_.contains("root")) {
    ++root.version;
    store("root", sign_role("root"));
  }
  for (const std::string& role : changed_) {  // parents before children
    if (!role.starts_with("targets")) continue;
    tuf::Targets& body = targets[role];
    ++body.version;
    if (body.expires == tuf::Time{}) body.expires = now + tuf::kTargetsLifetime;
    store(role, sign_role(role));
  }
  changed_.clear();
  publish_snapshot();
}

void RepositoryMaker::publish_snapshot() {
  ++snapshot.version;
  snapshot.expires = now + tuf::kSnapshotLifetime;
  for (const auto& [role, bytes] : newest_) {
    if (role != "snapshot" && role != "timestamp") snapshot.meta[role] = tuf::describe_file(bytes);
  }
  store("snapshot", sign_role("snapshot"));
  publish_timestamp();
}

void RepositoryMaker::publish_timestamp() {
  ++timestamp.version;
  timestamp.expires = now + tuf::kTimestampLifetime;
  timestamp.snapshot = tuf::describe_file(newest_.at("snapshot"));
  store("timestamp", sign_role("timestamp"));
}

void RepositoryMaker::store(const std::string& role, std::string bytes) {
  by_hash_[tuf::sha256(tuf::as_bytes(bytes))] = bytes;
  const tuf::Json document = tuf::Json::parse(bytes, nullptr, false);
  if (document.is_object() && document.contains("signed") && document["signed"].is_object()) {
    const auto version = document["signed"].find("version");
    if (version != document["signed"].end() && version->is_number_integer()) {
      by_version_[{role, version->get<std::int64_t>()}] = bytes;
    }
  }
  newest_[role] = std::move(bytes);
}

std::string RepositoryMaker::sign_role(const std::string& role) const {
  if (role == "root") return sign_text(role, tuf::encode_signed(root));
  if (role == "snapshot") return sign_text(role, tuf::encode_signed(snapshot));
  if (role == "timestamp") return sign_text(role, tuf::encode_signed(timestamp));
  return sign_text(role, tuf::encode_signed(targets.at(role)));
}

std::string RepositoryMaker::sign_text(const std::string& role, std::string_view signed_text) const {
  std::vector<tuf::Signature> signatures;
  const std::vector<tuf::PublicKey> listed = listed_keys(role);
  for (const auto& signer : signers.at(role)) {
    for (const tuf::PublicKey& key : listed) {
      if (key.canonical_id() != signer->public_key().canonical_id()) continue;
      signatures.push_back({key.id().hex(), std::string(tuf::signature_method(key.type())),
                            signer->sign(tuf::as_bytes(signed_text))});
    }
  }
  return tuf::encode_file(signed_text, signatures);
}

/// Keys of the role; for root those of the version before too, whose signers sign its successor.
std::vector<tuf::PublicKey> RepositoryMaker::listed_keys(const std::string& role) const {
  std::vector<tuf::PublicKey> listed;
  const auto add = [&](const std::map<tuf::KeyId, tuf::KeyObject>& keys, const std::vector<tuf::KeyId>& ids) {
    for (const tuf::KeyId& id : ids) {
      const auto found = keys.find(id);
      const auto key = found == keys.end() ? std::nullopt : tuf::PublicKey::from_object(found->second);
      const auto same = [&](const tuf::PublicKey& other) { return other.id() == id; };
      if (key && std::none_of(listed.begin(), listed.end(), same)) listed.push_back(*key);
    }
  };
  if (role == "root") {
    add(root.keys, root.roles.at(role).key_ids);
    if (const auto before = newest("root")) {
      const tuf::Root old = tuf::decode<tuf::Root>(*before, "root").body;
      add(old.keys, old.roles.at(role).key_ids);
    }
  } else if (const auto found = root.roles.find(role); found != root.roles.end()) {
    add(root.keys, found->second.key_ids);
  } else {
    const tuf::Targets& parent = targets.at(parent_of(role));
    const tuf::DelegationRole* definition = parent.find_role(tuf::RoleName::of(role));
    if (!definition) throw std::logic_error(role + " is not a delegation");
    add(parent.keys, definition->key_ids);
  }
  return listed;
}

std::optional<std::string> RepositoryMaker::newest(const std::string& role) const {
  const auto found = newest_.find(role);
  return found == newest_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> RepositoryMaker::with_version(const std::string& role,
                                                         std::int64_t version) const {
  const auto found = by_version_.find({role, version});
  return found == by_version_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> RepositoryMaker::with_hash(const tuf::Bytes& sha256) const {
  const auto found = by_hash_.find(sha256);
  return found == by_hash_.end() ? std::nullopt : std::optional(found->second);
}

tuf::TrustedRepository load(const RepositoryMaker& repository, const LoadOptions& options) {
  tuf::TrustedRepository trusted(repository.gun, options.now.value_or(repository.now), options.seen);
  if (options.known_root) {
    trusted.accept_known_root(*options.known_root);
    const std::string newest = repository.newest("root").value();
    const std::int64_t last = tuf::decode<tuf::Root>(newest, "root").body.version;
    for (std::int64_t version = trusted.root().body.version + 1; version < last; ++version) {
      trusted.accept_next_root(repository.with_version("root", version).value());
    }
    trusted.accept_next_root(newest);
  } else {
    trusted.accept_first_root(repository.newest("root").value(), options.pin);
  }
  trusted.accept_timestamp(repository.newest("timestamp").value());
  trusted.accept_snapshot(repository.newest("snapshot").value());
  trusted.accept_targets(repository.newest("targets").value());
  for (auto wanted = trusted.wanted_delegations(); !wanted.empty(); wanted = trusted.wanted_delegations()) {
    for (const auto& [role, meta] : wanted) {
      trusted.accept_delegation(role, meta ? repository.newest(role.text()) : std::nullopt);
    }
  }
  return trusted;
}

std::map<tuf::RoleName, tuf::SeenFile> seen_in(const tuf::TrustedRepository& trusted) {
  std::map<tuf::RoleName, tuf::SeenFile> seen;
  const auto add = [&](const tuf::RoleName& role, const auto& metadata) {
    seen[role] = tuf::SeenFile::of(metadata);
  };
  add(tuf::RoleName::of("root"), trusted.root());
  add(tuf::RoleName::of("timestamp"), trusted.timestamp());
  add(tuf::RoleName::of("snapshot"), trusted.snapshot());
  add(tuf::RoleName::of("targets"), trusted.targets());
  for (const tuf::Delegation& delegation : trusted.delegations()) {
    if (delegation.metadata) add(delegation.role.name, *delegation.metadata);
  }
  return seen;
}

}  // namespace test
