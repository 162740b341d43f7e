// PublishedFacts: what receipts and audit lines tell of the results of use cases. Made of these results
// alone, so that no change of what commands print changes what is signed.
#pragma once

#include <vector>

#include "agent/evidence/published.h"
#include "agent/work/change_repository.h"
#include "agent/work/release_signer.h"
#include "agent/work/still_due.h"
#include "tuf/view/tag_view.h"

namespace agent {

/// Its roles, and the root that is trusted.
void tell_state(const tuf::TrustedRepository& repository, PublishedRepository& told);

/// After a change, with what was signed along with it.
void tell_changes(const RepositoryChange& change, PublishedRepository& told);

/// After images were signed: in their order, with what the policy says of each. `platforms`: those of each
/// image, too.
void tell_signed(const SignedRepository& result, const std::vector<SourcedImage>& images, bool platforms,
                 PublishedRepository& told);

/// After a refusal: every foreign entry.
void tell_foreign(const PolicyGuard& guard, PublishedRepository& told);

/// What still stands in a repository after tags were revoked.
void tell_rest(const std::vector<tuf::TagView>& views, PublishedRepository& told);

void tell_due(const std::vector<StillDue>& due, PublishedRepository& told);

}  // namespace agent
