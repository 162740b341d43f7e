#include "tuf/trust/trusted_repository.h"

#include <algorithm>

#include "tuf/base/digest.h"
#include "tuf/base/words.h"

namespace tuf {
namespace {

/// Whether a file that `parent` signs can delegate to the role: only to its direct children; anything else it
/// names has no meaning.
bool is_child(const DelegationRole& role, const RoleName& parent) {
  return role.name.parent() == parent;
}

/// Exact length, SHA-256, and SHA-512 where it is given (section 7.5).
void check_file(const std::string& what, const FileMeta& expected, const SharedText& bytes) {
  const auto check_hash = [&](const char* name, auto hash) {
    const auto found = expected.hashes.find(name);
    if (found != expected.hashes.end() && found->second != hash()) {
      throw Error(ErrorCode::kHashMismatch,
                  what + " does not have the " + name + " that verified metadata names");
    }
  };
  if (static_cast<std::uint64_t>(expected.length) != bytes.size()) {
    throw Error(ErrorCode::kHashMismatch, what + " has " + std::to_string(bytes.size()) + " bytes where " +
                                              std::to_string(expected.length) + " were announced");
  }
  check_hash("sha256", [&] { return bytes.sha256(); });
  check_hash("sha512", [&] { return sha512(as_bytes(bytes)); });
}

Error not_approved(const std::string& what, const RoleAuthority& authority) {
  return {ErrorCode::kBadSignature, what + " is not signed by " + std::to_string(authority.threshold()) +
                                        " of the " + std::to_string(authority.keys().size()) +
                                        " keys of its role"};
}

void check_approved(const std::string& what, const RoleAuthority& authority, std::string_view signed_text,
                    const std::vector<Signature>& signatures) {
  if (!authority.approves(signed_text, signatures)) throw not_approved(what, authority);
}

/// What what was seen before has to say against it.
template <class T>
std::optional<Error> objection(const std::string& what, const SeenFile& seen, const Metadata<T>& metadata) {
  if (metadata.body.version < seen.version) {
    return Error(ErrorCode::kRollback, what + " has version " + std::to_string(metadata.body.version) +
                                           ", but version " + std::to_string(seen.version) +
                                           " was seen before");
  }
  if (metadata.body.version == seen.version && metadata.bytes.sha256() != seen.sha256) {
    return Error(ErrorCode::kRollback,
                 what + " version " + std::to_string(seen.version) + " was seen before with other content");
  }
  return std::nullopt;
}

/// Each part is accepted once and in turn: what was checked against a part must not outlive it.
void require_order(bool in_order) {
  if (!in_order) throw Error(ErrorCode::kInternal, "trust data accepted out of order");
}

}  // namespace

std::string_view to_string(Delegation::State state) {
  switch (state) {
    case Delegation::State::kUsable:
      return "usable";
    case Delegation::State::kExpired:
      return "expired";
    case Delegation::State::kBelowThreshold:
      return "below threshold";
    case Delegation::State::kMalformed:
      return "malformed";
    case Delegation::State::kMissing:
      return "missing";
    case Delegation::State::kEmpty:
      return "empty";
  }
  return "unknown";
}

bool Delegation::is_signed_by(const PublicKey& key) const {
  if (!metadata) return false;
  return keys.contains(key.id()) ? signers.contains(key.id())
                                 : tuf::is_signed_by(key, metadata->signed_text, metadata->signatures);
}

bool Delegation::is_approved_by(const RoleAuthority& other) const {
  std::set<KeyId> approving;
  for (const PublicKey& key : other.keys()) {
    if (is_signed_by(key)) approving.insert(key.id());
  }
  return other.is_reached_by(approving);
}

TrustedRepository::TrustedRepository(Gun gun, Time now, std::map<RoleName, SeenFile> seen)
    : gun_(std::move(gun)), now_(now), seen_(std::move(seen)) {}

template <class T>
const T& TrustedRepository::get(const std::optional<T>& part) {
  if (!part) throw Error(ErrorCode::kInternal, "trust data asked for before it was verified");
  return *part;
}

bool TrustedRepository::has_seen(const RoleName& name, const RoleAuthority& authority) const {
  const auto found = seen_.find(name);
  return found != seen_.end() && authority.approves(found->second.signed_text, found->second.signatures);
}

template <class T>
void TrustedRepository::check_seen(const RoleName& name, const RoleAuthority& authority,
                                   const Metadata<T>& metadata) const {
  const auto found = seen_.find(name);
  if (found == seen_.end()) return;
  // Who has signed it matters only if it has something to say.
  const auto against = objection(name.text(), found->second, metadata);
  if (against && has_seen(name, authority)) throw Error(*against);
}

Error TrustedRepository::expired(const std::string& what, Time expires) const {
  return {ErrorCode::kExpired,
          what + " of " + gun_.text() + " expired at " + format_time(expires) + "; it is " +
              format_time(now_) + " here",
          what != "timestamp"
              ? ""
              : "check this machine's clock: date -u; else only the server can renew it: whoever "
                "runs it looks at its keys and clock"};
}

/// A certificate that has merely lapsed is replaced by whoever holds the key. One that was never right may be
/// another repository's: that the server shows it is no reason to give up this one.
Error TrustedRepository::no_root_key(const std::string& what, const Root& root,
                                     const std::vector<std::string>& problems) const {
  const bool has_lapsed = !RoleAuthority::of_root(root, gun_, std::nullopt).keys().empty();
  return {ErrorCode::kBadRootCertificate, "no key of " + what + " can be used: " + join(problems, "; "),
          has_lapsed ? ""
                     : "nothing was used of it; the server may show another repository's trust data under "
                       "this name: ask its administrator"};
}

std::string TrustedRepository::way_to_empty(const RoleName& role) const {
  return "whoever holds its key starts it anew with: countersign witness " + gun_.text() + " " + role.text() +
         " --empty";
}

void TrustedRepository::check_expiry(const std::string& what, Time expires) const {
  if (expires <= now_ && !tolerance_.expiry) throw expired(what, expires);
}

void TrustedRepository::accept_first_root(SharedText bytes, const TrustPin* pin) {
  start_with(std::move(bytes), pin, tolerance_.certificate_date(now_));
}

void TrustedRepository::accept_superseded_root(SharedText bytes, const TrustPin& pin) {
  start_with(std::move(bytes), &pin, std::nullopt);
}

void TrustedRepository::start_with(SharedText bytes, const TrustPin* pin,
                                   std::optional<Time> certificate_date) {
  require_order(!root_);
  Metadata<Root> root = decode<Root>(std::move(bytes), "root");
  std::vector<std::string> problems;
  const RoleAuthority own = RoleAuthority::of_root(root.body, gun_, certificate_date, &problems);
  if (own.keys().empty()) throw no_root_key("the root of " + gun_.text(), root.body, problems);
  if (pin && !pin->accepts(root, gun_, certificate_date)) {
    throw Error(
        ErrorCode::kPinMismatch,
        "the root of " + gun_.text() + " is not the pinned one; its key is " + own.keys().front().id().hex());
  }
  check_approved("root", own, root.signed_text, root.signatures);
  root_ = std::move(root);
}

void TrustedRepository::accept_known_root(SharedText bytes) {
  require_order(!root_);
  Metadata<Root> root = decode<Root>(std::move(bytes), "known root");
  // Its certificate may have expired since: what counts is that it once was accepted, and that it is whole.
  check_approved("known root", RoleAuthority::of_root(root.body, gun_, std::nullopt), root.signed_text,
                 root.signatures);
  root_ = std::move(root);
}

void TrustedRepository::accept_next_root(SharedText bytes) {
  require_order(!timestamp_);
  const Metadata<Root>& present = get(root_);
  if (bytes == present.bytes) return;
  Metadata<Root> next = decode<Root>(std::move(bytes), "root");
  const std::string what = "root version " + std::to_string(next.body.version);
  if (next.body.version != present.body.version + 1) {
    throw Error(ErrorCode::kRollback,
                what + " cannot follow version " + std::to_string(present.body.version));
  }
  // Dates, of the file and of its certificates, only matter for the last root of the chain.
  check_approved(what + ", by its predecessor's keys,",
                 RoleAuthority::of_root(present.body, gun_, std::nullopt), next.signed_text, next.signatures);
  std::vector<std::string> problems;
  const RoleAuthority own = RoleAuthority::of_root(next.body, gun_, std::nullopt, &problems);
  if (own.keys().empty()) throw no_root_key(what, next.body, problems);
  check_approved(what, own, next.signed_text, next.signatures);
  root_ = std::move(next);
}

void TrustedRepository::accept_timestamp(SharedText bytes) {
  require_order(!timestamp_);
  const RoleName& name = RoleName::timestamp();
  const Metadata<Root>& root = get(root_);
  check_final_root(root);
  Metadata<Timestamp> timestamp = decode<Timestamp>(std::move(bytes), name.text());
  const RoleAuthority authority = RoleAuthority::of(root.body, name);
  check_approved(name.text(), authority, timestamp.signed_text, timestamp.signatures);
  check_seen(name, authority, timestamp);
  check_expiry(name.text(), timestamp.body.expires);
  timestamp_ = std::move(timestamp);
}

void TrustedRepository::check_final_root(const Metadata<Root>& root) const {
  // The chain of roots is never left, so what was seen of it binds whatever keys its roots have.
  if (const auto seen = seen_.find(RoleName::root()); seen != seen_.end()) {
    if (const auto against = objection("root", seen->second, root)) throw Error(*against);
  }
  check_expiry("root", root.body.expires);
  std::vector<std::string> problems;
  const RoleAuthority own =
      RoleAuthority::of_root(root.body, gun_, tolerance_.certificate_date(now_), &problems);
  if (own.keys().empty()) throw no_root_key("the root of " + gun_.text(), root.body, problems);
  check_approved("root", own, root.signed_text, root.signatures);
}

void TrustedRepository::check_named(const std::string& what, const FileMeta& expected,
                                    const SharedText& bytes) const {
  if (!tolerance_.other_form) check_file(what, expected, bytes);
}

void TrustedRepository::accept_snapshot(SharedText bytes) {
  require_order(!snapshot_);
  const RoleName& name = RoleName::snapshot();
  check_file(name.text(), expected(name), bytes);
  verify_snapshot(std::move(bytes));
}

void TrustedRepository::accept_unstamped_snapshot(SharedText bytes) {
  require_order(!snapshot_ && !timestamp_ && tolerance_.expiry);
  check_final_root(get(root_));
  verify_snapshot(std::move(bytes));
}

void TrustedRepository::verify_snapshot(SharedText bytes) {
  const RoleName& name = RoleName::snapshot();
  Metadata<Snapshot> snapshot = decode<Snapshot>(std::move(bytes), name.text());
  const Metadata<Root>& root = get(root_);
  const RoleAuthority authority = RoleAuthority::of(root.body, name);
  check_approved(name.text(), authority, snapshot.signed_text, snapshot.signatures);
  check_seen(name, authority, snapshot);
  check_expiry(name.text(), snapshot.body.expires);
  check_named("root", snapshot.body.meta.at("root"), root.bytes);
  snapshot_ = std::move(snapshot);
}

void TrustedRepository::accept_targets(SharedText bytes) {
  require_order(!targets_);
  const RoleName& name = RoleName::targets();
  check_named(name.text(), expected(name), bytes);
  Metadata<Targets> targets = decode<Targets>(std::move(bytes), name.text());
  const RoleAuthority authority = RoleAuthority::of(get(root_).body, name);
  check_approved(name.text(), authority, targets.signed_text, targets.signatures);
  check_seen(name, authority, targets);
  check_expiry(name.text(), targets.body.expires);
  targets_ = std::move(targets);
}

std::vector<std::pair<RoleName, std::optional<FileMeta>>> TrustedRepository::wanted_delegations() const {
  std::vector<std::pair<RoleName, std::optional<FileMeta>>> wanted;
  const auto add = [&](const RoleName& parent, const Targets& body) {
    for (const DelegationRole& role : body.roles) {
      if (!is_child(role, parent) || find_delegation(role.name)) continue;
      const auto entry = get(snapshot_).body.meta.find(role.name.text());
      wanted.emplace_back(
          role.name, entry == get(snapshot_).body.meta.end() ? std::nullopt : std::optional(entry->second));
    }
  };
  add(RoleName::targets(), get(targets_).body);
  for (const Delegation& delegation : delegations_) {
    // Below a role that readers skip, nothing counts.
    if (delegation.state == Delegation::State::kUsable && !delegation.unread_below)
      add(delegation.role.name, delegation.metadata->body);
  }
  return wanted;
}

Delegation TrustedRepository::define(const RoleName& name) const {
  require_order(!find_delegation(name));
  const RoleName parent_name = name.parent();
  const Delegation* parent = parent_name.is_delegation() ? find_delegation(parent_name) : nullptr;
  if (parent_name.is_delegation() && (!parent || !parent->metadata)) {
    throw Error(ErrorCode::kInternal, name.text() + " accepted before its parent");
  }
  const Targets& definition = parent ? parent->metadata->body : get(targets_).body;
  const DelegationRole* role = definition.find_role(name);
  if (!role) throw Error(ErrorCode::kInternal, name.text() + " is not a delegation here");

  std::map<KeyId, KeyObject> keys;  // not all: thousands of roles may share a thousand keys
  for (const KeyId& id : role->key_ids) {
    if (const auto key = definition.keys.find(id); key != definition.keys.end()) keys.insert(*key);
  }
  RoleAuthority authority(keys, role->key_ids, role->threshold);
  std::vector<std::string> paths =
      paths_below(parent ? parent->paths : std::vector<std::string>{""}, role->paths);
  return {*role, std::move(paths), std::move(keys), std::move(authority)};
}

void TrustedRepository::add(Delegation delegation) {
  indices_.emplace(delegation.role.name, delegations_.size());
  delegations_.push_back(std::move(delegation));
}

void TrustedRepository::leave_out_delegation(const RoleName& name, const Error& why) {
  Delegation delegation = define(name);
  delegation.state = Delegation::State::kMalformed;
  delegation.problem = why.with_hint(way_to_empty(name));
  add(std::move(delegation));
}

void TrustedRepository::accept_delegation(const RoleName& name, std::optional<SharedText> bytes) {
  Delegation delegation = define(name);
  const auto listed = get(snapshot_).body.meta.find(name.text());
  if (listed != get(snapshot_).body.meta.end()) {
    read_file(delegation, listed->second, std::move(bytes));
  } else if (has_seen(name, delegation.authority)) {
    // A delegation that its parent has removed may leave the snapshot; one that still stands there may not.
    throw Error(ErrorCode::kRollback,
                "the snapshot no longer lists " + name.text() + ", which was seen before");
  }
  if (delegation.metadata) count_memory(delegation);
  if (delegation.state == Delegation::State::kUsable) count_children(delegation);
  add(std::move(delegation));
}

void TrustedRepository::count_memory(Delegation& delegation) {
  const RoleName& name = delegation.role.name;
  const RoleName top = name.top();
  std::size_t& used = below_[top].memory;
  if (delegation.metadata->memory <= kMaxMemoryBelow - used) {
    used += delegation.metadata->memory;
    return;
  }
  delegation.metadata.reset();
  delegation.state = Delegation::State::kMalformed;
  delegation.over_limit = true;
  delegation.problem = Error(ErrorCode::kMalformedMetadata,
                             name.text() + " of " + gun_.text() + " is not read: " + top.text() +
                                 " and what stands below it would take more than " +
                                 std::to_string(kMaxMemoryBelow >> 20) + " MiB of memory",
                             way_to_empty(name));
}

void TrustedRepository::count_children(Delegation& delegation) {
  const RoleName& name = delegation.role.name;
  const RoleName top = name.top();
  Load& load = below_[top];
  Load with_children = load;
  for (const DelegationRole& role : delegation.metadata->body.roles) {
    if (!is_child(role, name)) continue;
    ++with_children.delegations;
    with_children.keys += role.key_ids.size();
  }
  if (with_children.delegations <= kMaxDelegationsBelow && with_children.keys <= kMaxKeysBelow) {
    load = with_children;
    return;
  }
  delegation.unread_below =
      Error(ErrorCode::kMalformedMetadata,
            "what " + name.text() + " of " + gun_.text() + " delegates to is not read: more than " +
                std::to_string(kMaxDelegationsBelow) + " delegations, or " + std::to_string(kMaxKeysBelow) +
                " keys of theirs, would stand below " + top.text(),
            "whoever signs " + name.text() + " takes some of them out: countersign delegation remove " +
                gun_.text() + " ROLE");
}

void TrustedRepository::read_file(Delegation& delegation, const FileMeta& listed,
                                  std::optional<SharedText> bytes) const {
  using State = Delegation::State;
  const std::string& name = delegation.role.name.text();
  const std::string of_repository = name + " of " + gun_.text();
  if (!bytes) {
    delegation.state = State::kMissing;
    delegation.problem = Error(ErrorCode::kRepositoryBroken,
                               "the file of " + of_repository + " that the snapshot names cannot be had");
    return;
  }
  check_named(name, listed, *bytes);
  std::optional<Metadata<Targets>> metadata;
  try {
    metadata = decode<Targets>(*std::move(bytes), name);
  } catch (const Error& error) {
    delegation.state = State::kMalformed;
    delegation.problem = error.with_context("the file of " + of_repository + " cannot be read")
                             .with_hint(way_to_empty(delegation.role.name));
    return;
  }
  check_seen(delegation.role.name, delegation.authority, *metadata);
  delegation.stored_version = metadata->body.version;
  delegation.signers = delegation.authority.signers(metadata->signed_text, metadata->signatures);
  if (!delegation.authority.is_reached_by(delegation.signers)) {
    delegation.state = State::kBelowThreshold;
    delegation.problem = not_approved("the file of " + of_repository, delegation.authority)
                             .with_hint(
                                 "if the role's keys were changed, someone who holds a current one "
                                 "looks at it and signs it: countersign witness " +
                                 gun_.text() + " " + name);
    const auto threshold = static_cast<std::size_t>(delegation.authority.threshold());
    delegation.counted_twice = threshold > 1 && delegation.signers.size() >= threshold;
    return;
  }
  delegation.state = State::kUsable;
  if (metadata->body.expires <= now_) {
    delegation.state = State::kExpired;
    delegation.problem = expired(name, metadata->body.expires);
  }
  delegation.metadata = *std::move(metadata);
}

const FileMeta& TrustedRepository::expected(const RoleName& name) const {
  return name.text() == "snapshot" ? get(timestamp_).body.snapshot : get(snapshot_).body.meta.at(name.text());
}

const Delegation* TrustedRepository::find_delegation(const RoleName& name) const {
  const auto found = indices_.find(name);
  return found == indices_.end() ? nullptr : &delegations_[found->second];
}

Error TrustedRepository::no_such_role(const RoleName& name) const {
  for (RoleName above = name; above.is_delegation(); above = above.parent()) {
    if (const Delegation* delegation = find_delegation(above); delegation && delegation->unread_below)
      return *delegation->unread_below;
  }
  return {ErrorCode::kRoleNotFound, gun_.text() + " has no role " + name.text(),
          "countersign delegation list " + gun_.text() + " shows the roles there are"};
}

bool TrustedRepository::admits(const RoleName& role, std::string_view target_name) const {
  if (!role.is_delegation()) return true;
  const Delegation* delegation = find_delegation(role);
  return delegation && std::any_of(delegation->paths.begin(), delegation->paths.end(),
                                   [&](const std::string& path) { return target_name.starts_with(path); });
}

std::optional<TargetMap::Entry> TrustedRepository::find_entry(const RoleName& role,
                                                              std::string_view target_name) const {
  const Targets* body = nullptr;
  if (role.text() == "targets") {
    body = &targets().body;
  } else if (const Delegation* delegation = find_delegation(role);
             delegation && delegation->state == Delegation::State::kUsable && admits(role, target_name)) {
    body = &delegation->metadata->body;
  }
  return body ? body->targets.find_entry(target_name) : std::nullopt;
}

std::optional<Target> TrustedRepository::find_target(const RoleName& role,
                                                     std::string_view target_name) const {
  const auto entry = find_entry(role, target_name);
  return entry ? std::optional(entry->target()) : std::nullopt;
}

}  // namespace tuf
