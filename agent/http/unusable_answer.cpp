#include "agent/http/unusable_answer.h"

#include "agent/http/error_body.h"
#include "agent/report/printable.h"

namespace agent {
namespace {

using tuf::ErrorCode;

std::string because(const ErrorBody& error) {
  const std::string text = error.text();
  return text.empty() ? "" : ": " + text;
}

}  // namespace

tuf::Error unusable_answer(const std::string& server, const std::string& subject,
                           const HttpResponse& response, const std::string& redirect_hint) {
  const ErrorBody error = ErrorBody::parse(response.body);
  const std::string answer = server + " answers " + std::to_string(response.status) + " for " + subject;
  if (response.status == 401) {
    return {ErrorCode::kUnauthorized, answer + ": it wants credentials" + because(error)};
  }
  if (response.status == 403) {
    return {ErrorCode::kForbidden, answer + ": these credentials may not do that" + because(error)};
  }
  if (response.status >= 300 && response.status < 400) {
    const std::string target = printable(response.header("location").value_or("nowhere"), 200);
    return {ErrorCode::kServerError, answer + ": a redirect to " + target + ", which is not followed",
            redirect_hint};
  }
  if (response.status == 429) {
    const std::string wait = printable(response.header("retry-after").value_or(""), 40);
    return {ErrorCode::kServerError, answer + ": too many requests" +
                                         (wait.empty() ? "" : ", to be repeated after " + wait) +
                                         because(error)};
  }
  return {ErrorCode::kServerError, answer + because(error)};
}

}  // namespace agent
