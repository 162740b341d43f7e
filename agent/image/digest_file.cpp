#include "agent/image/built_image.h"
#include "agent/image/misplaced_file.h"
#include "hsm/os/input_file.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

constexpr std::size_t kMaxFile = 1 << 20;

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// A digest by itself has no `@`, a name with a digest has one.
BuiltImage read_line(std::string_view line) {
  if (line.find('@') == std::string_view::npos) return {{}, {}, Digest::parse(line), std::nullopt};
  ImageReference name = parse_image(line);
  const Digest digest = *name.digest;
  name.digest.reset();
  return {{}, {std::move(name)}, digest, std::nullopt};
}

}  // namespace

std::vector<BuiltImage> read_digest_file(const std::filesystem::path& path) {
  const std::string name = tuf::printable(path.string());
  const std::string content =
      hsm::InputFile(path, "the digest file", hsm::Links::kWithinFolder).read_text(kMaxFile);
  const std::string other = hint_for_misplaced(content, "--digest-file", path);
  std::vector<BuiltImage> images;
  int number = 0;
  for (std::size_t begin = 0; begin < content.size();) {
    ++number;
    const std::size_t end = std::min(content.find('\n', begin), content.size());
    const std::string_view line = trim(std::string_view(content).substr(begin, end - begin));
    begin = end + 1;
    if (line.empty()) continue;
    try {
      images.push_back(read_line(line));
    } catch (const Error& error) {
      // What is wrong is the file, unless it is right and of a kind that cannot be signed. It is not quoted:
      // any text is a line of such a file, that of a secret, too.
      const bool digest = error.code() == ErrorCode::kInvalidDigest;
      throw Error(digest ? ErrorCode::kInvalidDigest : ErrorCode::kFileUnreadable,
                  name + ": line " + std::to_string(number) +
                      " is neither a digest (sha256: and 64 hex digits) nor REPOSITORY[:TAG]@ and one",
                  other.empty()
                      ? "give the file that the builder wrote, or the digest itself: IMAGE@sha256:… --size N"
                      : other);
    }
  }
  if (images.empty()) {
    throw Error(ErrorCode::kFileUnreadable, name + " holds no digest",
                "the builder writes it after a push: did the push succeed?");
  }
  return images;
}

}  // namespace agent
