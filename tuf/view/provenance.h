// Provenance: what a target's `custom` member says of the run that signed it: the CI's context and what was
// given with --annotate, as one object of strings under one documented name. It is signed with the entry, and
// as true as the CI that said it.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tuf/metadata/roles.h"

namespace tuf {

inline constexpr std::string_view kProvenanceMember = "countersign.provenance/v1";

using Provenance = std::map<std::string, std::string>;

/// Names of the members that the CI fills.
inline constexpr std::array<std::string_view, 8> kCiMembers = {"ci",      "repository", "commit",   "ref",
                                                               "run_url", "actor",      "workflow", "job"};

/// The object of strings in which the target says it; nullptr if it says nothing, or something else there:
/// one member that is no string makes all of it worthless, for every reader alike.
const Json* provenance_object(const Target& target);
/// The same as a value; nullopt for nullptr.
std::optional<Provenance> find_provenance(const Target& target);

/// `custom` with this provenance instead of the one that it has; its other members stay. nullopt if `custom`
/// is something beside which nothing can stand (a text, a list).
std::optional<Json> with_provenance(const std::optional<Json>& custom, const Provenance& provenance);

}  // namespace tuf
