// PublicSuffixes: below which names strangers register their own domains (`com`, `co.uk`, `github.io`), after
// the list at publicsuffix.org. Two hosts with one registrable domain have one owner.
#pragma once

#include <string>

struct psl_ctx_st;

namespace agent {

class PublicSuffixes {
 public:
  /// The newer of Debian's file (package publicsuffix) and the list inside libpsl. Read once.
  static const PublicSuffixes& of_system();
  static const PublicSuffixes& inside_libpsl();
  /// A list of libpsl, which is there for as long as the program runs; nullptr knows nothing.
  explicit PublicSuffixes(const psl_ctx_st* list) : list_(list) {}

  bool has_list() const { return list_ != nullptr; }
  /// `example.co.uk` of `registry.example.co.uk`; empty for addresses, public suffixes, names without a dot,
  /// and for everything if there is no list. `host` is as Url has it.
  std::string registrable_domain(const std::string& host) const;
  /// The same host, or hosts with one registrable domain.
  bool have_one_owner(const std::string& host, const std::string& other) const;

 private:
  const psl_ctx_st* list_;
};

}  // namespace agent
