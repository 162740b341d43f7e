// What to throw for an answer that is none: the statuses mean the same on trust servers and registries.
#pragma once

#include <string>

#include "agent/http/http_client.h"
#include "tuf/base/error.h"

namespace agent {

/// `server` answered `response` when it was asked for `subject`. `redirect_hint` tells what to do about a
/// redirect: none is followed.
tuf::Error unusable_answer(const std::string& server, const std::string& subject,
                           const HttpResponse& response, const std::string& redirect_hint);

}  // namespace agent
