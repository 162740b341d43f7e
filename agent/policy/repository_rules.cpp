#include "agent/policy/repository_rules.h"

#include <algorithm>

#include "agent/names/image_reference.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

constexpr std::string_view kHttpsPort = ":443";

/// The name of a repository as most people write it: the same registry answers to a host in capitals, and to
/// one with the port that it has anyway.
std::string common_name(const tuf::Gun& gun) {
  std::string host = tuf::in_lower_case(registry_of(gun));
  const std::string path = gun.text().substr(host.size());
  if (host.ends_with(kHttpsPort)) host.resize(host.size() - kHttpsPort.size());
  return host + path;
}

}  // namespace

RepositoryRules::RepositoryRules(const Policy& policy, const tuf::Gun& gun) {
  const std::string common = common_name(gun);
  for (const Rule& rule : policy.rules) {
    for (const ImagePattern& pattern : rule.images) {
      if (pattern.repository.matches(gun.text()) || pattern.repository.matches(common))
        ordered_.push_back({&rule, &pattern});
    }
  }
  std::stable_sort(ordered_.begin(), ordered_.end(), [](const Match& a, const Match& b) {
    return a.pattern->literals() > b.pattern->literals();
  });
  for (std::size_t position = 0; position < ordered_.size(); ++position) {
    const std::optional<Glob>& tag = ordered_[position].pattern->tag;
    const std::string_view head = tag ? tag->head() : "";
    const std::string_view tail = tag ? tag->tail() : "";
    Bucket& bucket = head.empty() ? by_tail_[tail.size()][tail] : by_head_[head.size()][head];
    bucket.push_back(position);
  }
}

const RepositoryRules::Match* RepositoryRules::find(std::string_view tag) const {
  std::size_t best = ordered_.size();
  for (const auto& [length, buckets] : by_head_) {
    if (length > tag.size()) break;
    const auto bucket = buckets.find(tag.substr(0, length));
    if (bucket != buckets.end()) look_in(bucket->second, tag, best);
  }
  for (const auto& [length, buckets] : by_tail_) {
    if (length > tag.size()) break;
    const auto bucket = buckets.find(tag.substr(tag.size() - length));
    if (bucket != buckets.end()) look_in(bucket->second, tag, best);
  }
  return best == ordered_.size() ? nullptr : &ordered_[best];
}

void RepositoryRules::look_in(const Bucket& bucket, std::string_view tag, std::size_t& best) const {
  for (const std::size_t position : bucket) {
    if (position >= best) return;
    const std::optional<Glob>& pattern = ordered_[position].pattern->tag;
    if (!pattern || pattern->matches(tag)) {
      best = position;
      return;
    }
  }
}

}  // namespace agent
