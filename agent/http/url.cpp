#include "agent/http/url.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "agent/report/printable.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

bool is_url_character(char c) {
  return c > 0x20 && c < 0x7f && std::string_view("\\\"<>^`{|}#").find(c) == std::string_view::npos;
}

bool is_alphanumeric(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

bool is_host(std::string_view host) {
  if (host.empty()) return false;
  if (host.front() != '[') {
    return std::all_of(host.begin(), host.end(),
                       [](char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_'; });
  }
  if (host.size() < 4 || host.back() != ']') return false;
  host = host.substr(1, host.size() - 2);
  return std::all_of(host.begin(), host.end(), [](char c) {
    return std::isxdigit(static_cast<unsigned char>(c)) != 0 || c == ':' || c == '.';
  });
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// 0 for anything but a port.
int parse_port(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && text.front() != '-' && port >= 1 && port <= 65535 ? port : 0;
}

}  // namespace

std::optional<Url> Url::parse(std::string_view text) {
  if (!std::all_of(text.begin(), text.end(), is_url_character)) return std::nullopt;
  Url url;
  url.text_ = text;
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return std::nullopt;
  const std::string scheme = lower(text.substr(0, scheme_end));
  if (scheme != "https" && scheme != "http") return std::nullopt;
  url.https_ = scheme == "https";
  std::string_view rest = text.substr(scheme_end + 3);

  const std::size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, authority_end);
  rest.remove_prefix(authority_end);
  std::size_t host_end = authority.find(']');
  host_end = host_end == std::string_view::npos ? authority.find(':') : host_end + 1;
  const std::string_view host = authority.substr(0, host_end);
  if (!is_host(host)) return std::nullopt;
  url.authority_ = lower(host);
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

Url Url::of_server(std::string_view text) {
  std::string_view stripped = text;
  while (stripped.ends_with('/')) stripped.remove_suffix(1);
  auto url = parse(stripped);
  if (!url || url->has_query()) {
    throw tuf::Error(tuf::ErrorCode::kConfig,
                     "valid https URL required for trust server, got \"" + printable(text, 200) + "\"",
                     "name it as https://HOST[:PORT], without user name or query");
  }
  return *url;
}

bool Url::is_allowed(const std::vector<std::string>& http_servers) const {
  return https_ || std::find(http_servers.begin(), http_servers.end(), authority_) != http_servers.end();
}

}  // namespace agent
