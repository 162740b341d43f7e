// TrustStore: where the trust data of one repository lives. It moves bytes and knows nothing of trust: what
// it returns is verified by tuf::TrustedRepository, and what it is given has been.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tuf/base/bytes.h"
#include "tuf/base/shared_text.h"
#include "tuf/keys/key_object.h"
#include "tuf/metadata/codec.h"
#include "tuf/names/role_name.h"

namespace agent {

/// One file of a repository: the newest of a role, the one with a SHA-256, or the one with a version.
struct FileRequest {
  struct Newest {};
  struct WithHash {
    tuf::Bytes sha256;
  };
  struct WithVersion {
    std::int64_t version;
  };
  tuf::RoleName role;
  std::variant<Newest, WithHash, WithVersion> which = Newest{};
  std::size_t max_length = tuf::kMaxMetadataLength;  // bytes; a longer file is kServerError
  /// Asked for on the chance, before anything says that it is there: a longer one is as good as none, and so
  /// is an error of the store. A notary-server on a database answers 500 where the snapshot does not name it.
  bool is_guess = false;
};

struct RoleFile {
  tuf::RoleName role;
  tuf::SharedText bytes;
};

enum class PublishResult {
  kStored,    // the store says so; whether it is true is proven by reading back
  kConflict,  // somebody published in between; nothing of ours was stored
  kUnknown,   // the answer never came: it may be stored or not
};

class TrustStore {
 public:
  virtual ~TrustStore() = default;

  /// For messages: the host of a server, `file:DIR` of a static repository.
  virtual const std::string& name() const = 0;

  /// The files in the order asked, requested together where the transport can; nullopt for one that is not
  /// there. Throws UNAVAILABLE and DENIED errors.
  virtual std::vector<std::optional<std::string>> fetch(const std::vector<FileRequest>& requests) = 0;

  /// The public key with which the store signs `snapshot` or `timestamp` of this repository. Without a stored
  /// root every call may make a new key: ask once and use that (section 1.3).
  virtual tuf::KeyObject server_key(const tuf::RoleName& role) = 0;

  /// A new key for `snapshot` or `timestamp`, which takes effect when a root names it.
  virtual tuf::KeyObject make_server_key(const tuf::RoleName& role) = 0;

  /// Whether whoever asks may publish, as far as it can be known without publishing; changes nothing. Only
  /// for a repository that exists. Throws DENIED and UNAVAILABLE errors, kServerRejected if nobody can
  /// publish there, kLocal.
  virtual void require_publishing() = 0;

  /// Deletes everything that is stored of the repository; nothing there is fine too.
  virtual void remove() = 0;

  /// Publishes all files or none (section 1.4); the store then adds its new snapshot, if it manages that, and
  /// timestamp. Throws kServerRejected with the server's reason, UNAVAILABLE and DENIED errors.
  virtual PublishResult publish(const std::vector<RoleFile>& files) = 0;
};

/// What the session will do, so that the right token scope is asked for from the start (section 1.6).
enum class Access { kRead, kPublish, kCreate, kAdminister };

}  // namespace agent
