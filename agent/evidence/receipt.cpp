#include "agent/evidence/receipt.h"

#include <algorithm>
#include <set>

#include "agent/names/digest.h"
#include "tuf/base/error.h"
#include "tuf/view/role_view.h"
#include "tuf/view/tag_view.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::Json;

constexpr const char* kGetAnew =
    "do not rely on it: get the file anew from whoever signed, as it was written";

[[noreturn]] void fail(const std::string& message, std::string hint = {}) {
  throw Error(ErrorCode::kReceiptInvalid, message, std::move(hint));
}

tuf::RoleName role_of(const std::string& text) {
  const auto role = tuf::RoleName::parse(text);
  if (!role) fail("it names a role that is none");
  return *role;
}

ReceiptTarget read_target(const Json& json) {
  ReceiptTarget target{text_member(json, "name"),
                       text_member(json, "digest"),
                       number_member(json, "length"),
                       {},
                       text_member(json, "status")};
  Digest::parse(target.digest);
  for (const Json& role : json.at("roles"))
    target.roles.push_back(role_of(role.get_ref<const std::string&>()));
  if (target.roles.empty()) fail("it names no role for tag " + target.name);
  return target;
}

/// Without the version of the file in which a tag was published, no repository could contradict it.
void require_version(const ReceiptRepository& repository, const tuf::RoleName& role) {
  const bool told = std::any_of(repository.roles.begin(), repository.roles.end(),
                                [&](const ReceiptRole& each) { return each.name == role; });
  if (!told) fail("it tells no version of " + role.text());
}

ReceiptRepository read_repository(const Json& json) {
  const auto gun = tuf::Gun::parse(text_member(json, "gun"));
  if (!gun) fail("it names a repository that cannot be one");
  ReceiptRepository repository{*gun, {}, {}};
  for (const Json& role : json.at("roles")) {
    repository.roles.push_back(
        {role_of(text_member(role, "name")), number_member(role, "version"), text_member(role, "sha256")});
  }
  for (const Json& target : json.at("targets")) repository.targets.push_back(read_target(target));
  // What tells of nothing would be borne out by every repository.
  if (repository.targets.empty()) fail("it names no tag of " + gun->text());
  for (const ReceiptTarget& target : repository.targets) {
    for (const tuf::RoleName& role : target.roles) require_version(repository, role);
  }
  return repository;
}

Receipt read(const Statement& statement) {
  const auto time = tuf::parse_time(text_member(statement.body, "time"));
  if (!time) fail("it tells no time");
  if (statement.signers.empty()) fail("nobody has signed it");
  Receipt receipt{statement, *time, {}};
  for (const Json& repository : statement.body.at("repositories")) {
    receipt.repositories.push_back(read_repository(repository));
  }
  if (receipt.repositories.empty()) fail("it names no repository");
  return receipt;
}

/// The keys of the role that have signed the receipt must be as many as the role asks for.
void check_signers(const Receipt& receipt, const tuf::TrustedRepository& repository,
                   const tuf::RoleName& role) {
  const tuf::Delegation* delegation = repository.find_delegation(role);
  if (role.is_delegation() && !delegation) {
    fail(repository.gun().text() + " has no role " + role.text() + " (any more)",
         "verify it by itself, with the public key of that time: --key FILE");
  }
  const tuf::RoleAuthority authority =
      delegation ? delegation->authority : tuf::RoleAuthority::of(repository.root().body, role);
  std::vector<tuf::PublicKey> signed_by;
  for (const tuf::PublicKey& key : authority.keys()) {
    if (receipt.statement.is_signed_by(key)) signed_by.push_back(key);
  }
  if (tuf::RoleAuthority(signed_by, 1).key_pairs() >= static_cast<std::size_t>(authority.threshold())) return;
  fail(
      "its signers are not (any more) those of " + role.text() + " of " + repository.gun().text(),
      "if their keys were replaced since, verify it by itself, with the public key of that time: --key FILE");
}

void check_version(const ReceiptRole& published, const tuf::RoleView& now, const tuf::Gun& gun) {
  const std::string name = published.name.text() + " of " + gun.text();
  if (now.version < published.version) {
    fail("it tells of version " + std::to_string(published.version) + " of " + name +
         ", which has only come to " + std::to_string(now.version));
  }
  if (now.version == published.version && now.sha256 != published.sha256) {
    fail("version " + std::to_string(published.version) + " of " + name +
         " is another file than the one it tells of");
  }
}

/// A role that is not there any more, or unusable, says nothing; what became of its tags is told of them.
void check_versions(const ReceiptRepository& published, const tuf::TrustedRepository& repository) {
  for (const tuf::RoleView& now : tuf::view_roles(repository)) {
    for (const ReceiptRole& role : published.roles) {
      if (role.name == now.name) check_version(role, now, published.gun);
    }
  }
}

}  // namespace

std::string write_receipt(const ReceiptContent& content,
                          const std::vector<std::shared_ptr<tuf::Signer>>& signers) {
  Json body = {{"command", content.command},
               {"time", tuf::format_time(content.time)},
               {"countersign", COUNTERSIGN_VERSION},
               {"ci", content.ci},
               {"repositories", Json::array()}};
  if (content.policy) body["policy"] = *content.policy;
  for (const PublishedRepository& repository : content.repositories)
    body["repositories"].push_back(to_evidence(repository));
  return write_statement(kReceiptType, std::move(body), signers) + "\n";
}

Receipt Receipt::read(std::string_view text, const std::string& what) {
  try {
    if (!text.ends_with('\n')) fail("it is not in its exact form");
    text.remove_suffix(1);
    return agent::read(read_statement(text, kReceiptType, ErrorCode::kReceiptInvalid, "it is of no use"));
  } catch (const Error& error) {
    throw Error(ErrorCode::kReceiptInvalid, what + ": " + error.what(), kGetAnew);
  } catch (const Json::exception&) {
    throw Error(ErrorCode::kReceiptInvalid, what + ": it lacks what a receipt tells", kGetAnew);
  }
}

std::vector<TagFinding> compare_with_repository(const Receipt& receipt, const ReceiptRepository& published,
                                                const tuf::TrustedRepository& repository) {
  check_versions(published, repository);
  std::set<tuf::RoleName> roles;
  for (const ReceiptTarget& target : published.targets)
    roles.insert(target.roles.begin(), target.roles.end());
  for (const tuf::RoleName& role : roles) check_signers(receipt, repository, role);
  std::vector<TagFinding> findings;
  for (const ReceiptTarget& target : published.targets) {
    for (const tuf::RoleName& role : target.roles) {
      const auto now = repository.find_target(role, target.name);
      TagFinding finding{target.name, role, TagFinding::State::kGone, ""};
      if (now) {
        finding.digest = tuf::TagView{target.name, *now, {}, false}.digest();
        const bool same = finding.digest == target.digest && now->length == target.length;
        finding.state = same ? TagFinding::State::kUnchanged : TagFinding::State::kMoved;
      }
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

}  // namespace agent
