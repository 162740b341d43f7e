// Pieces of which canonical text is put together. Internal to the codec.
#pragma once

#include <string>

#include "tuf/base/base64.h"
#include "tuf/json/json.h"

namespace tuf {

inline void append_base64(std::string& out, const Bytes& bytes) {
  out += '"';
  out += to_base64(bytes);
  out += '"';
}

/// `{"a":…,"b":…}` for a map whose keys are strings.
template <class Map, class AppendValue>
void append_object(std::string& out, const Map& map, AppendValue append_value) {
  out += '{';
  const char* separator = "";
  for (const auto& [name, value] : map) {
    out += separator;
    append_canonical_string(out, name);
    out += ':';
    append_value(out, value);
    separator = ",";
  }
  out += '}';
}

inline void append_hashes(std::string& out, const std::map<std::string, Bytes>& hashes) {
  append_object(out, hashes, append_base64);
}

}  // namespace tuf
