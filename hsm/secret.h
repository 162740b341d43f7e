// Secret: a passphrase, PIN or password. Lives in locked pages of its own, is wiped on the way out, and
// cannot be copied, compared or printed. While it is not needed it can be sealed: then memory holds it only
// as the sum of two pages of noise, and whoever searches it, or a copy of it, for the text finds nothing.
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

  /// For the one call that needs it; breaks the seal. Never log it, never store it: what it gives is noise
  /// once the secret is sealed again.
  std::string_view reveal() const;
  /// Seals every secret of this process. One thread at a time works with secrets.
  static void seal_all();
  bool empty() const { return size_ == 0; }

 private:
  void seal() const;
  void break_seal() const;
  void move_from(Secret& other) noexcept;
  void wipe() noexcept;

  char* data_ = nullptr;  // two halves of the same length: the text, or its sum with the noise; and the noise
  std::size_t size_ = 0;
  mutable bool sealed_ = false;
};

}  // namespace hsm
