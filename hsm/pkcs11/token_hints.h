// Hints that several places give. What stands in capitals, Token fills in, except for the name of a new key.
// Internal to this folder.
#pragma once

namespace hsm::pkcs11 {

constexpr const char* kMakeAnother = "make another key with: countersign key generate NAME --token TOKEN";
constexpr const char* kListKeys = "see what there is with: countersign token list --module PATH";
constexpr const char* kCheckToken =
    "check the token with: countersign token list --module PATH; then repeat the command";

}  // namespace hsm::pkcs11
