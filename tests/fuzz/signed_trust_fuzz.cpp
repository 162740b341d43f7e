// Hostile trust data with genuine signatures: somebody who holds the keys of `targets` and of delegations
// cannot get a name accepted that the paths of its role and of all parents do not admit, nor a role above
// another, nor keep the client busy.
//
// Input: the `signed` of targets, a line `---`, the `signed` of every delegation. Key IDs are those of kKey.
#include <algorithm>
#include <set>

#include "tests/fuzz/fuzz.h"
#include "tests/support/repository_maker.h"

namespace {

constexpr std::string_view kKey =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
    "-----END PRIVATE KEY-----\n";

test::RepositoryMaker make_repository(const std::shared_ptr<test::TestSigner>& signer) {
  test::RepositoryMaker repository;
  for (const char* role : {"targets", "snapshot", "timestamp"}) repository.rotate(role, signer);
  repository.publish();
  return repository;
}

std::string sign(test::TestSigner& signer, std::string_view signed_text) {
  const tuf::Bytes signature = signer.sign(tuf::as_bytes(signed_text));
  return tuf::encode_file(signed_text, {{signer.public_key().id().hex(), "eddsa", signature}});
}

/// The delegations that a file defines; nullopt if it is no targets file.
std::optional<std::set<tuf::RoleName>> roles_in(const std::string& file) {
  const auto targets = fuzz::attempt([&] { return tuf::decode<tuf::Targets>(file, "file"); });
  if (!targets) return std::nullopt;
  std::set<tuf::RoleName> roles;
  for (const tuf::DelegationRole& role : targets->body.roles) roles.insert(role.name);
  return roles;
}

void check(const tuf::TrustedRepository& repository, std::size_t named) {
  std::set<tuf::RoleName> earlier{tuf::RoleName::of("targets")};
  fuzz::require(repository.delegations().size() <= named, "every role is loaded once");
  for (const tuf::Delegation& delegation : repository.delegations()) {
    const tuf::RoleName& name = delegation.role.name;
    fuzz::require(earlier.contains(name.parent()), "a role comes after its parent");
    fuzz::require(earlier.insert(name).second, "a role is there once");
    if (!delegation.metadata) continue;
    for (const auto& entry : delegation.metadata->body.targets) {
      const std::string target = entry.name();
      if (!repository.find_target(name, target)) continue;
      for (tuf::RoleName role = name; role.is_delegation(); role = role.parent()) {
        const std::vector<std::string>& paths = repository.find_delegation(role)->role.paths;
        const auto admits = [&](const std::string& path) { return target.starts_with(path); };
        fuzz::require(std::any_of(paths.begin(), paths.end(), admits),
                      "every role on the way admits the name");
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto signer = test::TestSigner::from_pem(kKey);
  static const test::RepositoryMaker genuine = make_repository(signer);
  std::string_view rest = fuzz::as_text(data, size);
  const std::string_view targets_text = fuzz::take_part(rest, "\n---\n");
  if (!tuf::has_wire_form(targets_text) || !tuf::has_wire_form(rest)) return 0;

  const std::string targets = sign(*signer, targets_text);
  const std::string delegation = sign(*signer, rest);
  std::optional<std::set<tuf::RoleName>> named = roles_in(targets);
  if (!named) return 0;  // nothing new to see, and all that follows is slow
  named->merge(roles_in(delegation).value_or(std::set<tuf::RoleName>()));
  test::RepositoryMaker repository = genuine;
  repository.store("targets", targets);
  for (const tuf::RoleName& role : *named) repository.store(role.text(), delegation);
  repository.publish_snapshot();
  if (const auto loaded = fuzz::attempt([&] { return test::load(repository); }))
    check(*loaded, named->size());
  return 0;
}
