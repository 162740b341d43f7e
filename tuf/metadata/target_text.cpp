#include "tuf/metadata/target_text.h"

#include <array>
#include <charconv>

#include "tuf/metadata/append.h"

namespace tuf {
namespace {

constexpr std::string_view kCustom = R"({"custom":)";
constexpr std::string_view kHashes = R"("hashes":{"sha256":")";
constexpr std::string_view kSha512 = R"(","sha512":")";
constexpr std::string_view kLength = R"("},"length":)";
constexpr std::size_t kSha256Text = 44;  // 32 bytes in base64
constexpr std::size_t kSha512Text = 88;  // 64 bytes

/// What each character stands for; 0xff for none.
constexpr std::array<unsigned char, 256> kSixBits = [] {
  std::array<unsigned char, 256> bits{};
  bits.fill(0xff);
  unsigned char value = 0;
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
    bits[static_cast<unsigned char>(c)] = value++;
  return bits;
}();

/// Whether from_base64 takes a text whose last bytes are this padding.
bool is_base64(std::string_view text, std::string_view padding) {
  if (!text.ends_with(padding)) return false;
  text.remove_suffix(padding.size());
  unsigned any = 0;
  for (const char c : text) any |= kSixBits[static_cast<unsigned char>(c)];
  const unsigned spare = padding.size() == 1 ? 0x3 : 0xf;
  return any <= 0x3f && (kSixBits[static_cast<unsigned char>(text.back())] & spare) == 0;
}

bool take_hashes(WireScanner& scanner) {
  bool has_sha256 = false;
  const bool taken = scanner.take_object([&](std::string_view name) {
    std::string_view hash;
    if (!scanner.take_string(hash)) return false;
    if (name == "sha256") return has_sha256 = hash.size() == kSha256Text && is_base64(hash, "=");
    return name == "sha512" && hash.size() == kSha512Text && is_base64(hash, "==");
  });
  return taken && has_sha256;
}

bool take_custom(WireScanner& scanner, std::size_t& memory) {
  const std::size_t start = scanner.position();
  const std::size_t values = scanner.values();
  if (scanner.next() != '{' || !scanner.take_value()) return false;
  const std::size_t needed = (scanner.values() - values) * kMaxJsonValueMemory + scanner.since(start).size();
  memory += needed;
  return needed <= kMaxJsonMemory;
}

}  // namespace

bool take_target(WireScanner& scanner, std::size_t& custom_memory) {
  bool has_hashes = false;
  bool has_length = false;
  const bool taken = scanner.take_object([&](std::string_view name) {
    if (name == "custom") return take_custom(scanner, custom_memory);
    if (name == "hashes") return has_hashes = take_hashes(scanner);
    if (name == "length") return has_length = scanner.take_integer();
    return false;
  });
  return taken && has_hashes && has_length;
}

// Backwards: there the shape is fixed, and custom data, which may be long, need not be looked at.
TargetText::TargetText(std::string_view text) {
  const std::size_t length = text.rfind(':') + 1;
  length_ = text.substr(length, text.size() - length - 1);
  const std::size_t hash_end = length - kLength.size();
  const std::size_t hash = text.rfind('"', hash_end - 1) + 1;
  std::size_t sha256 = hash;
  if (hash_end - hash == kSha512Text) {
    sha512_ = text.substr(hash, kSha512Text);
    sha256 = hash - kSha512.size() - kSha256Text;
  }
  sha256_ = text.substr(sha256, kSha256Text);
  const std::size_t hashes = sha256 - kHashes.size();
  if (hashes > kCustom.size()) custom_ = text.substr(kCustom.size(), hashes - 1 - kCustom.size());
}

Bytes TargetText::sha256() const {
  return *from_base64(sha256_);
}

Target TargetText::target() const {
  Target target{{{"sha256", sha256()}}, 0, std::nullopt};
  if (!sha512_.empty()) target.hashes.emplace("sha512", *from_base64(sha512_));
  std::from_chars(length_.data(), length_.data() + length_.size(), target.length);
  if (!custom_.empty()) target.custom = parse_json(custom_, "custom data");
  return target;
}

void append_target(std::string& out, const Target& target) {
  out += '{';
  if (target.custom) {
    out += R"("custom":)";
    out += canonical_json(*target.custom);
    out += ',';
  }
  out += R"("hashes":)";
  append_hashes(out, target.hashes);
  out += R"(,"length":)";
  out += std::to_string(target.length);
  out += '}';
}

}  // namespace tuf
