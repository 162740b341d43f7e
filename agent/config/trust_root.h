// What `--trust-root` and `trust_pinning` name, made into the pin that the first root must show
// (section 7.8).
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tuf/keys/key_id.h"
#include "tuf/names/role_name.h"
#include "tuf/trust/trust_pin.h"

namespace agent {

/// The ID of a key as people and other programs write it: also in capitals, and behind `sha256:`. nullopt if
/// it is none.
std::optional<tuf::KeyId> parse_pinned_id(std::string_view text);

/// REF is a key ID (TUF or canonical, as parse_pinned_id reads it) or a file in PEM or DER: a public
/// key or certificate, which becomes its key IDs, or certificates of authorities (basicConstraints CA:TRUE),
/// to which the root's certificate must chain. Throws kUsage if it is neither, kFileUnreadable if the file
/// cannot be used.
tuf::TrustPin parse_trust_root(std::string_view ref);

/// A REF and the one repository that it is for; without one, it is for all that have none of their own.
struct NamedTrustRoot {
  std::optional<tuf::Gun> gun;
  std::string ref;

  /// `REF` or `REPO=REF`. A file with = in its name begins with / or . here: what lies in the working
  /// directory has no say in what a word means. Throws kInvalidReference.
  static NamedTrustRoot parse(std::string_view text);
};

/// The trust roots that one place names: an option, a variable, the configuration file.
class TrustRoots {
 public:
  /// Of several for the same repository, or for all others, the root must match one. Throws as
  /// parse_trust_root.
  void add(const NamedTrustRoot& root);
  /// The repositories that it names.
  std::vector<tuf::Gun> guns() const;
  /// nullopt if this place says nothing of the repository.
  std::optional<tuf::TrustPin> find(const tuf::Gun& gun) const;

 private:
  std::map<std::optional<tuf::Gun>, tuf::TrustPin> pins_;
};

/// A file of `trust_pinning.ca`: its certificates are anchors, whatever they say of themselves.
tuf::TrustPin read_ca_pin(const std::filesystem::path& file);

}  // namespace agent
