// A server that refuses may repeat what it was sent. Its reasons become messages and lines of logs, and no
// credential belongs there.
#pragma once

#include "agent/http/http_client.h"

namespace agent {

/// Takes the credentials that `request` carried (its Authorization, a `refresh_token` in its body) out of the
/// body of an answer that is a refusal; `…` stands in their place.
void hide_sent_credentials(const HttpRequest& request, HttpResponse& response);

}  // namespace agent
