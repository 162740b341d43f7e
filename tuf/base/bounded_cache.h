// BoundedCache: what a pure function has answered before, for all threads. Never more than a number of
// answers: whoever can choose the questions must not fill the memory. When it is full, it starts over.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace tuf {

template <class Question, class Answer>
class BoundedCache {
 public:
  explicit BoundedCache(std::size_t max_answers) : max_answers_(max_answers) {}

  std::optional<Answer> find(const Question& question) const {
    const std::lock_guard lock(mutex_);
    const auto found = answers_.find(question);
    if (found == answers_.end()) return std::nullopt;
    return std::optional<Answer>(std::in_place, found->second);  // which may be an optional itself
  }

  void keep(Question question, Answer answer) {
    const std::lock_guard lock(mutex_);
    if (answers_.size() >= max_answers_) answers_.clear();
    answers_.insert_or_assign(std::move(question), std::move(answer));
  }

 private:
  const std::size_t max_answers_;
  mutable std::mutex mutex_;
  std::map<Question, Answer> answers_;
};

}  // namespace tuf
