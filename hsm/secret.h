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

  /// The text of a secret: as long as this lives, nobody seals it. Never log it, never store it.
  class Text {
   public:
    Text(const Text&) = delete;
    Text& operator=(const Text&) = delete;
    ~Text();
    operator std::string_view() const { return text_; }  // NOLINT(google-explicit-constructor)
    std::string_view view() const { return text_; }

   private:
    friend class Secret;
    explicit Text(const Secret& secret);
    const Secret& secret_;
    std::string_view text_;
  };

  /// For the one call that needs it; breaks the seal. The secret stays where it is meanwhile.
  Text reveal() const { return Text(*this); }
  /// Seals every secret of this process that nobody is looking at.
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
  mutable int readers_ = 0;  // Texts of it
};

}  // namespace hsm
