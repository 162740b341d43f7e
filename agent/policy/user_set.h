// UserSet: users of a policy, as one bit each: a thousand rules may each speak of a thousand users.
#pragma once

#include <cstddef>
#include <vector>

namespace agent {

/// Position of a user in its policy.
using UserId = std::size_t;

class UserSet {
 public:
  /// None of `users` users.
  explicit UserSet(std::size_t users = 0) : bits_(users) {}
  static UserSet all(std::size_t users);

  bool contains(UserId user) const { return user < bits_.size() && bits_[user]; }
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  /// False if it was there before.
  bool insert(UserId user);
  void insert(const UserSet& others);
  std::vector<UserId> members() const;

 private:
  std::vector<bool> bits_;
  std::size_t size_ = 0;
};

}  // namespace agent
