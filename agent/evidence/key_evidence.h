// What is to be said of a key that signs: what it is, and where it lives. Of a token's key, what the token
// swears about its birth: evidence for whoever trusts the machine that asked the token.
#pragma once

#include "tuf/json/json.h"
#include "tuf/keys/signer.h"

namespace agent {

/// `id`, `keytype`, `public`, `type`, and `origin`: `{"kind":"file"}`, or `{"kind":"token","uri":…}` with
/// `local`, `never_extractable`, `extractable`, `sensitive` and `always_authenticate` as far as the token
/// tells.
tuf::Json key_evidence(tuf::Signer& signer);

}  // namespace agent
