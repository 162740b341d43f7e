// SharedText: text that never changes, and is shared instead of copied. A role's file has megabytes, of which
// the signed part is one and each entry another.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "tuf/base/bytes.h"

namespace tuf {

class SharedText {
 public:
  SharedText() = default;
  SharedText(std::string text)  // NOLINT(google-explicit-constructor)
      : whole_(std::make_shared<const Whole>(std::move(text))), part_(whole_->text) {}
  SharedText(const char* text) : SharedText(std::string(text)) {}  // NOLINT(google-explicit-constructor)

  /// `part`, which lies within view(), as a text of its own; the whole lives on as long as it does.
  SharedText of(std::string_view part) const {
    SharedText shared = *this;
    shared.part_ = part;
    return shared;
  }

  std::string_view view() const { return part_; }
  operator std::string_view() const { return part_; }  // NOLINT(google-explicit-constructor)
  std::size_t size() const { return part_.size(); }
  bool empty() const { return part_.empty(); }
  /// Of a whole text computed once, however many share it and in whatever thread: a file is held against
  /// what names it, against what was seen, and told of.
  Bytes sha256() const;

  friend bool operator==(const SharedText& one, const SharedText& other) { return one.part_ == other.part_; }
  friend bool operator==(const SharedText& one, std::string_view other) { return one.part_ == other; }
  friend bool operator==(const SharedText& one, const std::string& other) { return one.part_ == other; }

 private:
  struct Whole {
    explicit Whole(std::string content) : text(std::move(content)) {}

    const std::string text;
    mutable std::once_flag is_hashed;
    mutable Bytes sha256;
  };

  std::shared_ptr<const Whole> whole_;
  std::string_view part_;
};

}  // namespace tuf
