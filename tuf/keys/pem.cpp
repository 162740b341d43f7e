#include "tuf/keys/pem.h"

#include <openssl/crypto.h>

#include "tuf/base/base64.h"
#include "tuf/base/text_encoding.h"

namespace tuf {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// The next line without its end; `text` is moved behind it.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return trim(line);
}

/// The label of a `-----BEGIN x-----` or `-----END x-----` line.
std::optional<std::string_view> boundary(std::string_view line, std::string_view start) {
  if (!line.starts_with(start) || !line.ends_with(kDashes)) return std::nullopt;
  if (line.size() < start.size() + kDashes.size()) return std::nullopt;
  return line.substr(start.size(), line.size() - start.size() - kDashes.size());
}

/// The block that begins behind its BEGIN line; `text` is moved behind its END line.
std::optional<PemBlock> take_block(std::string_view& text, std::string_view label) {
  PemBlock block;
  block.label = label;
  std::string body;
  while (!text.empty()) {
    const std::string_view before = text;
    const std::string_view line = take_line(text);
    if (const auto end = boundary(line, kEnd)) {
      std::optional<Bytes> content = *end == label ? from_base64(body) : std::nullopt;
      OPENSSL_cleanse(body.data(), body.size());
      if (!content) return std::nullopt;
      block.content = std::move(*content);
      return block;
    }
    if (boundary(line, kBegin)) {  // the block before had no end
      text = before;
      break;
    }
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) {
      block.headers[std::string(trim(line.substr(0, colon)))] = trim(line.substr(colon + 1));
    } else {
      body.reserve(before.size() + body.size());  // one allocation: no stray copies of a key
      body += line;
    }
  }
  OPENSSL_cleanse(body.data(), body.size());
  return std::nullopt;
}

}  // namespace

std::vector<PemBlock> parse_pem(std::string_view text) {
  std::vector<PemBlock> blocks;
  while (!text.empty()) {
    // A mark stands before the first line, or, where files were joined, before any other.
    const std::string_view line = without_mark(take_line(text));
    const auto label = boundary(line, kBegin);
    if (!label) continue;
    if (auto block = take_block(text, *label)) blocks.push_back(std::move(*block));
  }
  return blocks;
}

std::string format_pem(const PemBlock& block) {
  std::string text = std::string(kBegin) + block.label + std::string(kDashes) + "\n";
  for (const auto& [name, value] : block.headers) text += name + ": " + value + "\n";
  if (!block.headers.empty()) text += "\n";
  constexpr std::size_t kColumns = 64;
  std::string body = to_base64(block.content);
  text.reserve(text.size() + body.size() + body.size() / kColumns + 64);
  for (std::size_t i = 0; i < body.size(); i += kColumns) {
    text.append(body, i, kColumns);
    text += '\n';
  }
  OPENSSL_cleanse(body.data(), body.size());
  return text + std::string(kEnd) + block.label + std::string(kDashes) + "\n";
}

}  // namespace tuf
