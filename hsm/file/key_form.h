// The forms in which users bring keys. Files of other programs that hold no key as it is read here are told
// apart by their content, each with the command that converts it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "tuf/base/bytes.h"
#include "tuf/base/error.h"
#include "tuf/keys/public_key.h"

namespace hsm {

/// The label of the PEM block that would hold this DER: `PRIVATE KEY`, `CERTIFICATE`, `PKCS12`, …; empty for
/// anything else. Nothing is decoded that could leave copies of a key behind.
std::string_view der_label(tuf::ByteView der);

/// The PEM of a certificate or public key that is DER, such as a *.cer of Windows; anything else as it is.
std::string as_pem(std::string content);

/// How another file names that of a key: by this path, relative to its own folder, in this place.
struct Mention {
  std::string path;
  std::string place;  // "line 3 of p.json"
};

/// Of an error whose hint has FILE where the name of the file at `path` belongs: the error that names it, in
/// front of its message and in the hint, there as a word of a shell, or, for what is to be named then, as it
/// is to be written where it is mentioned.
tuf::Error in_file(const tuf::Error& error, const std::filesystem::path& path,
                   const std::optional<Mention>& mention = {});

enum class KeyHalf { kPublic, kPrivate, kCertificate };  // the last: the public half, and no bare key
/// Why `content`, in which no key was found, holds none, with FILE in the hint.
tuf::Error no_key_in(std::string_view content, KeyHalf wanted);
/// The same, if a command makes of `content` what is wanted; nullopt for anything else. For keys that sign
/// nothing, such as those of TLS, of which only the forms are the same.
std::optional<tuf::Error> to_be_converted(std::string_view content, KeyHalf wanted);

/// The key in what an administrator hands over, wherever it stands; the hints have FILE.
tuf::PublicKey public_key_in(std::string_view content);
/// The same of a file: PEM as `PublicKey::from_pem` reads it, or the same as DER.
/// Throws kKeyUnsupported, kKeyMalformed, which name the file and, for each form of other programs, the
/// command that converts it.
tuf::PublicKey read_public_key(std::string_view file, const std::filesystem::path& path,
                               const std::optional<Mention>& mention = {});

}  // namespace hsm
