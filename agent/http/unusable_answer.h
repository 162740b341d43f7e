// What to throw for an answer that is none: the statuses mean the same on trust servers and registries.
#pragma once

#include <string>

#include "agent/http/http_client.h"
#include "tuf/base/error.h"

namespace agent {

/// What to do about an answer that depends on the kind of server. Empty: what the table of errors says.
struct AnswerHints {
  std::string redirect = {};  // none is followed
  std::string failure = {};   // of the server itself
  std::string log_in = {};    // the command by which an account counts, and not the address
};

/// `server` answered `response` when it was asked for `subject`.
tuf::Error unusable_answer(const std::string& server, const std::string& subject,
                           const HttpResponse& response, const AnswerHints& hints = {});

}  // namespace agent
