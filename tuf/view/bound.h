// Bound entries: for which repository and role an entry was signed.
//
// A file of Notary v1 names neither its role nor its repository, so whoever may push can show one role's file
// as the other's wherever the same key stands in both (section 8.6). Every entry that this program signs
// therefore says in its `custom` member, in 22 characters, what it was signed for; official clients carry
// that along and ignore it. An entry that is bound elsewhere proves nothing where it is shown.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tuf/metadata/roles.h"

namespace tuf {

inline constexpr std::string_view kBoundMember = "countersign.bound/v1";

/// What an entry of this role of this repository says: 128 bits of the SHA-256 of both names, in base64.
std::string bound_to(const Gun& gun, const RoleName& role);

enum class Bound { kNot, kHere, kElsewhere };

/// `here` is bound_to the role in which the entry stands. Anything unknown under the name is kElsewhere.
Bound bound_of(const Target& entry, std::string_view here);

/// The same, mostly without reading the entry.
Bound bound_of(const TargetMap::Entry& entry, std::string_view here);

/// `custom` bound to `here`; nullopt if it is something beside which nothing can stand (a text, a list).
std::optional<Json> with_bound(const std::optional<Json>& custom, const std::string& here);
/// `custom` bound to nothing; nullopt if then nothing is left.
std::optional<Json> without_bound(std::optional<Json> custom);

/// Whether two entries are about the same manifest: the same SHA-256, the same length, and no hash of which
/// they say different things.
bool agrees(const Target& one, const Target& other);
/// Whether all that `entry` says, what it is bound to aside, is said by `voucher` too: every hash, the length
/// and, if there is any, the custom data.
bool says_no_more(const Target& entry, const Target& voucher);

}  // namespace tuf
