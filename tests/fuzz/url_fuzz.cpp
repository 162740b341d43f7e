// URLs: the host that we check is the host that libcurl connects to, and what is accepted reads back as the
// same.
#include <curl/urlapi.h>

#include "agent/config/server_url.h"
#include "agent/http/url.h"
#include "tests/fuzz/fuzz.h"
#include "tuf/base/openssl.h"

namespace {

using CurlUrl = tuf::OpensslPtr<CURLU, curl_url_cleanup>;  // a deleter type fits any C library

std::string part(const CurlUrl& url, CURLUPart what) {
  char* text = nullptr;
  if (curl_url_get(url.get(), what, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
  const tuf::OpensslPtr<char, curl_free> owner(text);
  return text;
}

void check_as_curl(const agent::Url& ours) {
  const CurlUrl url(curl_url());
  // The flags that a transfer sets.
  const CURLUcode code =
      curl_url_set(url.get(), CURLUPART_URL, ours.text().c_str(), CURLU_PATH_AS_IS | CURLU_DISALLOW_USER);
  if (code != CURLUE_OK) return;  // it will not connect anywhere
  const std::string host = part(url, CURLUPART_HOST) + ":" + part(url, CURLUPART_PORT);
  const auto theirs = agent::Url::parse(part(url, CURLUPART_SCHEME) + "://" + host);
  fuzz::require(theirs && theirs->same_origin(ours), "libcurl connects to the host that we check");
  fuzz::require(part(url, CURLUPART_USER).empty() && part(url, CURLUPART_FRAGMENT).empty(),
                "nothing is hidden in it");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  if (const auto url = agent::Url::parse(text)) {
    fuzz::require(url->text() == text, "a URL is kept as it is");
    fuzz::require(url->path().starts_with('/'), "a path is absolute");
    const auto scheme = std::string(url->is_https() ? "https" : "http") + "://";
    const auto again = agent::Url::parse(scheme + url->authority() + url->path());
    fuzz::require(again && again->same_origin(*url) && again->path() == url->path() && !again->has_query(),
                  "its parts make the same URL");
    check_as_curl(*url);
  }
  const agent::ServerUrl::Rules rules{"/base", true};
  if (const auto server = fuzz::attempt([&] { return agent::ServerUrl::parse(text, rules); })) {
    const agent::ServerUrl again = agent::ServerUrl::parse(server->text(), rules);
    fuzz::require(again.text() == server->text() && again.authority() == server->authority() &&
                      again.folder() == server->folder(),
                  "a server reads back as it is printed");
    fuzz::require(server->is_folder() || agent::Url::parse(server->text()), "a server has a URL");
  }
  return 0;
}
