// Statement: a JSON document of ours in the form of TUF metadata: canonical `signed`, `signatures`, nothing
// else, in one line. `_type` keeps the kinds apart from each other and from metadata: a signature under one
// is of no use for another.
//
//   {"signed":{"_type":…,"keys":[{"id":…,"keytype":…,"origin":{…},"public":…,"type":…}],…},
//    "signatures":[{"keyid":…,"method":…,"sig":…}]}
//
// A statement names the keys that have signed it, so it can be read by itself; whether one of them means
// anything is for the reader to say. There is exactly one text for a content: a changed byte is an error.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tuf/base/error.h"
#include "tuf/json/json.h"
#include "tuf/keys/public_key.h"
#include "tuf/keys/signer.h"

namespace agent {

struct Statement {
  tuf::Json body;  // `signed`
  /// Each has signed it. Bare keys; none for a statement that nobody has signed.
  std::vector<tuf::PublicKey> signers;

  /// By this key pair, whatever certificate it is in.
  bool is_signed_by(const tuf::PublicKey& key) const;
};

/// One line without its end. `_type` and `keys` are added to `body`, and every signer signs. Throws the KEY
/// errors.
std::string write_statement(std::string_view type, tuf::Json body,
                            const std::vector<std::shared_ptr<tuf::Signer>>& signers);

/// Reads what `write_statement` wrote. Throws `code`, naming `what`: not of this type, not in its one form, a
/// signature that does not verify, a key without signature or a signature without key.
Statement read_statement(std::string_view text, std::string_view type, tuf::ErrorCode code,
                         const std::string& what);

/// Of a file of statements, or its beginning; `name` is for messages. Throws kFileUnreadable if it is UTF-16
/// or UTF-32: converted it would not be in its one form.
void refuse_wide(std::string_view file, const std::string& name);

/// The type that the first line of a file claims; empty for what is no statement. Nothing is verified.
std::string claimed_type(std::string_view file);

/// Members of a body that was read. Throws tuf::Json::exception if there is none of that name and type.
const std::string& text_member(const tuf::Json& object, const char* name);
std::int64_t number_member(const tuf::Json& object, const char* name);

}  // namespace agent
