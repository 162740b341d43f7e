// Url: an absolute http or https address, taken apart once by a strict grammar. Whoever compares hosts or
// asks "is it encrypted" asks a Url, never a string.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace agent {

class Url {
 public:
  /// nullopt unless `text` is `http[s]://host[:port][/path][?query]` in printable ASCII: user-info,
  /// fragments, backslashes, percent signs in the host and unusual IPv4 addresses (`0x7f.1`) are refused.
  static std::optional<Url> parse(std::string_view text);

  /// What a user names as a trust server (sections 1.1, 1.6 of features.md's E2): no query, trailing slashes
  /// stripped, since `//v2/` is a redirect. Throws kConfig.
  static Url of_server(std::string_view text);

  const std::string& text() const { return text_; }
  bool is_https() const { return https_; }
  /// `host`, or `host:port` unless the port is the scheme's own. One spelling for each host: lower case, IP
  /// addresses as they are usually written, IPv6 in brackets.
  const std::string& authority() const { return authority_; }
  /// The authority without its port.
  std::string host() const;
  /// Path without query, at least `/`.
  const std::string& path() const { return path_; }
  bool has_query() const { return has_query_; }
  bool same_origin(const Url& other) const {
    return https_ == other.https_ && authority_ == other.authority_;
  }
  /// True if it is encrypted, or if its authority was named as one of those that may do without.
  bool is_allowed(const std::vector<std::string>& http_servers) const;

 private:
  Url() = default;

  std::string text_;
  bool https_ = true;
  std::string authority_;
  std::string path_;
  bool has_query_ = false;
};

/// A URL for messages: printable, without the query or fragment, in which tokens stand.
std::string shown_url(std::string_view text);

/// Whether a host, as Url has it, is an IP address and no name.
bool is_address(const std::string& host);

}  // namespace agent
