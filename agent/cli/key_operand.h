// Keys of the trust directory, as commands are told them.
#pragma once

#include <string>

#include "agent/work/run.h"
#include "hsm/key_source.h"

namespace agent {

/// The key of the trust directory that an ID means. Throws kUsage for what names a key elsewhere, which is
/// not ours to change, and what KeyStore::find throws.
hsm::KeyInfo stored_key(const std::string& text, Run& run);

/// ` ("jenkins")`, ` ("targets" of registry.example.com/app)`, or nothing.
std::string shown_label(const hsm::KeyInfo& key);

}  // namespace agent
