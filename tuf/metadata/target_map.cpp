#include "tuf/metadata/target_map.h"

#include "tuf/base/hex.h"
#include "tuf/metadata/target_text.h"

namespace tuf {
namespace {

/// What stands between the quotes of the name with which the text of an entry begins.
std::string_view name_in(std::string_view text) {
  std::size_t end = 1;
  while (text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  return text.substr(1, end - 1);
}

/// As std::string_view::compare, of what the name says.
int compare(std::string_view inside, std::string_view name) {
  if (inside.find('\\') == std::string_view::npos) return inside.compare(name);
  return unescaped(inside).compare(name);
}

TargetText target_in(std::string_view text) {
  return TargetText(text.substr(name_in(text).size() + 3));
}

}  // namespace

std::string TargetMap::Entry::name() const {
  return change_ ? change_->first : unescaped(name_in(text_));
}

Target TargetMap::Entry::target() const {
  return change_ ? *change_->second : target_in(text_).target();
}

std::optional<Bytes> TargetMap::Entry::sha256() const {
  if (!change_) return target_in(text_).sha256();
  const Bytes* sha256 = change_->second->sha256();
  return sha256 ? std::optional(*sha256) : std::nullopt;
}

std::string TargetMap::Entry::digest() const {
  const std::optional<Bytes> hash = sha256();
  return hash ? "sha256:" + to_hex(*hash) : "";
}

std::string TargetMap::Entry::custom() const {
  if (!change_) return target_in(text_).custom();
  return change_->second->custom ? canonical_json(*change_->second->custom) : "";
}

TargetMap::TargetMap(SharedText text, std::vector<std::uint32_t> starts)
    : text_(std::move(text)),
      starts_(std::make_shared<const std::vector<std::uint32_t>>(std::move(starts))),
      size_(count()) {}

std::string_view TargetMap::text_at(std::size_t index) const {
  const std::uint32_t start = (*starts_)[index];
  return text_.view().substr(start, (*starts_)[index + 1] - 1 - start);
}

std::size_t TargetMap::find_place(std::string_view name) const {
  std::size_t first = 0;
  for (std::size_t left = count(); left > 0;) {
    const std::size_t half = left / 2;
    if (compare(name_in(text_at(first + half)), name) < 0) {
      first += half + 1;
      left -= half + 1;
    } else {
      left = half;
    }
  }
  return first;
}

bool TargetMap::stands_at(std::size_t index, std::string_view name) const {
  return index < count() && compare(name_in(text_at(index)), name) == 0;
}

std::optional<TargetMap::Entry> TargetMap::find_entry(std::string_view name) const {
  if (const auto change = changes_.find(name); change != changes_.end())
    return change->second ? std::optional(Entry(*change)) : std::nullopt;
  const std::size_t place = find_place(name);
  return stands_at(place, name) ? std::optional(Entry(text_at(place))) : std::nullopt;
}

std::optional<Target> TargetMap::find(std::string_view name) const {
  const std::optional<Entry> entry = find_entry(name);
  return entry ? std::optional(entry->target()) : std::nullopt;
}

void TargetMap::set(const std::string& name, Target target) {
  if (!contains(name)) ++size_;
  changes_.insert_or_assign(name, std::move(target));
}

bool TargetMap::erase(std::string_view name) {
  if (!contains(name)) return false;
  --size_;
  if (stands_at(find_place(name), name)) {
    changes_.insert_or_assign(std::string(name), std::nullopt);
  } else {
    changes_.erase(changes_.find(name));
  }
  return true;
}

TargetMap::Iterator TargetMap::begin() const {
  return {*this, 0, changes_.begin()};
}

TargetMap::Iterator TargetMap::end() const {
  return {*this, count(), changes_.end()};
}

void TargetMap::Iterator::settle() {
  for (; change_ != map_->changes_.end(); ++change_) {
    const bool has_text = index_ < map_->count();
    const int order = has_text ? compare(name_in(map_->text_at(index_)), change_->first) : 1;
    replaces_ = order == 0;
    is_change_ = order >= 0;
    if (!is_change_ || change_->second) return;
    ++index_;  // it is no more
  }
  is_change_ = false;
}

TargetMap::Iterator& TargetMap::Iterator::operator++() {
  if (!is_change_ || replaces_) ++index_;
  if (is_change_) ++change_;
  settle();
  return *this;
}

void TargetMap::append_to(std::string& out) const {
  out.reserve(out.size() + text_.size() + changes_.size() * 128 + 128);
  out += '{';
  const char* separator = "";
  const auto append_unchanged = [&](std::size_t first, std::size_t last) {
    if (first == last) return;
    const std::uint32_t start = (*starts_)[first];
    const std::string_view span = text_.view().substr(start, (*starts_)[last] - 1 - start);
    out += separator;
    if (span.find('\\') == std::string_view::npos) {
      out += span;
    } else {
      out += canonical_form(span);
    }
    separator = ",";
  };
  std::size_t next = 0;
  for (const auto& [name, target] : changes_) {
    const std::size_t place = find_place(name);
    append_unchanged(next, place);
    next = place + (stands_at(place, name) ? 1 : 0);
    if (!target) continue;
    out += separator;
    append_canonical_string(out, name);
    out += ':';
    append_target(out, *target);
    separator = ",";
  }
  append_unchanged(next, count());
  out += '}';
}

}  // namespace tuf
