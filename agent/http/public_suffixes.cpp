#include "agent/http/public_suffixes.h"

#include <dlfcn.h>
#include <libpsl.h>

#include "agent/http/url.h"

namespace agent {
namespace {

/// Loaded when it is first asked for: few runs do, and it brings tables of all Unicode along. Without it
/// there is no list.
struct Library {
  void* handle = ::dlopen("libpsl.so.5", RTLD_NOW | RTLD_LOCAL);
  decltype(&psl_latest) latest = find<decltype(&psl_latest)>("psl_latest");
  decltype(&psl_builtin) builtin = find<decltype(&psl_builtin)>("psl_builtin");
  decltype(&psl_registrable_domain) registrable_domain =
      find<decltype(&psl_registrable_domain)>("psl_registrable_domain");
  bool is_whole = latest != nullptr && builtin != nullptr && registrable_domain != nullptr;

  template <class Function>
  Function find(const char* name) const {
    return handle == nullptr ? nullptr : reinterpret_cast<Function>(::dlsym(handle, name));
  }
};

const Library& library() {
  static const Library loaded;
  return loaded;
}

}  // namespace

const PublicSuffixes& PublicSuffixes::of_system() {
  static const PublicSuffixes suffixes(library().is_whole ? library().latest(nullptr) : nullptr);
  return suffixes;
}

const PublicSuffixes& PublicSuffixes::inside_libpsl() {
  static const PublicSuffixes suffixes(library().is_whole ? library().builtin() : nullptr);
  return suffixes;
}

std::string PublicSuffixes::registrable_domain(const std::string& host) const {
  // libpsl takes 127.0.0.1 for a name, and two ways to write one name (a dot at the end) for two.
  const bool is_name = !is_address(host) && !host.starts_with('.') && !host.ends_with('.') &&
                       host.find("..") == std::string::npos;
  if (!list_ || !is_name) return {};
  const char* domain = library().registrable_domain(list_, host.c_str());
  return domain != nullptr ? domain : std::string();
}

bool PublicSuffixes::have_one_owner(const std::string& host, const std::string& other) const {
  if (host == other) return true;
  const std::string domain = registrable_domain(host);
  return !domain.empty() && domain == registrable_domain(other);
}

}  // namespace agent
