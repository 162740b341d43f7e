// The general way to read metadata, which takes any strict JSON and builds a tree of all of it. `decode` goes
// it for whatever does not stand in the form in which files of targets are written; tests hold the short way
// to it. Internal to the codec.
#pragma once

#include "tuf/metadata/codec.h"

namespace tuf {

/// As `decode`, but for the length of the file.
template <class T>
Metadata<T> decode_document(const SharedText& bytes, std::string_view what);

}  // namespace tuf
