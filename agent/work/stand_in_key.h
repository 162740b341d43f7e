// A key that a rehearsal has made up in the place of one that the run makes: nobody can know its ID before.
#pragma once

#include "tuf/keys/public_key.h"

namespace agent {

/// Who makes the key that it stands for.
enum class KeyMaker { kServer, kThisMachine };

struct StandIn {
  tuf::KeyId id;  // canonical
  KeyMaker maker;
};

/// A key that nobody has.
tuf::PublicKey make_up_key();

}  // namespace agent
