#include "agent/image/tar_archive.h"

#include <charconv>
#include <string_view>

#include "hsm/os/free_name.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/shell_word.h"

namespace agent {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kMaxExtension = 1 << 20;  // of a pax header or a GNU long name

/// Text up to the first NUL.
std::string_view field(std::string_view header, std::size_t offset, std::size_t length) {
  const std::string_view raw = header.substr(offset, length);
  return raw.substr(0, raw.find('\0'));
}

template <int Base>
std::optional<std::uint64_t> number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, Base);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

/// Octal digits with blanks around them, or GNU's base 256 for what does not fit.
std::optional<std::uint64_t> numeric_field(std::string_view header, std::size_t offset, std::size_t length) {
  if (static_cast<unsigned char>(header[offset]) == 0x80) {
    std::uint64_t value = 0;
    for (std::size_t i = offset + 1; i < offset + length; ++i) {
      if (value >> 55 != 0) return std::nullopt;
      value = value << 8 | static_cast<unsigned char>(header[i]);
    }
    return value;
  }
  std::string_view digits = field(header, offset, length);
  while (digits.starts_with(' ')) digits.remove_prefix(1);
  while (digits.ends_with(' ')) digits.remove_suffix(1);
  return number<8>(digits);
}

bool has_good_checksum(std::string_view header) {
  constexpr std::size_t kOffset = 148;
  constexpr std::size_t kLength = 8;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool blank = i >= kOffset && i < kOffset + kLength;  // counts as blanks
    sum += blank ? ' ' : static_cast<unsigned char>(header[i]);
  }
  return numeric_field(header, kOffset, kLength) == sum;
}

std::string entry_name(std::string_view header) {
  std::string name(field(header, 0, 100));
  const std::string_view prefix = field(header, 345, 155);
  // GNU's own format uses the place of the prefix for other things.
  if (header.substr(257, 6) == std::string_view("ustar\0", 6) && !prefix.empty()) {
    name = std::string(prefix) + "/" + name;
  }
  return name;
}

/// What a pax extended header says about the next entry.
struct Extension {
  std::optional<std::string> name;
  std::optional<std::uint64_t> length;
};

/// Records of the form "LENGTH KEY=VALUE\n"; false if they are malformed.
bool read_pax(std::string_view records, Extension& extension) {
  while (!records.empty()) {
    const std::size_t blank = records.find(' ');
    if (blank == std::string_view::npos) return false;
    const auto length = number<10>(records.substr(0, blank));
    if (!length || *length <= blank + 1 || *length > records.size() || records[*length - 1] != '\n')
      return false;
    const std::string_view record = records.substr(blank + 1, *length - blank - 2);
    const std::size_t equals = record.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view value = record.substr(equals + 1);
    if (record.substr(0, equals) == "path") extension.name = value;
    if (record.substr(0, equals) == "size") {
      extension.length = number<10>(value);
      if (!extension.length) return false;
    }
    records.remove_prefix(*length);
  }
  return true;
}

}  // namespace

TarArchive::TarArchive(const std::filesystem::path& path)
    : path_(tuf::printable(path.string())), file_(path, "the archive", hsm::Links::kWithinFolder) {
  index();
}

void TarArchive::index() {
  Extension extension;
  for (std::uint64_t offset = 0; offset + kBlock <= file_.size();) {
    const std::string header = file_.read(offset, kBlock);
    if (header.find_first_not_of('\0') == std::string::npos) return;  // the end, and anything may follow it
    if (!has_good_checksum(header)) {
      if (offset == 0) fail_on_other_kind(header);
      fail("it is damaged");
    }
    const char type = header[156];
    std::optional<std::uint64_t> length = numeric_field(header, 124, 12);
    const bool extends_next = type == 'x' || type == 'L';
    if (!extends_next && extension.length) length = extension.length;
    offset += kBlock;
    if (!length || *length > file_.size() - offset) fail("it is cut off");
    if (extends_next) {
      if (*length > kMaxExtension) fail("it is damaged");
      const std::string content = file_.read(offset, static_cast<std::size_t>(*length));
      if (type == 'L') extension.name = std::string(content.c_str());
      if (type == 'x' && !read_pax(content, extension)) fail("it is damaged");
    } else {
      std::string name = extension.name.value_or(entry_name(header));
      while (name.starts_with("./")) name.erase(0, 2);
      const bool regular = type == '0' || type == '\0';
      if (regular && !entries_.emplace(name, Entry{offset, *length}).second) {
        fail("it holds " + tuf::printable(name) + " twice");
      }
      extension = {};
    }
    const std::uint64_t padded = (*length + kBlock - 1) / kBlock * kBlock;
    offset += padded;
  }
}

std::optional<std::string> TarArchive::read(const std::string& name, std::size_t max_length) const {
  const auto entry = entries_.find(name);
  if (entry == entries_.end()) return std::nullopt;
  if (entry->second.length > max_length) {
    fail(name + " in it is longer than " + std::to_string(max_length) + " bytes");
  }
  return file_.read(entry->second.offset, static_cast<std::size_t>(entry->second.length));
}

void TarArchive::fail(const std::string& reason, const std::string& hint) const {
  throw tuf::Error(tuf::ErrorCode::kFileUnreadable, "archive " + path_ + ": " + reason, hint);
}

void TarArchive::fail_on_other_kind(const std::string& begin) const {
  const bool is_gzip = begin.starts_with("\x1f\x8b");
  const std::string unpacked = tuf::shell_path(hsm::free_name(path_, ".tar"));
  fail("it is not a tar archive",
       is_gzip ? "unpack it with: gunzip < " + tuf::shell_path(path_) + " > " + unpacked + "; then name " +
                     unpacked
               : "name a folder, or an archive of tar, that holds an OCI image layout");
}

}  // namespace agent
