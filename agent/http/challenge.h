// Challenge: what `WWW-Authenticate` asks for (RFC 7235, section 4.1). Several may stand in one header, with
// commas between them, between their parameters and inside quoted scopes.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace agent {

struct Challenge {
  std::string scheme;                             // lower case: "bearer", "basic"
  std::map<std::string, std::string> parameters;  // names in lower case, values without quotes

  /// The parameter, or an empty string.
  std::string parameter(const std::string& name) const;
};

/// The well-formed challenges of one header, in order. Reading stops where the text breaks the grammar, and a
/// challenge that names a parameter twice is left out: two readers could disagree about it.
std::vector<Challenge> parse_challenges(std::string_view header);

}  // namespace agent
