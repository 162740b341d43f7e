// repo rotate: gives a role a new key, of the user or of the server.
#include "agent/cli/commands.h"
#include "agent/cli/policy_options.h"
#include "agent/cli/repository_command.h"
#include "agent/names/image_reference.h"
#include "agent/work/key_rotation.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;
using tuf::RoleName;

struct RepoRotateOptions {
  std::string repository;
  std::string role;
  std::optional<std::string> key;
  bool server_managed = false;
  bool yes = false;
  PolicyOptions policy;
};

/// What the root says who signs it, or a delegation.
RoleName parse_rotated(const RepoRotateOptions& options) {
  const auto is_top = [](const std::string& text) {
    const auto role = RoleName::parse(text);
    return role && !role->is_delegation();
  };
  const auto role = RoleName::parse(options.role);
  if (role) return *role;
  throw Error(ErrorCode::kInvalidRole, "\"" + tuf::printable(options.role) + "\" is not a role name",
              is_top(options.repository) ? "the repository comes first: countersign repo rotate " +
                                               tuf::shell_word(options.role) + " " + options.repository
                                         : "name root, targets, snapshot or timestamp");
}

/// Whether the server is to sign the role.
bool is_for_server(const RepoRotateOptions& options, const RoleName& role) {
  if (role.is_delegation()) {
    const bool is_signer = role.is_identity();
    const std::string repository = tuf::shell_word(options.repository);
    throw Error(
        ErrorCode::kInvalidRole, "the root does not say who signs " + role.text(),
        is_signer
            ? "countersign signer rotate " + std::string(role.leaf()) + " " + repository + " --add NEW.pub"
            : "countersign delegation add " + repository + " " + role.text() + " --key NEW.pub");
  }
  const bool by_server = role == RoleName::timestamp() || options.server_managed;
  if (by_server && role != RoleName::timestamp() && role != RoleName::snapshot()) {
    throw Error(ErrorCode::kUsage, "a server does not manage " + role.text(), "leave --server-managed out");
  }
  if (by_server && options.key) {
    throw Error(ErrorCode::kUsage, "the server makes its key for " + role.text() + " itself",
                "leave --key out");
  }
  return by_server;
}

void rotate(const RepoRotateOptions& options, Run& run, Report& report) {
  const RoleName role = parse_rotated(options);
  const bool by_server = is_for_server(options, role);
  const tuf::Gun gun = parse_repository(options.repository);
  Run::Repository open = run.open(gun, by_server ? Access::kAdminister : Access::kPublish);
  KeyRotation rotation(open, {role, options.key, by_server, options.yes}, run, report.warnings);
  const std::unique_ptr<const Policy> policy =
      by_server ? nullptr : find_signing_policy(options.policy, run.settings());
  rotation.publish([&] {
    change(open, rotation.change(policy.get(), options.policy),
           rotation_words(role, by_server, rotation.stand_ins()), run, report);
  });
  if (rotation.takes_consent()) report.text.push_back("  signers could no longer publish, which takes --yes");
  if (role == RoleName::root() && !run.dry_run())
    report.text.push_back(*report.repositories.back().trust_root);
}

}  // namespace

void add_repo_rotate(Grammar& grammar) {
  auto options = std::make_shared<RepoRotateOptions>();
  CLI::App* c =
      grammar.command("repo rotate", "Give root, targets, snapshot or timestamp a new key", options, rotate);
  add_operand(c, "repository", options->repository, "REPO");
  add_operand(c, "role", options->role, "ROLE");
  add_value(c, "--key", options->key, "The new key (default: one is made in the trust directory)", "REF");
  add_flag(c, "--server-managed", options->server_managed,
           "Let the server make it: snapshot; always so: timestamp");
  place(add_flag(c, "--yes", options->yes, "Even if signers can no longer publish"), kGuards);
  add_policy_options(c, options->policy, "Sign nothing foreign anew");
  grammar.example(c, "countersign repo rotate registry.example.com/team/app targets");
}

}  // namespace agent
