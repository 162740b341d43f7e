// Secret: a passphrase, PIN or password. Lives in one locked page of its own, is wiped on the way out, and
// cannot be copied, compared or printed.
#pragma once

#include <cstddef>
#include <string_view>

#include "tuf/base/bytes.h"

namespace hsm {

class Secret {
 public:
  /// Copies `text`; wiping the original is the caller's duty (`take_environment` does it for variables).
  explicit Secret(std::string_view text);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  // A copy would be one more place to wipe.
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  /// For the one call that needs it. Never log it, never store it.
  std::string_view reveal() const;
  bool empty() const { return size_ == 0; }

 private:
  void wipe() noexcept;
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace hsm
