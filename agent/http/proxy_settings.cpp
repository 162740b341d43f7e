#include "agent/http/proxy_settings.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "tuf/base/error.h"
#include "tuf/base/words.h"

namespace agent {
namespace {

using tuf::Error;
using tuf::ErrorCode;

std::string variable(const char* upper, const char* lower) {
  for (const char* name : {upper, lower}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// An IP address in network order; IPv4 as IPv6 has it (::ffff:a.b.c.d), so that both spellings are one.
using Address = std::array<unsigned char, 16>;
constexpr int kIpv4Prefix = 96;

std::optional<Address> parse_address(const std::string& text) {
  Address address{};
  if (inet_pton(AF_INET6, text.c_str(), address.data()) == 1) return address;
  if (inet_pton(AF_INET, text.c_str(), &address[12]) != 1) return std::nullopt;
  address[10] = address[11] = 0xff;
  return address;
}

bool is_ipv4(const Address& address) {
  static const Address mapped = *parse_address("0.0.0.0");
  return std::equal(address.begin(), address.begin() + kIpv4Prefix / 8, mapped.begin());
}

bool share_prefix(const Address& left, const Address& right, int bits) {
  for (int bit = 0; bit < bits; ++bit) {
    const auto mask = static_cast<unsigned char>(0x80 >> (bit % 8));
    if (((left[bit / 8] ^ right[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

bool is_loopback(const Address& address) {
  return is_ipv4(address) ? address[12] == 127 : address == *parse_address("::1");
}

/// Whom NO_PROXY is asked about.
struct Destination {
  std::string host;  // without brackets
  std::string port;
  std::optional<Address> address;
};

Destination destination_of(const Url& url) {
  Destination destination{url.host(), url.is_https() ? "443" : "80", {}};
  if (url.authority().size() > destination.host.size()) {
    destination.port = url.authority().substr(destination.host.size() + 1);
  }
  if (destination.host.starts_with('[')) {
    destination.host = destination.host.substr(1, destination.host.size() - 2);
  }
  destination.address = parse_address(destination.host);
  return destination;
}

/// `10.0.0.0/8`; nullopt if it is not that.
std::optional<bool> matches_network(const std::string& entry, const Destination& to) {
  const std::size_t slash = entry.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const auto network = parse_address(entry.substr(0, slash));
  if (!network) return std::nullopt;
  const std::string_view digits = std::string_view(entry).substr(slash + 1);
  int bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  const int most = entry.find(':') == std::string::npos ? 32 : 128;
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  if (!whole || bits < 0 || bits > most) return std::nullopt;
  if (most == 32) bits += kIpv4Prefix;
  return to.address && (bits >= kIpv4Prefix || !is_ipv4(*to.address)) &&
         share_prefix(*network, *to.address, bits);
}

/// One entry of NO_PROXY: an address, a network, or a name that stands for everything below it, too, unless
/// it begins with `.` or `*.`; addresses and names may have a port.
bool matches(std::string entry, const Destination& to) {
  if (entry == "*") return true;
  if (const auto matched = matches_network(entry, to)) return *matched;
  std::string port;
  const std::size_t colon = entry.rfind(':');
  const bool in_brackets = entry.starts_with('[');
  const bool has_port =
      colon != std::string::npos && (in_brackets ? entry[colon - 1] == ']' : entry.find(':') == colon);
  if (has_port) {
    port = entry.substr(colon + 1);
    entry.resize(colon);
  }
  if (in_brackets && entry.ends_with(']')) entry = entry.substr(1, entry.size() - 2);
  if (entry.empty() || (!port.empty() && port != to.port)) return false;
  if (const auto address = parse_address(entry)) return to.address == address;
  if (to.address) return false;
  if (entry.starts_with("*.")) entry.erase(0, 1);
  const bool itself = !entry.starts_with('.') && to.host == entry;
  return itself || to.host.ends_with(entry.starts_with('.') ? entry : "." + entry);
}

bool is_excepted(const std::string& no_proxy, const Url& url) {
  const Destination to = destination_of(url);
  if (to.host == "localhost" || (to.address && is_loopback(*to.address))) return true;
  std::string_view rest = no_proxy;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    if (matches(tuf::in_lower_case(trim(rest.substr(0, comma))), to)) return true;
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return false;
}

/// `http://user:password@host:port`, `host:port`.
Proxy parse_proxy(std::string_view text, const std::string& variable) {
  const std::size_t scheme_end = text.find("://");
  const bool has_scheme = scheme_end != std::string_view::npos;
  const std::string scheme = has_scheme ? tuf::in_lower_case(text.substr(0, scheme_end)) : "http";
  std::string_view authority = has_scheme ? text.substr(scheme_end + 3) : text;
  authority = authority.substr(0, authority.find_first_of("/?#"));
  const std::size_t at = authority.rfind('@');
  const bool has_login = at != std::string_view::npos;
  if (has_login) authority.remove_prefix(at + 1);
  const bool known = scheme == "http" || scheme == "https" || scheme == "socks5" || scheme == "socks5h" ||
                     scheme == "socks4" || scheme == "socks4a";
  if (!known || !Url::parse("https://" + std::string(authority))) {
    // Not shown: it may hold a password.
    throw Error(ErrorCode::kConfig, variable + " does not name a proxy",
                "write it as " + variable + "=http://HOST:PORT");
  }
  return {(has_scheme ? "" : "http://") + std::string(text), std::string(authority), variable, has_login};
}

}  // namespace

ProxySettings ProxySettings::of_environment() {
  const bool is_cgi = std::getenv("REQUEST_METHOD") != nullptr;
  return {variable("HTTPS_PROXY", "https_proxy"), is_cgi ? "" : variable("HTTP_PROXY", "http_proxy"),
          variable("NO_PROXY", "no_proxy")};
}

std::optional<Proxy> ProxySettings::proxy_for(const Url& url) const {
  const std::string_view proxy = trim(url.is_https() ? https_proxy_ : http_proxy_);
  if (proxy.empty() || is_excepted(no_proxy_, url)) return std::nullopt;
  return parse_proxy(proxy, url.is_https() ? "HTTPS_PROXY" : "HTTP_PROXY");
}

}  // namespace agent
