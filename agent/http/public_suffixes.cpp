#include "agent/http/public_suffixes.h"

#include <libpsl.h>

#include "agent/http/url.h"

namespace agent {

void PublicSuffixes::Free::operator()(psl_ctx_st* list) const {
  psl_free(list);
}

const PublicSuffixes& PublicSuffixes::of_system() {
  static const PublicSuffixes suffixes(psl_latest(nullptr));
  return suffixes;
}

std::string PublicSuffixes::registrable_domain(const std::string& host) const {
  // libpsl takes 127.0.0.1 for a name, and two ways to write one name (a dot at the end) for two.
  const bool is_name = !is_address(host) && !host.starts_with('.') && !host.ends_with('.') &&
                       host.find("..") == std::string::npos;
  if (!list_ || !is_name) return {};
  const char* domain = psl_registrable_domain(list_.get(), host.c_str());
  return domain != nullptr ? domain : std::string();
}

bool PublicSuffixes::have_one_owner(const std::string& host, const std::string& other) const {
  if (host == other) return true;
  const std::string domain = registrable_domain(host);
  return !domain.empty() && domain == registrable_domain(other);
}

}  // namespace agent
