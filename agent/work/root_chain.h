// RootChain: the way from a root that is trusted to the newest one. A version at a time, none left out: each
// is signed by the keys of the one before (section 7.2).
#pragma once

#include <cstdint>
#include <string>

#include "agent/store/trust_store.h"
#include "tuf/trust/trusted_repository.h"

namespace agent {

class RootChain {
 public:
  static constexpr std::size_t kMaxLength = 1 << 20;  // bytes of a root, which nothing announces
  static constexpr std::int64_t kMaxSteps = 1024;

  /// The store must outlive it.
  /// `certificate_date` as in tuf::Tolerance.
  RootChain(TrustStore& store, tuf::Gun gun, std::optional<tuf::Time> certificate_date)
      : store_(store), gun_(std::move(gun)), certificate_date_(certificate_date) {}

  /// From the root in use to `newest`. Throws kRollback beyond kMaxSteps, kRepositoryBroken if the store
  /// lacks one in between, and what accepting a root throws.
  void follow(tuf::TrustedRepository& repository, const tuf::SharedText& newest);
  /// First contact. A root that was rotated after it was pinned is reached through its predecessors: the
  /// newest one that the pin accepts is where the chain starts, though its certificate may have lapsed since:
  /// whoever pinned its key by ID goes on where a certificate was replaced too late. Throws as `follow` and
  /// accept_first_root do.
  void start_from_pin(tuf::TrustedRepository& repository, const tuf::TrustPin& pin,
                      const tuf::SharedText& newest);

 private:
  std::optional<std::string> newest_pinned_before(std::int64_t version, const tuf::TrustPin& pin);
  bool is_pinned(const tuf::SharedText& root, const tuf::TrustPin& pin,
                 std::optional<tuf::Time> certificate_date) const;

  TrustStore& store_;
  tuf::Gun gun_;
  std::optional<tuf::Time> certificate_date_;
};

}  // namespace agent
