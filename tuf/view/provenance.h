// Provenance: what a target's `custom` member says of the run that signed it: the CI's context and what was
// given with --annotate, as one object of strings under one documented name. It is signed with the entry, and
// as true as the CI that said it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tuf/metadata/roles.h"

namespace tuf {

inline constexpr std::string_view kProvenanceMember = "countersign.provenance/v1";

using Provenance = std::map<std::string, std::string>;

/// `KEY=VALUE` as for --annotate. A key is made of lower-case letters, digits and single `.`, `_`, `-` or `/`
/// between them, at most 128 bytes; a value is plain text of at most 1024. Throws kUsage; also for a key that
/// is given twice, and for one that only the CI may fill (kCiMembers).
Provenance parse_annotations(const std::vector<std::string>& texts);

/// What the target says; nullopt if it says nothing, or not as an object of strings.
std::optional<Provenance> find_provenance(const Target& target);

/// `custom` with this provenance instead of the one that it has; its other members stay. nullopt if `custom`
/// is something beside which nothing can stand (a text, a list).
std::optional<Json> with_provenance(const std::optional<Json>& custom, const Provenance& provenance);

}  // namespace tuf
