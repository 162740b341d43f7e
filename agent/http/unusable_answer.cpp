#include "agent/http/unusable_answer.h"

#include <time.h>

#include <algorithm>

#include "agent/http/error_body.h"
#include "agent/http/url.h"
#include "tuf/base/printable.h"

namespace agent {
namespace {

using tuf::ErrorCode;

std::string because(const ErrorBody& error) {
  const std::string text = error.text();
  return text.empty() ? "" : ": " + text;
}

/// " 30 seconds" or " until Sun, 06 Nov 1994 08:49:37 GMT". Of anything else a server might write there
/// nothing is shown: it would stand in a hint, as if it were ours.
std::string shown_wait(const std::string& retry_after) {
  constexpr std::size_t kMaxDigits = 9;
  constexpr std::size_t kDateLength = 29;
  const bool is_number =
      std::all_of(retry_after.begin(), retry_after.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (is_number && !retry_after.empty() && retry_after.size() <= kMaxDigits)
    return " " + retry_after + " seconds";
  std::tm date{};
  const char* end = strptime(retry_after.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  const bool is_date = end && *end == '\0' && retry_after.size() == kDateLength;
  return is_date ? " until " + retry_after : "";
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
    const std::string wait = shown_wait(response.header("retry-after").value_or(""));
    return {ErrorCode::kServerError, answer + ": too many requests" + because(error),
            "wait" + wait + ", then repeat the command" +
                (hints.log_in.empty() ? "" : "; accounts may ask more often: " + hints.log_in)};
  }
  return {ErrorCode::kServerError, answer + because(error), hints.failure};
}

}  // namespace agent
