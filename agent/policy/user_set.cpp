#include "agent/policy/user_set.h"

namespace agent {

UserSet UserSet::all(std::size_t users) {
  UserSet set(users);
  set.bits_.assign(users, true);
  set.size_ = users;
  return set;
}

bool UserSet::insert(UserId user) {
  if (bits_.at(user)) return false;
  bits_[user] = true;
  ++size_;
  return true;
}

void UserSet::insert(const UserSet& others) {
  for (const UserId user : others.members()) insert(user);
}

std::vector<UserId> UserSet::members() const {
  std::vector<UserId> members;
  for (UserId user = 0; user < bits_.size(); ++user) {
    if (bits_[user]) members.push_back(user);
  }
  return members;
}

}  // namespace agent
