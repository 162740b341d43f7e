// StoredState: what a repository holds as it is stored, as the gate looks at it, and what a policy says of
// that.
#pragma once

#include "agent/policy/judge.h"
#include "tuf/view/signed_state.h"

namespace agent {

struct StoredState {
  /// Whoever signed before their role expired has signed. `without`: as if these entries did not stand there.
  /// Both the policy and the repository must outlive it.
  StoredState(const Policy& policy, const tuf::TrustedRepository& repository,
              const tuf::SignedState::Names& without = {})
      : state(repository, tuf::SignedState::Expired::kTake, without), judge(policy, state) {}

  tuf::SignedState state;
  Judge judge;
};

}  // namespace agent
