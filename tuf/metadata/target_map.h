// TargetMap: the targets of a role, by name. Those that were read are parts of the file's text, which is
// shared and never copied, and are read each time that they are asked for; those that were changed since lie
// beside it. So it costs four bytes for each target, copying it costs next to nothing, and writing it copies
// what has not changed as it stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tuf/base/shared_text.h"
#include "tuf/metadata/target.h"

namespace tuf {

class TargetMap {
  using Changes = std::map<std::string, std::optional<Target>, std::less<>>;

 public:
  /// One target and its name. Valid as long as the map is there and stays as it is.
  class Entry {
   public:
    std::string name() const;
    Target target() const;
    /// The SHA-256, nullopt if there is none of 32 bytes; and as Target::digest. Nothing else is read for it.
    std::optional<Bytes> sha256() const;
    std::string digest() const;
    /// Custom data in canonical form; "" if there is none.
    std::string custom() const;

   private:
    friend class TargetMap;
    explicit Entry(std::string_view text) : text_(text) {}
    explicit Entry(const Changes::value_type& change) : change_(&change) {}
    std::string_view text_;  // `"name":{…}`, in wire form
    const Changes::value_type* change_ = nullptr;
  };
  class Iterator;

  TargetMap() = default;
  /// Of targets that stand in `text` in wire form, in order, separated by commas, each as take_target takes
  /// it. `starts`: offsets in `text` of the quotes that open their names, and of where one more would stand.
  TargetMap(SharedText text, std::vector<std::uint32_t> starts);

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// In the order of the bytes of their names.
  Iterator begin() const;
  Iterator end() const;

  std::optional<Target> find(std::string_view name) const;
  std::optional<Entry> find_entry(std::string_view name) const;
  bool contains(std::string_view name) const { return find_entry(name).has_value(); }
  /// Puts it in the place of the one that has this name, if there is one.
  void set(const std::string& name, Target target);
  /// False if there is none.
  bool erase(std::string_view name);

  /// Appends `{"name":{…},…}` in canonical form.
  void append_to(std::string& out) const;

 private:
  std::size_t count() const { return starts_ ? starts_->size() - 1 : 0; }  // in text_
  std::string_view text_at(std::size_t index) const;
  /// Of those in text_: the first whose name does not come before this one.
  std::size_t find_place(std::string_view name) const;
  bool stands_at(std::size_t index, std::string_view name) const;

  SharedText text_;
  std::shared_ptr<const std::vector<std::uint32_t>> starts_;
  Changes changes_;  // nothing: one of text_ that is no more
  std::size_t size_ = 0;
};

class TargetMap::Iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Entry;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = Entry;

  Entry operator*() const { return is_change_ ? Entry(*change_) : Entry(map_->text_at(index_)); }
  Iterator& operator++();
  bool operator==(const Iterator& other) const { return index_ == other.index_ && change_ == other.change_; }

 private:
  friend class TargetMap;
  Iterator(const TargetMap& map, std::size_t index, Changes::const_iterator change)
      : map_(&map), index_(index), change_(change) {
    settle();
  }
  /// Finds out which of the two is next, past those that are no more.
  void settle();

  const TargetMap* map_;
  std::size_t index_;  // in text_
  Changes::const_iterator change_;
  bool is_change_ = false;  // the change is next
  bool replaces_ = false;   // what stands at index_
};

}  // namespace tuf
