#include "agent/work/root_chain.h"

#include <algorithm>

#include "tuf/base/error.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

constexpr std::int64_t kAtOnce = 16;

FileRequest root_with_version(std::int64_t version) {
  return {tuf::RoleName::root(), FileRequest::WithVersion{version}, RootChain::kMaxLength};
}

}  // namespace

void RootChain::follow(tuf::TrustedRepository& repository, const tuf::SharedText& newest) {
  const std::int64_t last = tuf::decode<tuf::Root>(newest, "root").body.version;
  const std::int64_t first = repository.root().body.version + 1;
  // An older one is no error by itself: the snapshot says which root is in force, and it is verified.
  if (last < first - 1) return;
  if (last - first > kMaxSteps) {
    throw Error(
        ErrorCode::kRollback,
        "root jumps from version " + std::to_string(first - 1) + " to " + std::to_string(last),
        "ask the repository's owner whether that is theirs; if so, forget what was seen here: countersign "
        "repo pin " +
            gun_.text() + " --trust-root REF --reset-cache");
  }
  for (std::int64_t next = first; next < last; next += kAtOnce) {
    std::vector<FileRequest> between;
    for (std::int64_t version = next; version < std::min(last, next + kAtOnce); ++version)
      between.push_back(root_with_version(version));
    for (std::optional<std::string>& bytes : store_.fetch(between)) {
      if (!bytes)
        throw Error(ErrorCode::kRepositoryBroken,
                    store_.name() + " cannot serve an intermediate root of " + gun_.text());
      repository.accept_next_root(*std::move(bytes));
    }
  }
  repository.accept_next_root(newest);
}

void RootChain::start_from_pin(tuf::TrustedRepository& repository, const tuf::TrustPin& pin,
                               const tuf::SharedText& newest) {
  if (!is_pinned(newest, pin, certificate_date_)) {
    const std::int64_t version = tuf::decode<tuf::Root>(newest, "root").body.version;
    if (const auto pinned = newest_pinned_before(version, pin)) {
      if (is_pinned(*pinned, pin, certificate_date_)) {
        repository.accept_first_root(*pinned, &pin);
      } else {
        repository.accept_superseded_root(*pinned, pin);
      }
      follow(repository, newest);
      return;
    }
  }
  repository.accept_first_root(newest, &pin);  // says so if nothing matches
}

bool RootChain::is_pinned(const tuf::SharedText& root, const tuf::TrustPin& pin,
                          std::optional<tuf::Time> certificate_date) const {
  return pin.accepts(tuf::decode<tuf::Root>(root, "root"), gun_, certificate_date);
}

std::optional<std::string> RootChain::newest_pinned_before(std::int64_t version, const tuf::TrustPin& pin) {
  const std::int64_t last = std::max<std::int64_t>(1, version - kMaxSteps);
  for (std::int64_t next = version - 1; next >= last; next -= kAtOnce) {
    std::vector<FileRequest> older;
    for (std::int64_t at = next; at >= std::max(last, next - kAtOnce + 1); --at)
      older.push_back(root_with_version(at));
    for (std::optional<std::string>& bytes : store_.fetch(older)) {
      if (!bytes) return std::nullopt;
      if (is_pinned(*bytes, pin, certificate_date_) || is_pinned(*bytes, pin, std::nullopt))
        return std::move(bytes);
    }
  }
  return std::nullopt;
}

}  // namespace agent
