#include "tests/support/store_client.h"

#include <stdexcept>

#include "tuf/trust/role_authority.h"

namespace test {
namespace {

std::optional<std::string> fetch_one(agent::TrustStore& store, agent::FileRequest request) {
  return store.fetch({std::move(request)}).front();
}

std::string must(std::optional<std::string> bytes, const std::string& what) {
  if (!bytes) throw std::runtime_error("the store has no " + what);
  return *std::move(bytes);
}

}  // namespace

std::optional<std::string> fetch_newest(agent::TrustStore& store, const std::string& role) {
  return fetch_one(store, {tuf::RoleName::of(role)});
}

std::optional<std::string> fetch_with_hash(agent::TrustStore& store, const std::string& role,
                                           const tuf::Bytes& sha256) {
  return fetch_one(store, {tuf::RoleName::of(role), agent::FileRequest::WithHash{sha256}});
}

std::optional<std::string> fetch_with_version(agent::TrustStore& store, const std::string& role,
                                              std::int64_t version) {
  return fetch_one(store, {tuf::RoleName::of(role), agent::FileRequest::WithVersion{version}});
}

std::vector<agent::RoleFile> role_files(const tuf::PublishTransaction& transaction) {
  std::vector<agent::RoleFile> files;
  for (const tuf::PublishTransaction::File& file : transaction.files())
    files.push_back({file.role, file.bytes});
  return files;
}

StoreClient::StoreClient(tuf::Gun gun, tuf::Time now)
    : gun_(std::move(gun)),
      now_(now),
      root_(TestSigner::generate()),
      targets_(TestSigner::generate()),
      snapshot_(TestSigner::generate()),
      delegate_(TestSigner::generate()) {}

tuf::SignerFor StoreClient::signer_for() const {
  return [this](const tuf::KeyId& id) -> std::shared_ptr<tuf::Signer> {
    for (const auto& signer : {root_, targets_, snapshot_, delegate_}) {
      if (signer->public_key().canonical_id() == id) return signer;
    }
    return nullptr;
  };
}

std::vector<agent::RoleFile> StoreClient::new_repository(agent::TrustStore& store, bool own_snapshot) {
  CertificateSpec certificate;
  certificate.common_name = gun_.text();
  certificate.not_before = now_ - tuf::Days{1};
  certificate.not_after = now_ + tuf::kRootLifetime;
  const tuf::KeyObject snapshot =
      own_snapshot ? snapshot_->public_key().object() : store.server_key(tuf::RoleName::of("snapshot"));
  const tuf::KeyObject timestamp = store.server_key(tuf::RoleName::of("timestamp"));
  const auto draft = tuf::RepositoryDraft::for_new_repository(
      gun_, now_,
      {tuf::PublicKey::from_certificate(make_certificate(*root_, certificate)), targets_->public_key(),
       snapshot, timestamp});
  return role_files(draft.sign(signer_for()));
}

tuf::TrustedRepository StoreClient::load(agent::TrustStore& store) const {
  tuf::TrustedRepository repository(gun_, now_);
  repository.accept_first_root(must(fetch_newest(store, "root"), "root"), nullptr);
  repository.accept_timestamp(must(fetch_newest(store, "timestamp"), "timestamp"));
  const auto expected = [&](const std::string& role) {
    return must(
        fetch_with_hash(store, role, repository.expected(tuf::RoleName::of(role)).hashes.at("sha256")), role);
  };
  repository.accept_snapshot(expected("snapshot"));
  repository.accept_targets(expected("targets"));
  for (auto wanted = repository.wanted_delegations(); !wanted.empty();
       wanted = repository.wanted_delegations()) {
    for (const auto& [role, meta] : wanted) {
      std::optional<std::string> bytes;
      if (meta) bytes = must(fetch_with_hash(store, role.text(), meta->hashes.at("sha256")), role.text());
      repository.accept_delegation(role, std::move(bytes));
    }
  }
  return repository;
}

std::vector<agent::RoleFile> StoreClient::draft(agent::TrustStore& store, const Change& change) const {
  const tuf::TrustedRepository repository = load(store);
  tuf::RepositoryDraft draft(repository);
  change(draft);
  return role_files(draft.sign(signer_for()));
}

agent::RoleFile StoreClient::next_root(agent::TrustStore& store, const std::function<void(tuf::Root&)>& edit,
                                       const std::vector<std::shared_ptr<TestSigner>>& also) const {
  tuf::Root root = load(store).root().body;
  ++root.version;
  edit(root);
  const tuf::RoleName role = tuf::RoleName::of("root");
  const tuf::RoleAuthority authority = tuf::RoleAuthority::of(root, role);
  const auto look_up = [&](const tuf::KeyId& id) -> std::shared_ptr<tuf::Signer> {
    for (const auto& signer : also) {
      if (signer->public_key().canonical_id() == id) return signer;
    }
    return signer_for()(id);
  };
  return {role, tuf::sign_metadata("root", tuf::encode_signed(root), authority.keys(), authority.threshold(),
                                   look_up)};
}

StoreClient::Change StoreClient::add_delegation(const std::string& role) const {
  return [this, role](tuf::RepositoryDraft& draft) {
    draft.add_delegation(tuf::RoleName::of(role), {delegate_->public_key()}, {""});
  };
}

StoreClient::Change StoreClient::set_target(const std::string& role, const std::string& name,
                                            const std::string& content) {
  return [=](tuf::RepositoryDraft& draft) {
    const tuf::Target target{
        tuf::describe_file(content).hashes, static_cast<std::int64_t>(content.size()), {}};
    draft.set_target(tuf::RoleName::of(role), name, target);
  };
}

}  // namespace test
