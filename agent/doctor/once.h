// Once: something that is found out at most once. Several checks ask for it, and each is told the same: the
// value, or the very error.
#pragma once

#include <exception>
#include <functional>
#include <optional>

namespace agent {

template <class T>
class Once {
 public:
  explicit Once(std::function<T()> find) : find_(std::move(find)) {}

  T& get() {
    if (!value_ && !failure_) {
      try {
        value_.emplace(find_());
      } catch (...) {
        failure_ = std::current_exception();
      }
    }
    if (failure_) std::rethrow_exception(failure_);
    return *value_;
  }

  /// Whether it was found out; asks for nothing.
  bool is_known() const { return value_.has_value(); }

 private:
  std::function<T()> find_;
  std::optional<T> value_;
  std::exception_ptr failure_;
};

}  // namespace agent
