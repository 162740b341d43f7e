#include "agent/work/stand_in_key.h"

#include "hsm/file/private_key.h"

namespace agent {

tuf::PublicKey make_up_key() {
  return hsm::PrivateKey::generate(hsm::KeyAlgorithm::kP256).public_key();
}

}  // namespace agent
