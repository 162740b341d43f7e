// RepositoryRules: which rule of a policy applies to a tag of one repository, the longest match first.
//
// A thousand rules may be for tags of one repository with fifty thousand: patterns are looked up by the text
// with which they begin or end, and only those that can match are tried.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "agent/policy/policy.h"

namespace agent {

class RepositoryRules {
 public:
  /// The policy must outlive the rules. A pattern matches the name as it is written, and as it is written
  /// without capitals in its host and the port of https: another spelling of a registry gets no weaker rule.
  RepositoryRules(const Policy& policy, const tuf::Gun& gun);

  struct Match {
    const Rule* rule;
    const ImagePattern* pattern;
  };
  bool empty() const { return ordered_.empty(); }
  /// nullptr if no rule applies. Of two patterns that are equally long the first in the file decides.
  const Match* find(std::string_view tag) const;

 private:
  /// Positions in `ordered_` of the patterns that share a beginning or an end, ascending.
  using Bucket = std::vector<std::size_t>;
  using Buckets = std::map<std::string_view, Bucket>;
  /// The length of what is shared comes first: of every tag there is one beginning of each length.
  using ByLength = std::map<std::size_t, Buckets>;

  void look_in(const Bucket& bucket, std::string_view tag, std::size_t& best) const;

  std::vector<Match> ordered_;  // the longest first
  ByLength by_head_;
  ByLength by_tail_;  // of those that begin with a wildcard
};

}  // namespace agent
