#include "agent/config/server_url.h"

#include "agent/http/url.h"
#include "tuf/base/error.h"
#include "tuf/base/printable.h"

namespace agent {
namespace {

const char kWanted[] = "write https://HOST[:PORT], or file:DIR for a repository on disk";

[[noreturn]] void fail(const std::string& message, const std::string& hint = kWanted) {
  throw tuf::Error(tuf::ErrorCode::kUsage, message, hint);
}

[[noreturn]] void fail_for_login() {
  fail("the server URL carries a user name or password",
       "leave it out and log in with docker login, or set NOTARY_AUTH to the base64 of user:password");
}

}  // namespace

ServerUrl ServerUrl::parse(std::string_view text, const Rules& rules) {
  ServerUrl url;
  if (text.starts_with("file:")) {
    std::string_view folder = text.substr(5);
    if (folder.starts_with("//")) {
      folder.remove_prefix(2);
      if (!folder.starts_with('/')) {
        fail("server URL \"" + tuf::printable(text) + "\": file:// is followed by an absolute path",
             "write file:///ABSOLUTE/DIR or file:RELATIVE/DIR");
      }
    }
    // No folder is called `user:password@host`, and nothing of it is repeated.
    if (folder.find(':') < folder.rfind('@') && folder.rfind('@') != std::string_view::npos) fail_for_login();
    if (folder.empty()) fail("server URL \"" + tuf::printable(text) + "\" names no folder");
    url.folder_ = (rules.base / folder).lexically_normal();
    url.text_ = "file:" + url.folder_.string();
    return url;
  }
  const std::size_t scheme = text.starts_with("https://") ? 8 : text.starts_with("http://") ? 7 : 0;
  std::string_view rest = text.substr(scheme);
  if (rest.find('@') != std::string_view::npos) fail_for_login();
  const std::string host = tuf::printable(rest.substr(0, rest.find_first_of("/?#")));
  if (scheme == 0) {
    fail("server URL \"" + shown_url(text) + "\" begins neither with https:// nor with file:",
         Url::parse("https://" + host) ? "write https://" + host + ", or file:DIR for a repository on disk"
                                       : kWanted);
  }
  if (scheme == 7 && !rules.allow_http) {
    fail("server URL \"" + shown_url(text) + "\": plain http is refused",
         "write https://" + host + " and, for an own authority, --tlscacert FILE");
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find_first_of("/?#") != std::string_view::npos) {
    fail("server URL \"" + shown_url(text) + "\": nothing may follow host and port",
         "write " + std::string(text.substr(0, scheme)) + host +
             " only; the rest is derived from the repository's name");
  }
  url.authority_ = rest;
  url.text_ = std::string(text.substr(0, scheme)) + url.authority_;
  if (!Url::parse(url.text_)) fail("server URL \"" + shown_url(text) + "\" has no valid host and port");
  return url;
}

}  // namespace agent
