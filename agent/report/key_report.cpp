#include "agent/report/key_report.h"

namespace agent {

OrderedJson describe_key(const hsm::KeyInfo& key) {
  return {{"canonical_id", key.canonical_id.hex()},
          {"label", key.label},
          {"gun", key.gun},
          {"location", key.location}};
}

}  // namespace agent
