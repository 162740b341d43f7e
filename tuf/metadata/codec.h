// The codec: the only place that knows the field names of metadata. Reads anything that the official clients
// read; writes the one exact form that a server can serve again (sections 2.5 and 3.1).
//
// Members that the format does not define take part in verification but are not written again: the official
// server hashes its own re-serialisation, so a file that carries them makes the repository unreadable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tuf/base/shared_text.h"
#include "tuf/keys/signature.h"
#include "tuf/metadata/roles.h"

namespace tuf {

/// The longest file that is read, in bytes, where it has to be built to be read…
inline constexpr std::size_t kMaxMetadataLength = 16 << 20;
/// …and of targets that stand in the form in which they are written, of which nothing is built but a list of
/// where they stand: room for 250,000 tags of official clients.
inline constexpr std::size_t kMaxStandingLength = 32 << 20;

/// One metadata file: typed body, and the exact text that its signatures are over.
template <class T>
struct Metadata {
  T body;
  SharedText signed_text;  // canonical JSON of `signed`; mostly a part of `bytes`
  std::vector<Signature> signatures;
  SharedText bytes;  // the file as it came
  /// What it took to read, and what the custom data of its targets take, if all are looked at:
  /// kMaxJsonMemoryWithText bounds it.
  std::size_t memory = 0;
};

/// Reads a file of type T (Root, Targets, Snapshot or Timestamp). Says nothing about trust. `what` names the
/// file in errors, all of which are kMalformedMetadata: longer than is read, not strict JSON,
/// wrong `_type`, a missing or wrong member, one that readers which ignore case take for another, a key whose
/// ID is not that of its content, absurd counts, version outside 1…kVersionLimit.
template <class T>
Metadata<T> decode(SharedText bytes, std::string_view what);

/// Whether a file is not more than `decode` reads, whatever it says.
bool is_within_bounds(const SharedText& file);

/// Canonical JSON of `signed`: what is signed.
std::string encode_signed(const Root& root);
std::string encode_signed(const Targets& targets);
std::string encode_signed(const Snapshot& snapshot);
std::string encode_signed(const Timestamp& timestamp);

/// The file: envelope, signatures and Go's escapes. Throws kInternal if the text has no wire form.
std::string encode_file(std::string_view signed_text, const std::vector<Signature>& signatures);

}  // namespace tuf
