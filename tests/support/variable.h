// A variable of the environment as a test wants it, for as long as it is in scope.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>

namespace test {

class Variable {
 public:
  /// nullopt: it is not set.
  Variable(const char* name, const std::optional<std::string>& value) : name_(name) {
    if (const char* before = getenv(name)) before_ = before;
    set(value);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { set(before_); }

 private:
  void set(const std::optional<std::string>& value) {
    value ? setenv(name_, value->c_str(), 1) : unsetenv(name_);
  }

  const char* name_;
  std::optional<std::string> before_;
};

}  // namespace test
