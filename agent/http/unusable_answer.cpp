#include "agent/http/unusable_answer.h"

#include "agent/http/error_body.h"
#include "agent/http/url.h"
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
                           const HttpResponse& response, const AnswerHints& hints) {
  const ErrorBody error = ErrorBody::parse(response.body);
  const std::string answer = server + " answers " + std::to_string(response.status) + " for " + subject;
  if (response.status == 401) {
    return {ErrorCode::kUnauthorized, answer + ": it wants credentials" + because(error)};
  }
  if (response.status == 403) {
    return {ErrorCode::kForbidden, answer + ": these credentials may not do that" + because(error)};
  }
  if (response.status >= 300 && response.status < 400) {
    const std::string target = shown_url(response.header("location").value_or("nowhere"));
    return {ErrorCode::kServerError, answer + ": a redirect to " + target + ", which is not followed",
            hints.redirect};
  }
  if (response.status == 429) {
    const std::string wait = printable(response.header("retry-after").value_or(""), 40);
    const bool is_number = !wait.empty() && wait.find_first_not_of("0123456789") == std::string::npos;
    return {ErrorCode::kServerError, answer + ": too many requests" + because(error),
            "wait" +
                (wait.empty() ? ""
                 : is_number  ? " " + wait + " seconds"
                              : " until " + wait) +
                ", then repeat the command" +
                (hints.log_in.empty() ? "" : "; accounts may ask more often: " + hints.log_in)};
  }
  return {ErrorCode::kServerError, answer + because(error), hints.failure};
}

}  // namespace agent
