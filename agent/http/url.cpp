#include "agent/http/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "tuf/base/error.h"
#include "tuf/base/printable.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

bool is_url_character(char c) {
  return c > 0x20 && c < 0x7f && std::string_view("\\\"<>^`{|}#").find(c) == std::string_view::npos;
}

/// The one way to write this address; nullopt if it is none.
std::optional<std::string> ip_address(int family, const std::string& text) {
  in6_addr address{};  // has room for both kinds
  char out[INET6_ADDRSTRLEN];
  if (inet_pton(family, text.c_str(), &address) != 1) return std::nullopt;
  return inet_ntop(family, &address, out, sizeof out);
}

/// `127.1`, `0x7f.1` and `2130706433` mean 127.0.0.1 to libcurl.
bool ends_in_number(std::string_view host) {
  const std::string_view label = host.substr(host.rfind('.') + 1);
  const bool digits =
      std::all_of(label.begin(), label.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  return label.starts_with("0x") || (digits && !label.empty());
}

/// The one way to write this host, so that equal hosts are equal texts; nullopt if it is none.
std::optional<std::string> canonical_host(std::string_view text) {
  const std::string host = tuf::in_lower_case(text);
  if (host.starts_with('[') && host.ends_with(']')) {
    const auto address = ip_address(AF_INET6, host.substr(1, host.size() - 2));
    return address ? std::optional("[" + *address + "]") : std::nullopt;
  }
  if (ends_in_number(host)) return ip_address(AF_INET, host);
  const bool plain = std::all_of(host.begin(), host.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_';
  });
  const bool begins_well = !host.empty() && std::isalnum(static_cast<unsigned char>(host.front())) != 0;
  return plain && begins_well ? std::optional(host) : std::nullopt;
}

/// 0 for anything but a port.
int parse_port(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && text.front() != '-' && port >= 1 && port <= 65535 ? port : 0;
}

}  // namespace

bool is_address(const std::string& host) {
  return host.starts_with('[') || ends_in_number(host);
}

std::optional<Url> Url::parse(std::string_view text) {
  if (!std::all_of(text.begin(), text.end(), is_url_character)) return std::nullopt;
  Url url;
  url.text_ = text;
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return std::nullopt;
  const std::string scheme = tuf::in_lower_case(text.substr(0, scheme_end));
  if (scheme != "https" && scheme != "http") return std::nullopt;
  url.https_ = scheme == "https";
  std::string_view rest = text.substr(scheme_end + 3);

  const std::size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, authority_end);
  rest.remove_prefix(authority_end);
  std::size_t host_end = authority.find(']');
  host_end = host_end == std::string_view::npos ? authority.find(':') : host_end + 1;
  const std::string_view host = authority.substr(0, host_end);
  const std::optional<std::string> canonical = canonical_host(host);
  if (!canonical) return std::nullopt;
  url.authority_ = *canonical;
  if (host.size() < authority.size()) {
    const std::string_view port_text = authority.substr(host.size() + 1);
    const int port = authority[host.size()] == ':' && !port_text.empty() ? parse_port(port_text) : 0;
    if (port == 0) return std::nullopt;
    if (port != (url.https_ ? 443 : 80)) url.authority_ += ":" + std::to_string(port);
  }

  const std::size_t query = rest.find('?');
  url.has_query_ = query != std::string_view::npos;
  url.path_ = rest.substr(0, query);
  if (url.path_.empty()) url.path_ = "/";
  return url;
}

std::string shown_url(std::string_view text) {
  const std::size_t end = text.find_first_of("?#");
  return tuf::printable(text.substr(0, end), 200) + (end == std::string_view::npos ? "" : "?…");
}

Url Url::of_server(std::string_view text) {
  std::string_view stripped = text;
  while (stripped.ends_with('/')) stripped.remove_suffix(1);
  auto url = parse(stripped);
  if (!url || url->has_query()) {
    throw tuf::Error(tuf::ErrorCode::kConfig,
                     "valid https URL required for trust server, got \"" + shown_url(text) + "\"",
                     "name it as https://HOST[:PORT], without user name or query");
  }
  return *url;
}

std::string Url::host() const {
  const std::size_t bracket = authority_.find(']');
  return authority_.substr(0, bracket == std::string::npos ? authority_.find(':') : bracket + 1);
}

bool Url::is_allowed(const std::vector<std::string>& http_servers) const {
  return https_ || std::find(http_servers.begin(), http_servers.end(), authority_) != http_servers.end();
}

}  // namespace agent
